//! Statements that write rows.

use super::{Expression, Hint, Identifier, Literal, ObjectName, Query};
use crate::parser::SourceSpan;

/// `INSERT INTO table … query`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Insert {
    /// What becomes of the rows that are there.
    pub mode: InsertMode,
    /// The table.
    pub table: ObjectName,
    /// `/*+ … */` behind it; empty if not there.
    pub hints: Vec<Hint>,
    /// `PARTITION (column = value, …)`; empty if not there.
    pub partition: Vec<(Identifier, Literal)>,
    /// The columns that are written; empty for all. A nested field has a name of several parts.
    pub columns: Vec<ObjectName>,
    /// The rows.
    pub source: Query,
    /// `ON CONFLICT DO …`
    pub on_conflict: Option<ConflictAction>,
    /// Its place.
    pub span: SourceSpan,
}

/// What becomes of the rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertMode {
    /// `INSERT INTO`: they stay.
    Into,
    /// `INSERT OVERWRITE`: they go.
    Overwrite,
    /// `UPSERT INTO`: those of the same key are replaced.
    Upsert,
}

/// What becomes of several rows of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictAction {
    /// `DO ERROR`
    Error,
    /// `DO NOTHING`: the first stays.
    Nothing,
    /// `DO DEDUPLICATE`: the last is seen.
    Deduplicate,
}

/// `UPDATE table SET … WHERE …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Update {
    /// The table.
    pub table: ObjectName,
    /// `AS alias`
    pub alias: Option<Identifier>,
    /// At least one.
    pub assignments: Vec<Assignment>,
    /// `WHERE`
    pub selection: Option<Expression>,
}

/// `column = value`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// The column.
    pub column: Identifier,
    /// The value.
    pub value: Expression,
    /// Its place.
    pub span: SourceSpan,
}

/// `DELETE FROM table WHERE …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delete {
    /// The table.
    pub table: ObjectName,
    /// `AS alias`
    pub alias: Option<Identifier>,
    /// `WHERE`
    pub selection: Option<Expression>,
}
