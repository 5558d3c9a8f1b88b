//! MATCH_RECOGNIZE: patterns of rows.

use super::{Expression, Identifier, OrderItem};
use crate::parser::SourceSpan;

/// `MATCH_RECOGNIZE (…)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MatchRecognize {
    /// `PARTITION BY`; empty if not there.
    pub partition_by: Vec<Expression>,
    /// `ORDER BY`; empty if not there.
    pub order_by: Vec<OrderItem>,
    /// `MEASURES`; empty if not there.
    pub measures: Vec<NamedExpression>,
    /// How many rows a match gives.
    pub rows_per_match: Option<RowsPerMatch>,
    /// `AFTER MATCH SKIP …`: where the next match may begin.
    pub skip: Option<SkipTo>,
    /// `PATTERN (…)`
    pub pattern: Pattern,
    /// `^`: the match begins with the partition.
    pub anchored_start: bool,
    /// `$`: the match ends with the partition.
    pub anchored_end: bool,
    /// `WITHIN interval`: how long a match may take.
    pub within: Option<Expression>,
    /// `SUBSET`; empty if not there.
    pub subsets: Vec<Subset>,
    /// `DEFINE`: which rows a variable stands for.
    pub define: Vec<NamedExpression>,
    /// Its place.
    pub span: SourceSpan,
}

/// A measure, `value AS name`, or a definition, `name AS value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedExpression {
    /// The name.
    pub name: Identifier,
    /// The value.
    pub value: Expression,
    /// Its place.
    pub span: SourceSpan,
}

/// How many rows a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowsPerMatch {
    /// `ONE ROW PER MATCH`
    One,
    /// `ALL ROWS PER MATCH`
    All,
}

/// Where the next match may begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SkipTo {
    /// `SKIP TO NEXT ROW`
    NextRow,
    /// `SKIP PAST LAST ROW`
    PastLastRow,
    /// `SKIP TO FIRST variable`
    First(Identifier),
    /// `SKIP TO LAST variable`, `SKIP TO variable`
    Last(Identifier),
}

/// `SUBSET name = (variable, …)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subset {
    /// The name of them all.
    pub name: Identifier,
    /// The variables.
    pub variables: Vec<Identifier>,
    /// Its place.
    pub span: SourceSpan,
}

/// A regular expression over rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Which.
    pub kind: PatternKind,
    /// Its place.
    pub span: SourceSpan,
}

/// The forms of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// A row of this variable.
    Variable(Identifier),
    /// One behind the other; at least two.
    Sequence(Vec<Pattern>),
    /// `a | b`: one of them; at least two.
    Alternatives(Vec<Pattern>),
    /// `PERMUTE(a, b)`: each once, in any order.
    Permute(Vec<Pattern>),
    /// `{- a -}`: rows that are matched but not given.
    Excluded(Box<Pattern>),
    /// `a+`
    Quantified {
        /// What is repeated.
        pattern: Box<Pattern>,
        /// How often.
        quantifier: PatternQuantifier,
        /// `?` behind it: as seldom as possible.
        reluctant: bool,
    },
}

/// How often a pattern is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternQuantifier {
    /// `*`
    ZeroOrMore,
    /// `+`
    OneOrMore,
    /// `?`
    Optional,
    /// `{n}`
    Exactly(u32),
    /// `{n,}`
    AtLeast(u32),
    /// `{,n}`
    AtMost(u32),
    /// `{n,m}`
    Between(u32, u32),
}
