//! What the source yields: changes of rows.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::ColumnType;

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
pub struct CapturedTable<T> {
    /// The schema that it is in; in MySQL the database.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which a change has their values. Generated ones are not sent by Postgres.
    pub columns: Vec<CapturedColumn<T>>,
}

/// A column of a [`CapturedTable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CapturedColumn<T> {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: T,
    /// Whether it is part of the primary key.
    pub is_primary_key: bool,
}

impl<T> CapturedTable<T> {
    /// The position of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }

    /// Whether both have columns of the same names and types in the same order.
    pub(crate) fn has_same_columns(&self, other: &Self) -> bool
    where
        T: ColumnType,
    {
        let mut pairs = self.columns.iter().zip(&other.columns);
        self.columns.len() == other.columns.len()
            && pairs
                .all(|(left, right)| left.name == right.name && left.data_type.is_same_type(&right.data_type))
    }

    /// The names of the columns, for messages.
    pub(crate) fn column_names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }
}

impl<T> fmt::Display for CapturedTable<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.name)
    }
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnValue {
    /// NULL.
    Null,
    /// The value as the database writes it, in UTF-8. Dates and times are in ISO form and in UTC, and floating-point numbers have
    /// all digits that tell them apart. Postgres writes intervals as `postgres` and `bytea` in hexadecimal; binary strings and bits
    /// of MySQL are bytes as they are.
    Text(Bytes),
    /// The server has not sent it: in Postgres a large value that the update has not touched, under `UnchangedToast::Mark`, or
    /// anything but the key of a deleted row, under `ChangelogMode::Upsert`; in MySQL a value of a type or a character set that is
    /// not read.
    Unavailable,
}

impl ColumnValue {
    /// The text; `None` if it is NULL, unavailable or not UTF-8, as binary strings of MySQL may be.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The bytes of the text; `None` if it is NULL or unavailable.
    pub const fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Text(text) => Some(text),
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
pub struct ChangeRecord<T, P> {
    /// The table.
    pub table: Arc<CapturedTable<T>>,
    /// What has happened.
    pub kind: ChangeKind,
    /// The row, a value for each column of the table.
    pub values: Vec<ColumnValue>,
    /// Where the transaction is in the log: in Postgres where its commit record begins, in MySQL where the transaction itself does.
    /// Of a row that was there, the point as of which it was read.
    pub position: P,
    /// When the transaction was committed; `None` for rows from a snapshot.
    pub commit_time: Option<Timestamp>,
}

impl<T, P> ChangeRecord<T, P> {
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
