//! What the connector knows of a row beside its columns.

use millstream_connectors::cdc::ChangeRecord;

use super::Dialect;

use crate::catalog::TableColumn;
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::SqlType;

/// A metadata key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metadata {
    TableName,
    SchemaName,
    DatabaseName,
    /// When the change was committed; 1970-01-01 for rows that were there.
    OpTs,
    RowKind,
}

const ALL: &[(&str, Metadata)] = &[
    ("table_name", Metadata::TableName),
    ("schema_name", Metadata::SchemaName),
    ("database_name", Metadata::DatabaseName),
    ("op_ts", Metadata::OpTs),
    ("row_kind", Metadata::RowKind),
];

impl Metadata {
    /// The key that a column is read from.
    pub(super) fn of<D: Dialect>(key: &str, column: &TableColumn) -> SqlResult<Self> {
        let is_known = |metadata: Self| D::HAS_SCHEMAS || metadata != Self::SchemaName;
        let all = || ALL.iter().filter(|(_, metadata)| is_known(*metadata));
        let found = all().find(|(name, _)| *name == key);
        let (_, metadata) = found.ok_or_else(|| {
            let keys: Vec<_> = all().map(|(name, _)| *name).collect();
            SqlError::validation(format!("Invalid metadata key '{key}' in column '{}'", column.name))
                .with_hint(format!("supported are: {}", keys.join(", ")))
        })?;
        let (fits, type_name) = match metadata {
            Self::OpTs => {
                (matches!(column.field.data_type, SqlType::TimestampLtz(3, _)), "TIMESTAMP_LTZ(3) NOT NULL")
            }
            _ => (column.field.data_type.is_text(), "STRING NOT NULL"),
        };
        if fits {
            return Ok(*metadata);
        }
        Err(SqlError::validation(format!(
            "the metadata '{key}' of column '{}' is {type_name}, not {}",
            column.name, column.field
        )))
    }

    /// Appends it of a change.
    pub(super) fn append<T, P>(
        self,
        change: &ChangeRecord<T, P>,
        database: &str,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        column.append(match self {
            Self::TableName => Scalar::Text(&change.table.name),
            Self::SchemaName => Scalar::Text(&change.table.schema),
            Self::DatabaseName => Scalar::Text(database),
            Self::OpTs => {
                Scalar::Integer(change.commit_time.map_or(0, millstream_state::Timestamp::as_millis))
            }
            Self::RowKind => Scalar::Text(change.kind.short_string()),
        })
    }
}
