//! ORDER BY.

use std::fmt;

/// A column by which rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// The column, by position.
    pub column: usize,
    /// Whether the largest value comes first.
    pub descending: bool,
    /// Whether NULLs come last. NULL is the smallest value where nothing else is said: first in ascending order, last in
    /// descending order.
    pub nulls_last: bool,
}

impl SortKey {
    /// The same order over another input, in which the column is elsewhere.
    #[must_use]
    pub const fn at(self, column: usize) -> Self {
        Self { column, ..self }
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nulls = match (self.descending, self.nulls_last) {
            (false, true) => " NULLS LAST",
            (true, false) => " NULLS FIRST",
            _ => "",
        };
        write!(f, "{} {}{nulls}", self.column, if self.descending { "DESC" } else { "ASC" })
    }
}

/// What a [rank](crate::plan::LogicalNode::Rank) was in the query, which decides what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RankForm {
    /// `ROW_NUMBER() OVER …` with a condition.
    Rank,
    /// `ORDER BY … LIMIT …`
    SortLimit,
    /// `LIMIT …`
    Limit,
}

/// How the rows of a rank are kept, as Flink's `RankProcessStrategy`. Decided when the changes of the input are known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RankStrategy {
    /// Not decided yet.
    Undecided,
    /// Rows are never taken back: those that are in the result are kept.
    AppendFast,
    /// Rows are only replaced by better ones, and known by these columns: those that are in the result are kept.
    UpdateFast(Vec<usize>),
    /// All rows are kept.
    Retract,
    /// The first or last row by a time attribute.
    Deduplicate,
}
