//! Metadata keys: what a connector knows of a message beside its content.

use crate::catalog::TableColumn;
use crate::error::{SqlError, SqlResult};
use crate::types::SqlType;

/// A metadata key of a connector, which a column may be read from and perhaps written to.
pub(super) trait MetadataKey: Copy + 'static {
    /// All keys of the connector; whether they can be written, too.
    const ALL: &[(&str, Self, bool)];

    /// Whether a column may have this type.
    fn fits(self, data_type: &SqlType) -> bool;

    /// The types that fit, as an error names them.
    fn type_name(self) -> &'static str;

    /// The key that a column is read from.
    ///
    /// # Errors
    /// There is no such key, or the column has another type.
    fn to_read(key: &str, column: &TableColumn) -> SqlResult<Self> {
        of(key, column, false)
    }

    /// The key that a column is written to.
    ///
    /// # Errors
    /// There is no such key, it cannot be written, or the column has another type.
    fn to_write(key: &str, column: &TableColumn) -> SqlResult<Self> {
        of(key, column, true)
    }
}

fn of<K: MetadataKey>(key: &str, column: &TableColumn, writes: bool) -> SqlResult<K> {
    let able = || K::ALL.iter().filter(|(_, _, is_written)| *is_written || !writes);
    let found = able().find(|(name, ..)| *name == key);
    let (_, metadata, _) = found.ok_or_else(|| {
        let keys: Vec<_> = able().map(|(name, ..)| *name).collect();
        let role = if writes { "written" } else { "read" };
        SqlError::validation(format!(
            "Invalid metadata key '{key}' in column '{}': it cannot be {role}",
            column.name
        ))
        .with_hint(format!("supported are: {}", keys.join(", ")))
    })?;
    if metadata.fits(&column.field.data_type) {
        return Ok(*metadata);
    }
    Err(SqlError::validation(format!(
        "the metadata '{key}' of column '{}' is {}, not {}",
        column.name,
        metadata.type_name(),
        column.field
    )))
}
