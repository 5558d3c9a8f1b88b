//! What the source yields: changes of rows.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use super::lsn::Lsn;

/// What has happened to a row; as Flink's `RowKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "RowKind")]
pub enum ChangeKind {
    /// The row is new, or was there when the snapshot was taken.
    Insert,
    /// The row as it was before an update; [`UpdateAfter`](Self::UpdateAfter) follows.
    UpdateBefore,
    /// The row as it is after an update.
    UpdateAfter,
    /// The row is gone.
    Delete,
}

impl ChangeKind {
    /// As Flink writes it: `+I`, `-U`, `+U` or `-D`.
    pub const fn short_string(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }
}

/// A table whose changes are captured, as it was when the change was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CapturedTable {
    /// The schema that it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which a change has their values. Generated ones are not sent by the server.
    pub columns: Vec<CapturedColumn>,
}

/// A column of a [`CapturedTable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CapturedColumn {
    /// Its name.
    pub name: String,
    /// Its type, as `pg_type.oid` has it.
    pub type_oid: u32,
    /// What is said of the type in parentheses, as `pg_attribute.atttypmod` has it; -1 for nothing.
    pub type_modifier: i32,
    /// Whether it is part of the primary key.
    pub is_primary_key: bool,
}

impl CapturedTable {
    /// The position of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }

    /// Whether both have columns of the same names and types in the same order.
    pub(super) fn has_same_columns(&self, other: &Self) -> bool {
        let columns = |table: &Self| {
            table.columns.iter().map(|column| (column.name.clone(), column.type_oid)).collect::<Vec<_>>()
        };
        columns(self) == columns(other)
    }

    /// The names of the columns, for messages.
    pub(super) fn column_names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for CapturedTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.name)
    }
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnValue {
    /// NULL.
    Null,
    /// The value as Postgres writes it in UTF-8. The source sets what that depends on: dates and times are in ISO form and in UTC,
    /// intervals as `postgres`, `bytea` in hexadecimal, and floating-point numbers have all digits that tell them apart.
    Text(Bytes),
    /// The server has not sent it: a large value that the update has not touched, under
    /// [`UnchangedToast::Mark`](super::UnchangedToast::Mark), or anything but the key of a deleted row, under
    /// [`ChangelogMode::Upsert`](super::ChangelogMode::Upsert).
    Unavailable,
}

impl ColumnValue {
    /// The text; `None` if it is NULL, unavailable or, which cannot be in a database with a valid encoding, not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            Self::Null | Self::Unavailable => None,
        }
    }

    /// Whether it is NULL.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// The table.
    pub table: Arc<CapturedTable>,
    /// What has happened.
    pub kind: ChangeKind,
    /// The row, a value for each column of the table.
    pub values: Vec<ColumnValue>,
    /// Where the commit record of the transaction begins; where the snapshot was taken, if the record is from one.
    pub lsn: Lsn,
    /// When the transaction was committed; `None` for rows from a snapshot.
    pub commit_time: Option<Timestamp>,
}

impl ChangeRecord {
    /// The value of a column; `None` if the table has no such column.
    pub fn value(&self, column: &str) -> Option<&ColumnValue> {
        self.values.get(self.table.position(column)?)
    }

    /// The text of a column; `None` if the table has no such column, or if [that](ColumnValue::text) has none.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.value(column)?.text()
    }

    /// Whether it says that the row was there when the snapshot was taken; else the row was changed after that.
    pub const fn is_from_snapshot(&self) -> bool {
        self.commit_time.is_none()
    }
}
