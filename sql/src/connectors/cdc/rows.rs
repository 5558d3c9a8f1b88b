//! Changes to chunks.

use std::sync::Arc;

use millstream_connectors::Gathered;
use millstream_connectors::cdc::{CapturedTable, ChangeDeserializer, ChangeKind, ChangeRecord, ColumnValue};
use millstream_runtime::{Error, ErrorKind, Result};

use super::Dialect;
use super::metadata::Metadata;
use super::value::ValueKind;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, RowKind, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// What rows have.
pub(in crate::connectors) struct RowShape<D> {
    dialect: D,
    schema: Schema,
    columns: Vec<Origin>,
    database: String,
    is_append_only: bool,
}

/// Where a column comes from.
enum Origin {
    /// From the column of the same name.
    Column(ValueKind),
    Metadata(Metadata),
}

impl<D: Dialect> RowShape<D> {
    /// For the columns of a table at these positions.
    pub(in crate::connectors) fn new(
        dialect: D,
        table: &Table,
        wanted: &[usize],
        database: &str,
        is_append_only: bool,
    ) -> SqlResult<Self> {
        let origin = |position: &usize| {
            let missing = || SqlError::validation("a column that is not there");
            let column = table.columns.get(*position).ok_or_else(missing)?;
            match &column.source {
                ColumnSource::Metadata { key, .. } => Metadata::of::<D>(key, column).map(Origin::Metadata),
                _ => ValueKind::of(&column.field.data_type).map(Origin::Column).ok_or_else(missing),
            }
        };
        let columns = wanted.iter().map(origin).collect::<SqlResult<Vec<_>>>()?;
        let schema = table.schema().project(wanted);
        Ok(Self { dialect, schema, columns, database: database.to_owned(), is_append_only })
    }
}

/// Makes chunks of changes.
pub(in crate::connectors) struct ChangeRows<D: Dialect> {
    shape: Arc<RowShape<D>>,
    rows: ChunkBuilder,
    places: Option<Places<D::ColumnType>>,
    scratch: Vec<u8>,
}

/// Where the columns of rows are among those of a table.
struct Places<T> {
    table: Arc<CapturedTable<T>>,
    /// Of metadata it does not matter.
    of_columns: Vec<usize>,
}

impl<D: Dialect> ChangeRows<D> {
    pub(in crate::connectors) fn new(shape: Arc<RowShape<D>>) -> Self {
        Self { rows: ChunkBuilder::new(&shape.schema), shape, places: None, scratch: Vec::new() }
    }

    /// Finds the columns of a table, unless it is the one of the change before.
    fn find_columns(&mut self, table: &Arc<CapturedTable<D::ColumnType>>) -> Result<()> {
        if self.places.as_ref().is_some_and(|places| Arc::ptr_eq(&places.table, table)) {
            return Ok(());
        }
        let place = |(name, origin): (&str, &Origin)| match origin {
            Origin::Metadata(_) => Ok(usize::MAX),
            Origin::Column(_) => table.position(name).ok_or_else(|| {
                let problem = format!("a row of table {table} has no column `{name}`, which the table had");
                Error::new(ErrorKind::InvalidInput, problem)
            }),
        };
        let names = self.shape.schema.names();
        let of_columns = names.zip(&self.shape.columns).map(place).collect::<Result<Vec<_>>>()?;
        self.places = Some(Places { table: table.clone(), of_columns });
        Ok(())
    }
}

impl<D: Dialect> ChangeDeserializer<ChangeRecord<D::ColumnType, D::Position>, Chunk> for ChangeRows<D> {
    fn deserialize(&mut self, change: ChangeRecord<D::ColumnType, D::Position>) -> Result<Option<Chunk>> {
        self.find_columns(&change.table)?;
        let (shape, scratch) = (&*self.shape, &mut self.scratch);
        let places = self.places.iter().flat_map(|places| &places.of_columns);
        let kind = if shape.is_append_only { RowKind::Insert } else { row_kind(change.kind) };
        let appended = self.rows.append(kind, |columns| {
            for (((column, origin), place), name) in
                columns.iter_mut().zip(&shape.columns).zip(places).zip(shape.schema.names())
            {
                let appended = match origin {
                    Origin::Metadata(metadata) => metadata.append(&change, &shape.database, column),
                    Origin::Column(kind) => {
                        let captured = change.table.columns.get(*place).map(|column| &column.data_type);
                        let value = change.values.get(*place);
                        append(&shape.dialect, *kind, captured.zip(value), column, scratch)
                    }
                };
                appended.map_err(|error| error.in_field(name))?;
            }
            Ok(())
        });
        appended.map(|()| None).map_err(|error| {
            let ChangeRecord { table, kind, position, .. } = &change;
            let key = table.columns.iter().zip(&change.values).filter(|(column, _)| column.is_primary_key);
            let key = key.map(|(column, value)| format!("{} = {}", column.name, value.text().unwrap_or("?")));
            let (kind, key) = (kind.short_string(), key.collect::<Vec<_>>().join(", "));
            let problem =
                format!("table {table}, {error}; the row is {kind} ({key}), at {position} of the log");
            Error::new(ErrorKind::InvalidInput, problem)
        })
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        if self.rows.rows() == 0 {
            return Ok(None);
        }
        Ok(Some(self.rows.finish()?.into()))
    }
}

fn append<D: Dialect>(
    dialect: &D,
    kind: ValueKind,
    value: Option<(&D::ColumnType, &ColumnValue)>,
    column: &mut ColumnBuilder,
    scratch: &mut Vec<u8>,
) -> std::result::Result<(), ValueError> {
    match value {
        Some((_, ColumnValue::Null)) => column.append_null(),
        // Of a row that is gone there is the key alone: nobody looks at the rest.
        Some((_, ColumnValue::Unavailable)) => {
            column.append_placeholder();
            Ok(())
        }
        Some((captured, ColumnValue::Text(text))) => dialect.append(kind, captured, text, column, scratch),
        None => column.append_result(Err("the row has no such column".to_owned())),
    }
}

const fn row_kind(kind: ChangeKind) -> RowKind {
    match kind {
        ChangeKind::Insert => RowKind::Insert,
        ChangeKind::UpdateBefore => RowKind::UpdateBefore,
        ChangeKind::UpdateAfter => RowKind::UpdateAfter,
        ChangeKind::Delete => RowKind::Delete,
    }
}
