//! The rows of a table with a primary key, from changes that are known by another key and so may come in any order: as
//! Flink's `SinkUpsertMaterializer`.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};

use millstream_state::rows::Ttl;

use super::changes::{ChangedRow, Changes};
use super::last_rows::LastRows;
use super::rank::entries::{self, Entry};
use super::rank::{key_layout, row_keys};
use crate::chunk::{Chunk, KeyLayout, RowCodec, RowKind};
use crate::types::Schema;

/// The name of the state.
const ROWS: &str = "materialize";

/// Keeps all rows of each primary key, in the order in which they came; the last one is the table's.
pub struct SinkUpsertMaterializer {
    schema: Schema,
    codec: RowCodec,
    /// By which columns the query knows its rows; none if only a whole row is known again.
    row_key: Option<KeyLayout>,
    rows: LastRows,
    changes: Changes,
    bytes: Vec<u8>,
}

impl SinkUpsertMaterializer {
    /// The operator of a subtask: rows of `schema` by the primary key, where changes are known by the columns of
    /// `row_key`, or, if that is empty, by all columns.
    /// Those of a primary key are kept for `ttl` after the last change of them.
    pub fn new(key: &[usize], row_key: &[usize], schema: &Schema, ttl: Option<Ttl>) -> Self {
        let codec = RowCodec::new(schema);
        Self {
            schema: schema.clone(),
            row_key: (!row_key.is_empty()).then(|| key_layout(row_key, schema)),
            rows: LastRows::new(key_layout(key, schema), ttl),
            changes: Changes::new(codec.clone(), false, false),
            codec,
            bytes: Vec::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.rows.find(chunk, || output.context().now())?;
        let encoded = self.codec.encode(chunk.columns(), chunk.rows())?;
        let row_keys = self.row_key.as_ref().map(|layout| row_keys(layout, chunk)).transpose()?;
        for (row, kind) in chunk.kinds().iter(chunk.rows()).enumerate() {
            let bytes = encoded.get(row);
            let row_key = row_keys.as_ref().map_or(&[][..], |keys| keys.get(row));
            let mut known = Vec::new();
            entries::read(self.rows.get(row).map_or(&[], |(_, bytes)| bytes), &mut known);
            let position = known.iter().position(|entry| match &row_keys {
                Some(_) => entry.row_key == row_key,
                None => entry.row == bytes,
            });
            let new = Entry { sort_key: &[], row_key, row: bytes };
            if kind.is_accumulation() {
                let kind = if known.is_empty() { RowKind::Insert } else { RowKind::UpdateAfter };
                // A row that is known again stays where it was; equal rows may be there several times.
                match position.filter(|_| row_keys.is_some()).and_then(|position| known.get_mut(position)) {
                    Some(entry) => *entry = new,
                    None => known.push(new),
                }
                self.changes.push(kind, ChangedRow::Input(row));
            } else {
                // As in Flink, what is not there is not taken back.
                let Some(position) = position else { continue };
                known.remove(position);
                match known.last() {
                    None => self.changes.push(RowKind::Delete, ChangedRow::Input(row)),
                    Some(last) if position == known.len() => {
                        self.changes.push(RowKind::UpdateAfter, ChangedRow::State(last.row));
                    }
                    Some(_) => {}
                }
            }
            if known.is_empty() {
                self.rows.clear(row)?;
            } else {
                entries::write(known.into_iter(), &mut self.bytes);
                self.rows.set(row, 0, &self.bytes)?;
            }
        }
        self.rows.remove_empty()?;
        self.changes.emit(chunk, output)
    }
}

impl OperatorHooks<Chunk> for SinkUpsertMaterializer {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.rows.open(cx, ROWS, &self.schema)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.rows.snapshot(cx);
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for SinkUpsertMaterializer {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
