//! Random queries.

use super::choices::Choices;
use super::history::{IS_TEXT, TABLES, TYPES};

/// A column of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) is_text: bool,
    pub(crate) is_nullable: bool,
}

/// A query; its columns are called `c0`, `c1`, …
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) node: Node,
    pub(crate) columns: Vec<Column>,
    /// Columns without NULL that are different in each row, if some are known.
    pub(crate) key: Option<Vec<usize>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Table(usize),
    /// A view, or a query of WITH.
    Named(usize),
    Filter(Box<Query>, Predicate),
    Project(Box<Query>, Vec<Scalar>),
    Distinct(Box<Query>),
    Join {
        kind: &'static str,
        left: Box<Query>,
        right: Box<Query>,
        on: Vec<(usize, usize)>,
        and: Option<Predicate>,
    },
    Aggregate {
        input: Box<Query>,
        keys: Vec<usize>,
        calls: Vec<Call>,
        having: Option<Predicate>,
    },
    /// `UNION`, `INTERSECT` or `EXCEPT`, with or without ALL.
    Set {
        operation: &'static str,
        all: bool,
        left: Box<Query>,
        right: Box<Query>,
    },
    /// `column [NOT] IN (SELECT c0 FROM of)`
    In {
        input: Box<Query>,
        column: usize,
        negated: bool,
        of: Box<Query>,
    },
    /// `[NOT] EXISTS (SELECT 1 FROM of WHERE of.c0 = column)`
    Exists {
        input: Box<Query>,
        column: usize,
        negated: bool,
        of: Box<Query>,
    },
    /// The rows with the largest or smallest value of a subquery's first column behind them.
    Scalar {
        input: Box<Query>,
        function: &'static str,
        of: Box<Query>,
    },
    /// The rows number `first` to `last` of each partition, from 1 on; `number` is whether their number is a column.
    TopN {
        input: Box<Query>,
        partition: Vec<usize>,
        order: Vec<(usize, bool)>,
        first: usize,
        last: usize,
        number: bool,
    },
    /// ORDER BY, LIMIT and OFFSET.
    Limit {
        input: Box<Query>,
        order: Vec<(usize, bool)>,
        rows: usize,
        offset: usize,
    },
}

/// A call of an aggregate function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `COUNT(*)` is that of no column.
    pub(crate) function: &'static str,
    pub(crate) column: Option<usize>,
    pub(crate) distinct: bool,
    pub(crate) filter: Option<Predicate>,
}

#[derive(Clone, Debug)]
pub(crate) enum Scalar {
    Column(usize),
    Plus(usize, i64),
    Sum(usize, usize),
    Remainder(usize),
    Absolute(usize),
    Case(Predicate, usize, usize),
    Coalesce(usize, &'static str),
    NullIf(usize, &'static str),
    Length(usize),
    Upper(usize),
    Concatenation(usize, usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Predicate {
    Compare(usize, &'static str, &'static str),
    CompareColumns(usize, &'static str, usize),
    IsNull(usize, bool),
    Among(usize, bool, Vec<&'static str>),
    Between(usize, &'static str, &'static str),
    Like(usize, &'static str),
    Not(Box<Predicate>),
    Both(Box<Predicate>, Box<Predicate>),
    Either(Box<Predicate>, Box<Predicate>),
}

const COMPARISONS: [&str; 6] = ["=", ">", "<", "<>", ">=", "<="];
const NUMBERS: [&str; 5] = ["0", "1", "2", "3", "-1"];
const TEXTS: [&str; 4] = ["'a'", "'b'", "'ab'", "''"];

impl Query {
    /// A query with at most `depth` operators on top of each other, over the tables and over queries with names.
    pub(crate) fn generate(choices: &mut Choices<'_>, named: &[Self], depth: usize) -> Self {
        if depth == 0 {
            return Self::read(choices, named);
        }
        let form = choices.below(13);
        if form == 0 {
            return Self::read(choices, named);
        }
        let input = Self::below(choices, named, depth);
        match form {
            1 => Self::filter(choices, input),
            2 => Self::project(choices, input),
            3 | 4 => Self::aggregate(choices, input),
            5 => Self::top(choices, input),
            6 => Self::limit(choices, input),
            7 => Self::distinct(input),
            _ => {
                let other = Self::below(choices, named, depth);
                match form {
                    8 | 9 => Self::join(choices, input, other),
                    10 => Self::set(choices, input, other),
                    11 => Self::subquery(choices, input, other),
                    _ => Self::scalar(choices, input, other),
                }
            }
        }
    }

    fn below(choices: &mut Choices<'_>, named: &[Self], depth: usize) -> Box<Self> {
        let depth = choices.below(depth);
        Box::new(Self::generate(choices, named, depth))
    }

    /// A table, or more often one of the queries with names, so that some of these are read twice.
    fn read(choices: &mut Choices<'_>, named: &[Self]) -> Self {
        if named.is_empty() || choices.below(3) == 0 {
            return Self::table(choices.below(TABLES));
        }
        let index = choices.below(named.len());
        let (columns, key) = (named[index].columns.clone(), named[index].key.clone());
        Self { node: Node::Named(index), columns, key }
    }

    fn table(index: usize) -> Self {
        let columns = IS_TEXT.iter().zip(TYPES);
        let columns = columns
            .map(|(is_text, name)| Column { is_text: *is_text, is_nullable: !name.ends_with("NOT NULL") });
        Self { node: Node::Table(index), columns: columns.collect(), key: Some(vec![0]) }
    }

    fn filter(choices: &mut Choices<'_>, input: Box<Self>) -> Self {
        let (columns, key) = (input.columns.clone(), input.key.clone());
        let predicate = Predicate::generate(choices, &columns, 2);
        Self { node: Node::Filter(input, predicate), columns, key }
    }

    fn project(choices: &mut Choices<'_>, input: Box<Self>) -> Self {
        let mut scalars = Vec::new();
        // The columns of the key mostly stay, as they are or otherwise told apart.
        let mut key = Some(Vec::new());
        let old_key = input.key.clone().unwrap_or_default();
        for column in &old_key {
            if choices.once_in(5) {
                key = None;
                continue;
            }
            if let Some(key) = &mut key {
                key.push(scalars.len());
            }
            let moved = choices.once_in(4) && !input.columns[*column].is_text;
            scalars.push(if moved { Scalar::Plus(*column, 1) } else { Scalar::Column(*column) });
        }
        for _ in 0..=choices.below(3) {
            scalars.push(Scalar::generate(choices, &input.columns));
        }
        let columns = scalars.iter().map(|scalar| scalar.column(&input.columns)).collect();
        let key = key.filter(|key| !key.is_empty());
        Self { node: Node::Project(input, scalars), columns, key }
    }

    fn distinct(input: Box<Self>) -> Self {
        let columns = input.columns.clone();
        let is_key = columns.iter().all(|column| !column.is_nullable);
        let key = input.key.clone().or_else(|| is_key.then(|| (0..columns.len()).collect()));
        Self { node: Node::Distinct(input), columns, key }
    }

    fn aggregate(choices: &mut Choices<'_>, input: Box<Self>) -> Self {
        let keys = if choices.once_in(5) { Vec::new() } else { choices.some(input.columns.len()) };
        let calls: Vec<Call> =
            (0..=choices.below(3)).map(|_| Call::generate(choices, &input.columns)).collect();
        let key_columns = keys.iter().map(|key| input.columns[*key]);
        let columns: Vec<Column> =
            key_columns.chain(calls.iter().map(|call| call.result(&input.columns))).collect();
        let having = choices.once_in(4).then(|| Predicate::generate(choices, &columns, 1));
        let is_key = !keys.is_empty() && keys.iter().all(|key| !input.columns[*key].is_nullable);
        let key = is_key.then(|| (0..keys.len()).collect());
        Self { node: Node::Aggregate { input, keys, calls, having }, columns, key }
    }

    fn join(choices: &mut Choices<'_>, left: Box<Self>, right: Box<Self>) -> Self {
        let kind = choices.pick(&["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
        let pairs: Vec<(usize, usize)> = (0..left.columns.len())
            .flat_map(|left| (0..right.columns.len()).map(move |right| (left, right)))
            .filter(|(l, r)| left.columns[*l].is_text == right.columns[*r].is_text)
            .collect();
        if pairs.is_empty() {
            return *left;
        }
        // The first columns are keys more often than others.
        let first = if pairs.contains(&(0, 0)) && choices.once_in(2) { (0, 0) } else { choices.pick(&pairs) };
        let mut on = vec![first];
        if choices.once_in(5) {
            on.push(choices.pick(&pairs));
        }
        let outer = |columns: &[Column], is_outer: bool| -> Vec<Column> {
            let outer = |column: &Column| Column { is_nullable: column.is_nullable || is_outer, ..*column };
            columns.iter().map(outer).collect()
        };
        let is_inner = kind == "JOIN";
        let mut columns = outer(&left.columns, matches!(kind, "RIGHT JOIN" | "FULL JOIN"));
        columns.extend(outer(&right.columns, matches!(kind, "LEFT JOIN" | "FULL JOIN")));
        let and = choices.once_in(3).then(|| Predicate::generate(choices, &columns, 1));
        let shift = left.columns.len();
        let key = match (&left.key, &right.key) {
            (Some(l), Some(r)) if is_inner => {
                Some(l.iter().copied().chain(r.iter().map(|column| column + shift)).collect())
            }
            _ => None,
        };
        Self { node: Node::Join { kind, left, right, on, and }, columns, key }
    }

    /// An order by all columns, so that rows that have the same place are equal.
    fn order(choices: &mut Choices<'_>, columns: usize) -> Vec<(usize, bool)> {
        let first = choices.below(columns);
        (0..columns).map(|column| ((column + first) % columns, choices.once_in(2))).collect()
    }

    fn top(choices: &mut Choices<'_>, input: Box<Self>) -> Self {
        let partition = if choices.once_in(4) { Vec::new() } else { choices.some(input.columns.len()) };
        let order = Self::order(choices, input.columns.len());
        let first = if choices.once_in(4) { 2 } else { 1 };
        let last = first + choices.below(3);
        let number = choices.once_in(2);
        let mut columns = input.columns.clone();
        if number {
            columns.push(Column { is_text: false, is_nullable: false });
        }
        let one_each = first == last && !partition.is_empty();
        let is_key = one_each && partition.iter().all(|column| !columns[*column].is_nullable);
        let key = if is_key { Some(partition.clone()) } else { input.key.clone() };
        Self { node: Node::TopN { input, partition, order, first, last, number }, columns, key }
    }

    fn limit(choices: &mut Choices<'_>, input: Box<Self>) -> Self {
        let order = Self::order(choices, input.columns.len());
        let (rows, offset) = (1 + choices.below(4), if choices.once_in(4) { 1 } else { 0 });
        let (columns, key) = (input.columns.clone(), input.key.clone());
        Self { node: Node::Limit { input, order, rows, offset }, columns, key }
    }

    /// Both sides with the columns of one type each that both have.
    fn set(choices: &mut Choices<'_>, left: Box<Self>, right: Box<Self>) -> Self {
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        for (index, column) in left.columns.iter().enumerate() {
            let same = (0..right.columns.len())
                .find(|other| right.columns[*other].is_text == column.is_text && !rights.contains(other));
            if let Some(other) = same
                && lefts.len() < 3
            {
                lefts.push(index);
                rights.push(other);
            }
        }
        if lefts.is_empty() {
            return *left;
        }
        let only = |query: Box<Self>, kept: &[usize]| {
            let columns = kept.iter().map(|column| query.columns[*column]).collect();
            let scalars = kept.iter().map(|column| Scalar::Column(*column)).collect();
            Box::new(Self { node: Node::Project(query, scalars), columns, key: None })
        };
        let (left, right) = (only(left, &lefts), only(right, &rights));
        let columns = left.columns.iter().zip(&right.columns);
        let columns =
            columns.map(|(l, r)| Column { is_nullable: l.is_nullable || r.is_nullable, ..*l }).collect();
        let operation = choices.pick(&["UNION", "INTERSECT", "EXCEPT"]);
        let all = choices.once_in(2);
        Self { node: Node::Set { operation, all, left, right }, columns, key: None }
    }

    fn subquery(choices: &mut Choices<'_>, input: Box<Self>, of: Box<Self>) -> Self {
        let same: Vec<usize> = (0..input.columns.len())
            .filter(|column| input.columns[*column].is_text == of.columns[0].is_text)
            .collect();
        if same.is_empty() {
            return *input;
        }
        let (column, negated) = (choices.pick(&same), choices.once_in(2));
        let (columns, key) = (input.columns.clone(), input.key.clone());
        let node = if choices.once_in(2) {
            Node::Exists { input, column, negated, of }
        } else {
            Node::In { input, column, negated, of }
        };
        Self { node, columns, key }
    }

    fn scalar(choices: &mut Choices<'_>, input: Box<Self>, of: Box<Self>) -> Self {
        let mut columns = input.columns.clone();
        columns.push(Column { is_text: of.columns[0].is_text, is_nullable: true });
        let key = input.key.clone();
        Self { node: Node::Scalar { input, function: choices.pick(&["MAX", "MIN"]), of }, columns, key }
    }
}

impl Call {
    fn generate(choices: &mut Choices<'_>, columns: &[Column]) -> Self {
        let column = choices.below(columns.len());
        let function = if columns[column].is_text {
            choices.pick(&["COUNT", "MIN", "MAX"])
        } else {
            choices.pick(&["COUNT", "SUM", "MIN", "MAX", "AVG"])
        };
        let column = (function != "COUNT" || choices.once_in(2)).then_some(column);
        let distinct = column.is_some() && choices.once_in(3);
        let filter = choices.once_in(4).then(|| Predicate::generate(choices, columns, 1));
        Self { function, column, distinct, filter }
    }

    fn result(&self, columns: &[Column]) -> Column {
        let is_text =
            matches!(self.function, "MIN" | "MAX") && self.column.is_some_and(|c| columns[c].is_text);
        Column { is_text, is_nullable: self.function != "COUNT" }
    }
}

impl Scalar {
    fn generate(choices: &mut Choices<'_>, columns: &[Column]) -> Self {
        let column = choices.below(columns.len());
        let is_text = columns[column].is_text;
        let other = |choices: &mut Choices<'_>| {
            let same: Vec<usize> = (0..columns.len()).filter(|c| columns[*c].is_text == is_text).collect();
            choices.pick(&same)
        };
        let literal = |choices: &mut Choices<'_>| {
            if is_text { choices.pick(&TEXTS) } else { choices.pick(&NUMBERS) }
        };
        match choices.below(8) {
            0 | 1 => Self::Column(column),
            2 => Self::Case(Predicate::generate(choices, columns, 1), column, other(choices)),
            3 => Self::Coalesce(column, literal(choices)),
            4 => Self::NullIf(column, literal(choices)),
            5 if is_text => Self::Length(column),
            5 => Self::Remainder(column),
            6 if is_text => Self::Upper(column),
            6 => Self::Absolute(column),
            _ if is_text => Self::Concatenation(column, other(choices)),
            _ if choices.once_in(2) => Self::Plus(column, 2),
            _ => Self::Sum(column, other(choices)),
        }
    }

    fn column(&self, columns: &[Column]) -> Column {
        match self {
            Self::Column(column)
            | Self::Plus(column, _)
            | Self::Remainder(column)
            | Self::Absolute(column)
            | Self::Upper(column) => columns[*column],
            Self::Sum(a, b) | Self::Case(_, a, b) | Self::Concatenation(a, b) => Column {
                is_text: columns[*a].is_text,
                is_nullable: columns[*a].is_nullable || columns[*b].is_nullable,
            },
            Self::Coalesce(column, _) => Column { is_nullable: false, ..columns[*column] },
            Self::NullIf(column, _) => Column { is_nullable: true, ..columns[*column] },
            Self::Length(column) => Column { is_text: false, ..columns[*column] },
        }
    }
}

impl Predicate {
    fn generate(choices: &mut Choices<'_>, columns: &[Column], depth: usize) -> Self {
        let column = choices.below(columns.len());
        let is_text = columns[column].is_text;
        let literal = |choices: &mut Choices<'_>| {
            if is_text { choices.pick(&TEXTS) } else { choices.pick(&NUMBERS) }
        };
        let below = |choices: &mut Choices<'_>| Box::new(Self::generate(choices, columns, depth - 1));
        match choices.below(if depth == 0 { 7 } else { 10 }) {
            0 | 1 => Self::Compare(column, choices.pick(&COMPARISONS), literal(choices)),
            2 => {
                let same: Vec<usize> =
                    (0..columns.len()).filter(|other| columns[*other].is_text == is_text).collect();
                Self::CompareColumns(column, choices.pick(&COMPARISONS), choices.pick(&same))
            }
            3 => Self::IsNull(column, choices.once_in(2)),
            4 => Self::Among(column, choices.once_in(2), vec![literal(choices), literal(choices)]),
            5 => Self::Between(column, literal(choices), literal(choices)),
            6 if is_text => Self::Like(column, choices.pick(&["'a%'", "'%b'", "'_'"])),
            6 => Self::Compare(column, "=", literal(choices)),
            7 => Self::Not(below(choices)),
            8 => Self::Both(below(choices), below(choices)),
            _ => Self::Either(below(choices), below(choices)),
        }
    }
}
