//! Queries as text, in the two dialects.

use super::query::{Call, Node, Predicate, Query, Scalar};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Flink,
    Sqlite,
}

/// Writes queries; every one that is read by another gets a name of its own.
pub(crate) struct Renderer {
    dialect: Dialect,
    names: usize,
}

/// The text of a query.
pub(crate) fn render(query: &Query, dialect: Dialect) -> String {
    Renderer { dialect, names: 0 }.query(query)
}

/// `WITH v0 AS (…), v1 AS (…) `: queries with names, numbered from `first` on; nothing if there are none.
pub(crate) fn with(named: &[Query], first: usize, dialect: Dialect) -> String {
    let named = named.iter().zip(first..);
    let named: Vec<_> =
        named.map(|(query, number)| format!("v{number} AS ({})", render(query, dialect))).collect();
    if named.is_empty() { String::new() } else { format!("WITH {} ", named.join(", ")) }
}

/// `q1.c0 AS c0, q1.c1 AS c1, …`; the names of the columns begin at `c{first}`.
fn columns(of: &str, count: usize, first: usize) -> String {
    let column = |index| format!("{of}.c{index} AS c{}", index + first);
    (0..count).map(column).collect::<Vec<_>>().join(", ")
}

impl Renderer {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("q{}", self.names)
    }

    /// A query in FROM, with its name.
    fn named(&mut self, query: &Query) -> (String, String) {
        let name = self.name();
        let from = match query.node {
            Node::Table(index) => format!("t{index} AS {name}"),
            Node::Named(index) => format!("v{index} AS {name}"),
            _ => format!("({}) AS {name}", self.query(query)),
        };
        (from, name)
    }

    fn query(&mut self, query: &Query) -> String {
        let count = query.columns.len();
        match &query.node {
            Node::Table(index) => format!("SELECT c0, c1, c2, c3 FROM t{index}"),
            Node::Named(index) => {
                let name = format!("v{index}");
                format!("SELECT {} FROM {name}", columns(&name, count, 0))
            }
            Node::Filter(input, predicate) => {
                let (from, name) = self.named(input);
                let condition = self.predicate(predicate, &|column| format!("{name}.c{column}"));
                format!("SELECT {} FROM {from} WHERE {condition}", columns(&name, count, 0))
            }
            Node::Project(input, scalars) => {
                let (from, name) = self.named(input);
                let place = |column: usize| format!("{name}.c{column}");
                let scalars = scalars.iter().enumerate();
                let scalars: Vec<String> = scalars
                    .map(|(index, scalar)| format!("{} AS c{index}", self.scalar(scalar, &place)))
                    .collect();
                format!("SELECT {} FROM {from}", scalars.join(", "))
            }
            Node::Distinct(input) => {
                let (from, name) = self.named(input);
                format!("SELECT DISTINCT {} FROM {from}", columns(&name, count, 0))
            }
            Node::Join { kind, left, right, on, and } => {
                let ((left_from, l), (right_from, r)) = (self.named(left), self.named(right));
                let shift = left.columns.len();
                let place = |column: usize| match column.checked_sub(shift) {
                    None => format!("{l}.c{column}"),
                    Some(column) => format!("{r}.c{column}"),
                };
                let mut on: Vec<String> =
                    on.iter().map(|(left, right)| format!("{l}.c{left} = {r}.c{right}")).collect();
                on.extend(and.iter().map(|predicate| self.predicate(predicate, &place)));
                format!(
                    "SELECT {}, {} FROM {left_from} {kind} {right_from} ON {}",
                    columns(&l, shift, 0),
                    columns(&r, count - shift, shift),
                    on.join(" AND ")
                )
            }
            Node::Aggregate { input, keys, calls, having } => {
                self.aggregate(input, keys, calls, having.as_ref())
            }
            Node::Set { operation, all, left, right } => self.set(operation, *all, left, right),
            Node::In { input, column, negated, of } => {
                let ((from, name), (inner, key)) = (self.named(input), self.named(of));
                let not = if *negated { "NOT " } else { "" };
                format!(
                    "SELECT {} FROM {from} WHERE {name}.c{column} {not}IN (SELECT {key}.c0 FROM {inner})",
                    columns(&name, count, 0)
                )
            }
            Node::Exists { input, column, negated, of } => {
                let ((from, name), (inner, key)) = (self.named(input), self.named(of));
                let not = if *negated { "NOT " } else { "" };
                format!(
                    "SELECT {} FROM {from} WHERE {not}EXISTS (SELECT 1 FROM {inner} WHERE {key}.c0 = {name}.c{column})",
                    columns(&name, count, 0)
                )
            }
            Node::Scalar { input, function, of } => {
                let ((from, name), (inner, value)) = (self.named(input), self.named(of));
                format!(
                    "SELECT {}, (SELECT {function}({value}.c0) FROM {inner}) AS c{} FROM {from}",
                    columns(&name, count - 1, 0),
                    count - 1
                )
            }
            Node::TopN { input, partition, order, first, last, number } => {
                let (from, name) = self.named(input);
                let outer = self.name();
                let partition: Vec<String> =
                    partition.iter().map(|column| format!("{name}.c{column}")).collect();
                let partition = match partition.as_slice() {
                    [] => String::new(),
                    columns => format!("PARTITION BY {} ", columns.join(", ")),
                };
                let width = input.columns.len();
                let condition = match first {
                    1 => format!("{outer}.c{width} <= {last}"),
                    _ => format!("{outer}.c{width} >= {first} AND {outer}.c{width} <= {last}"),
                };
                format!(
                    "SELECT {} FROM (SELECT {}, ROW_NUMBER() OVER ({partition}ORDER BY {}) AS c{width} FROM {from}) \
                     AS {outer} WHERE {condition}",
                    columns(&outer, width + usize::from(*number), 0),
                    columns(&name, width, 0),
                    order_by(&name, order)
                )
            }
            Node::Limit { input, order, rows, offset } => {
                let (from, name) = self.named(input);
                let outer = self.name();
                let offset = if *offset > 0 { format!(" OFFSET {offset}") } else { String::new() };
                // Flink takes ORDER BY with the names of the result.
                let by: Vec<String> =
                    order.iter().map(|(column, down)| direction(&format!("c{column}"), *down)).collect();
                format!(
                    "SELECT {} FROM (SELECT {} FROM {from} ORDER BY {} LIMIT {rows}{offset}) AS {outer}",
                    columns(&outer, count, 0),
                    columns(&name, count, 0),
                    by.join(", ")
                )
            }
        }
    }

    fn aggregate(
        &mut self,
        input: &Query,
        keys: &[usize],
        calls: &[Call],
        having: Option<&Predicate>,
    ) -> String {
        let (from, name) = self.named(input);
        let place = |column: usize| format!("{name}.c{column}");
        let by: Vec<String> = keys.iter().map(|key| place(*key)).collect();
        let mut outputs = by.clone();
        for call in calls {
            outputs.push(self.call(call, &place));
        }
        let selected = outputs.iter().enumerate();
        let selected: Vec<String> = selected.map(|(index, output)| format!("{output} AS c{index}")).collect();
        let mut conditions: Vec<String> = Vec::new();
        // A table of no rows has no changes, so nothing comes of it; SQLite gives a row of an aggregate over nothing.
        if keys.is_empty() && self.dialect == Dialect::Sqlite {
            conditions.push("COUNT(*) > 0".to_owned());
        }
        if let Some(having) = having {
            conditions.push(self.predicate(having, &|column| outputs[column].clone()));
        }
        let mut text = format!("SELECT {} FROM {from}", selected.join(", "));
        if !by.is_empty() {
            text += &format!(" GROUP BY {}", by.join(", "));
        }
        if !conditions.is_empty() {
            text += &format!(" HAVING {}", conditions.join(" AND "));
        }
        text
    }

    fn call(&mut self, call: &Call, place: &dyn Fn(usize) -> String) -> String {
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let column = call.column.map_or_else(|| "*".to_owned(), place);
        let filter = match &call.filter {
            Some(filter) => format!(" FILTER (WHERE {})", self.predicate(filter, place)),
            None => String::new(),
        };
        let of = |function: &str| format!("{function}({distinct}{column}){filter}");
        match (call.function, self.dialect) {
            // The average of integers is one.
            ("AVG", Dialect::Sqlite) => format!("({} / {})", of("SUM"), of("COUNT")),
            (function, _) => of(function),
        }
    }

    fn set(&mut self, operation: &str, all: bool, left: &Query, right: &Query) -> String {
        let ((left_from, l), (right_from, r)) = (self.named(left), self.named(right));
        let count = left.columns.len();
        let (left_columns, right_columns) = (columns(&l, count, 0), columns(&r, count, 0));
        // SQLite has no ALL but that of UNION: equal rows are numbered, and then each is there once.
        if all && operation != "UNION" && self.dialect == Dialect::Sqlite {
            let numbered = |from: &str, name: &str, columns: &str| {
                let equal: Vec<_> = (0..count).map(|column| format!("{name}.c{column}")).collect();
                let equal = equal.join(", ");
                format!("SELECT {columns}, ROW_NUMBER() OVER (PARTITION BY {equal}) AS number FROM {from}")
            };
            let outer = self.name();
            return format!(
                "SELECT {} FROM ({} {operation} {}) AS {outer}",
                columns(&outer, count, 0),
                numbered(&left_from, &l, &left_columns),
                numbered(&right_from, &r, &right_columns)
            );
        }
        let all = if all { " ALL" } else { "" };
        format!(
            "SELECT {left_columns} FROM {left_from} {operation}{all} SELECT {right_columns} FROM {right_from}"
        )
    }

    fn scalar(&mut self, scalar: &Scalar, place: &dyn Fn(usize) -> String) -> String {
        match scalar {
            Scalar::Column(column) => place(*column),
            Scalar::Plus(column, number) => format!("{} + {number}", place(*column)),
            Scalar::Sum(a, b) => format!("{} + {}", place(*a), place(*b)),
            Scalar::Remainder(column) if self.dialect == Dialect::Flink => {
                format!("CAST(MOD({}, 3) AS BIGINT)", place(*column))
            }
            Scalar::Remainder(column) => format!("{} % 3", place(*column)),
            Scalar::Absolute(column) => format!("ABS({})", place(*column)),
            Scalar::Case(predicate, a, b) => {
                let when = self.predicate(predicate, place);
                format!("CASE WHEN {when} THEN {} ELSE {} END", place(*a), place(*b))
            }
            Scalar::Coalesce(column, literal) => format!("COALESCE({}, {literal})", place(*column)),
            Scalar::NullIf(column, literal) => format!("NULLIF({}, {literal})", place(*column)),
            Scalar::Length(column) if self.dialect == Dialect::Flink => {
                format!("CAST(CHAR_LENGTH({}) AS BIGINT)", place(*column))
            }
            Scalar::Length(column) => format!("LENGTH({})", place(*column)),
            Scalar::Upper(column) => format!("UPPER({})", place(*column)),
            Scalar::Concatenation(a, b) => format!("{} || {}", place(*a), place(*b)),
        }
    }

    fn predicate(&mut self, predicate: &Predicate, place: &dyn Fn(usize) -> String) -> String {
        match predicate {
            Predicate::Compare(column, operator, literal) => {
                format!("{} {operator} {literal}", place(*column))
            }
            Predicate::CompareColumns(a, operator, b) => {
                format!("{} {operator} {}", place(*a), place(*b))
            }
            Predicate::IsNull(column, negated) => {
                format!("{} IS {}NULL", place(*column), if *negated { "NOT " } else { "" })
            }
            Predicate::Among(column, negated, literals) => {
                let not = if *negated { "NOT " } else { "" };
                format!("{} {not}IN ({})", place(*column), literals.join(", "))
            }
            Predicate::Between(column, low, high) => {
                format!("{} BETWEEN {low} AND {high}", place(*column))
            }
            Predicate::Like(column, pattern) => format!("{} LIKE {pattern}", place(*column)),
            Predicate::Not(inner) => format!("NOT ({})", self.predicate(inner, place)),
            Predicate::Both(a, b) => {
                format!("({}) AND ({})", self.predicate(a, place), self.predicate(b, place))
            }
            Predicate::Either(a, b) => {
                format!("(({}) OR ({}))", self.predicate(a, place), self.predicate(b, place))
            }
        }
    }
}

fn direction(column: &str, down: bool) -> String {
    format!("{column}{}", if down { " DESC" } else { "" })
}

fn order_by(name: &str, order: &[(usize, bool)]) -> String {
    let columns = order.iter().map(|(column, down)| direction(&format!("{name}.c{column}"), *down));
    columns.collect::<Vec<_>>().join(", ")
}
