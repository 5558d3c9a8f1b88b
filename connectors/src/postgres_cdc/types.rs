//! Types of columns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cdc::database::ColumnType;

/// The type of a column of Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostgresType {
    /// The type, as `pg_type.oid` has it.
    pub oid: u32,
    /// What is said of the type in parentheses, as `pg_attribute.atttypmod` has it; -1 for nothing.
    pub modifier: i32,
}

impl ColumnType for PostgresType {
    fn is_same_type(&self, other: &Self) -> bool {
        self.oid == other.oid
    }
}

impl fmt::Display for PostgresType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "type {}", self.oid)
    }
}
