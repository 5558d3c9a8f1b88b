//! Changes to chunks.

use std::sync::Arc;

use millstream_connectors::Gathered;
use millstream_connectors::postgres_cdc::{
    CapturedTable, ChangeDeserializer, ChangeKind, ChangeRecord, ColumnValue,
};
use millstream_runtime::{Error, ErrorKind, Result};

use super::metadata::Metadata;
use super::value::ValueKind;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, RowKind, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// What rows have.
pub(super) struct RowShape {
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

impl RowShape {
    /// For the columns of a table at these positions.
    pub(super) fn new(
        table: &Table,
        wanted: &[usize],
        database: &str,
        is_append_only: bool,
    ) -> SqlResult<Self> {
        let origin = |position: &usize| {
            let missing = || SqlError::validation("a column that is not there");
            let column = table.columns.get(*position).ok_or_else(missing)?;
            match &column.source {
                ColumnSource::Metadata { key, .. } => Metadata::of(key, column).map(Origin::Metadata),
                _ => ValueKind::of(&column.field.data_type).map(Origin::Column).ok_or_else(missing),
            }
        };
        let columns = wanted.iter().map(origin).collect::<SqlResult<Vec<_>>>()?;
        let schema = table.schema().project(wanted);
        Ok(Self { schema, columns, database: database.to_owned(), is_append_only })
    }
}

/// Makes chunks of changes.
pub(super) struct ChangeRows {
    shape: Arc<RowShape>,
    rows: ChunkBuilder,
    places: Option<Places>,
    scratch: Vec<u8>,
}

/// Where the columns of rows are among those of a table.
struct Places {
    table: Arc<CapturedTable>,
    /// Of metadata it does not matter.
    of_columns: Vec<usize>,
}

impl ChangeRows {
    pub(super) fn new(shape: Arc<RowShape>) -> Self {
        Self { rows: ChunkBuilder::new(&shape.schema), shape, places: None, scratch: Vec::new() }
    }

    /// Finds the columns of a table, unless it is the one of the change before.
    fn find_columns(&mut self, table: &Arc<CapturedTable>) -> Result<()> {
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

impl ChangeDeserializer<Chunk> for ChangeRows {
    fn deserialize(&mut self, change: ChangeRecord) -> Result<Option<Chunk>> {
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
                    Origin::Column(kind) => append(*kind, change.values.get(*place), column, scratch),
                };
                appended.map_err(|error| error.in_field(name))?;
            }
            Ok(())
        });
        appended.map(|()| None).map_err(|error| {
            let ChangeRecord { table, kind, lsn, .. } = &change;
            let key = table.columns.iter().zip(&change.values).filter(|(column, _)| column.is_primary_key);
            let key = key.map(|(column, value)| format!("{} = {}", column.name, value.text().unwrap_or("?")));
            let (kind, key) = (kind.short_string(), key.collect::<Vec<_>>().join(", "));
            let problem = format!("table {table}, {error}; the row is {kind} ({key}), at {lsn} of the log");
            Error::new(ErrorKind::InvalidInput, problem)
        })
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        if self.rows.rows() == 0 {
            return Ok(None);
        }
        let chunk = self.rows.finish()?;
        let (rows, bytes) = (chunk.rows() as u64, chunk.bytes() as u64);
        Ok(Some(Gathered { record: chunk, rows, bytes }))
    }
}

fn append(
    kind: ValueKind,
    value: Option<&ColumnValue>,
    column: &mut ColumnBuilder,
    scratch: &mut Vec<u8>,
) -> std::result::Result<(), ValueError> {
    match value {
        Some(ColumnValue::Null) => column.append_null(),
        // Of a row that is gone there is the key alone: nobody looks at the rest.
        Some(ColumnValue::Unavailable) => {
            column.append_placeholder();
            Ok(())
        }
        Some(text @ ColumnValue::Text(_)) => match text.text() {
            Some(text) => kind.append(text, column, scratch),
            None => column.append_result(Err("the value is not UTF-8".to_owned())),
        },
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
