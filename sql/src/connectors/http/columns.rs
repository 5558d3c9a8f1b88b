//! The columns of a table whose rows are messages.

use crate::catalog::{ColumnSource, Table};
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
use crate::types::Schema;

/// The columns of messages, and their format.
pub(super) struct MessageColumns {
    pub(super) format: Format,
    /// By their positions in the table.
    pub(super) positions: Vec<usize>,
    pub(super) schema: Schema,
}

impl MessageColumns {
    /// What the option `format` says, with those of the format.
    pub(super) fn take(table: &Table, options: &mut Options) -> SqlResult<Self> {
        let metadata = table.columns.iter().find_map(|column| match &column.source {
            ColumnSource::Metadata { key, .. } => Some((key, &column.name)),
            _ => None,
        });
        if let Some((key, column)) = metadata {
            return Err(SqlError::validation(format!(
                "Invalid metadata key '{key}' in column '{column}' of table {}",
                table.path.quoted()
            ))
            .with_hint("messages over HTTP have no metadata"));
        }
        let is_physical = |position: &usize| {
            table.columns.get(*position).is_some_and(|column| matches!(column.source, ColumnSource::Physical))
        };
        let positions: Vec<_> = (0..table.columns.len()).filter(is_physical).collect();
        let schema = table.schema().project(&positions);
        let name = options.require("format")?;
        let format = Format::new(&name, options, &schema)?;
        if matches!(format, Format::Confluent(_)) {
            return Err(SqlError::unsupported(format!(
                "the format '{name}' is for topics: messages over HTTP have no schema registry"
            )));
        }
        Ok(Self { format, positions, schema })
    }
}
