//! What stands in FROM.

use super::{Expression, FunctionCall, Identifier, Literal, MatchRecognize, ObjectName, Query};
use crate::parser::SourceSpan;

/// A table, or a join of tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableReference {
    /// One table.
    Factor(Box<TableFactor>),
    /// `left JOIN right`
    Join(Box<Join>),
}

impl TableReference {
    /// Its place.
    pub fn span(&self) -> SourceSpan {
        match self {
            Self::Factor(factor) => factor.span,
            Self::Join(join) => join.span,
        }
    }
}

/// One table with what is done to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableFactor {
    /// The table.
    pub relation: Relation,
    /// `FOR SYSTEM_TIME AS OF …`: the table as it was then.
    pub system_time: Option<Expression>,
    /// `MATCH_RECOGNIZE (…)`
    pub match_recognize: Option<MatchRecognize>,
    /// `AS alias`
    pub alias: Option<TableAlias>,
    /// `TABLESAMPLE …`
    pub sample: Option<TableSample>,
    /// Its place.
    pub span: SourceSpan,
}

/// Where the rows of a table come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// A table or view.
    Table {
        /// Its name.
        name: ObjectName,
        /// `/*+ … */` behind it; empty if not there.
        hints: Vec<Hint>,
    },
    /// `[LATERAL] (query)`
    Query {
        /// `LATERAL`: it sees the tables to its left.
        lateral: bool,
        /// The query.
        query: Box<Query>,
    },
    /// `[LATERAL] TABLE(function(…))`, or the function without TABLE around it.
    Function {
        /// `LATERAL`: it sees the tables to its left.
        lateral: bool,
        /// The call.
        call: Box<FunctionCall>,
    },
    /// `[LATERAL] UNNEST(value, …) [WITH ORDINALITY]`
    Unnest {
        /// Arrays, maps or multisets; at least one.
        values: Vec<Expression>,
        /// `WITH ORDINALITY`: a column counts the rows.
        ordinality: bool,
    },
}

/// `AS name [(column, …)]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableAlias {
    /// The name.
    pub name: Identifier,
    /// Names for its columns; empty if not there.
    pub columns: Vec<Identifier>,
    /// Its place.
    pub span: SourceSpan,
}

/// `TABLESAMPLE method (percentage) [REPEATABLE (seed)]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableSample {
    /// How rows are chosen.
    pub method: SampleMethod,
    /// How many of a hundred, as written.
    pub percentage: String,
    /// The seed, as written.
    pub seed: Option<String>,
    /// Its place.
    pub span: SourceSpan,
}

/// How a sample is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleMethod {
    /// `BERNOULLI`: row by row.
    Bernoulli,
    /// `SYSTEM`: as the system likes.
    System,
}

/// `left JOIN right ON condition`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Join {
    /// The first table.
    pub left: TableReference,
    /// Which.
    pub kind: JoinKind,
    /// `NATURAL`: columns of the same name are equal.
    pub natural: bool,
    /// The second table.
    pub right: TableReference,
    /// Which rows belong together.
    pub condition: Option<JoinCondition>,
    /// Its place.
    pub span: SourceSpan,
}

/// Which rows without a partner stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `[INNER] JOIN`: none.
    Inner,
    /// `LEFT [OUTER] JOIN`: those of the first table.
    Left,
    /// `RIGHT [OUTER] JOIN`: those of the second table.
    Right,
    /// `FULL [OUTER] JOIN`: those of both.
    Full,
    /// `CROSS JOIN`: each row belongs to each.
    Cross,
}

/// Which rows belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JoinCondition {
    /// `ON condition`
    On(Expression),
    /// `USING (column, …)`
    Using(Vec<Identifier>),
}

/// A hint: `NAME(arguments)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hint {
    /// Its name.
    pub name: Identifier,
    /// What is in its parentheses.
    pub arguments: HintArguments,
    /// Its place.
    pub span: SourceSpan,
}

/// The arguments of a hint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HintArguments {
    /// `('key' = 'value', …)`. A key without quotes is the same.
    Options(Vec<(String, String)>),
    /// `(name, …)`, `(1, …)`; empty if there are no parentheses.
    Values(Vec<HintValue>),
}

/// An argument of a hint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HintValue {
    /// A table, with or without its database.
    Name(ObjectName),
    /// A constant.
    Literal(Literal),
}
