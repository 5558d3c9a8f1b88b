//! What tables of changes have in common, whatever the database that they are captured of.

mod declared;
mod metadata;
pub(super) mod options;
mod rows;
pub(super) mod value;

use std::fmt::Display;

use millstream_connectors::cdc::ColumnType;

pub(super) use declared::Declared;
pub(super) use rows::{ChangeRows, RowShape};
use value::ValueKind;

use crate::chunk::{ColumnBuilder, ValueError};
use crate::types::SqlType;

/// What a database does its own way.
pub(super) trait Dialect: Clone + Send + Sync + 'static {
    /// The type of a column, as the database has it.
    type ColumnType: ColumnType;
    /// A position in its log.
    type Position: Display + Send + 'static;
    /// Its name.
    const NAME: &'static str;
    /// Whether tables are in schemas inside of a database.
    const HAS_SCHEMAS: bool;
    /// Whether a table is in the log without its generated columns.
    const LEAVES_OUT_GENERATED: bool;

    /// Whether some column of the database is read as this type.
    fn reads(data_type: &SqlType) -> bool;
    /// Whether all values of a column fit into a type, as far as the column says what they may be.
    fn takes(declared: &SqlType, column: &Self::ColumnType) -> bool;
    /// A type as the database writes it.
    fn described(column: &Self::ColumnType) -> String;
    /// What to declare a column as.
    fn remedy(column: &Self::ColumnType) -> String;
    /// Appends a value that is not NULL. What the type has no value for is an error.
    fn append(
        &self,
        kind: ValueKind,
        captured: &Self::ColumnType,
        value: &[u8],
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError>;
}
