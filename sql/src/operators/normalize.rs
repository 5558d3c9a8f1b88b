//! A full changelog of rows that are only known by their keys: as Flink's `ProcTimeDeduplicateKeepLastRowFunction` over a
//! changelog, which is what its ChangelogNormalize runs.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};

use millstream_state::rows::Ttl;

use super::bundle::{Kept, RowBundle};
use super::bundled::Bundled;
use super::changes::{ChangedRow, Changes};
use super::last_rows::LastRows;
use super::rank::key_layout;
use crate::chunk::{Chunk, RowCodec, RowKind};
use crate::types::Schema;

/// The name of the state.
const ROWS: &str = "normalize";

/// Keeps the last row of each key, so that what it was before, and what is deleted, is known in full.
pub struct ChangelogNormalize {
    schema: Schema,
    codec: RowCodec,
    rows: LastRows,
    changes: Changes,
}

impl ChangelogNormalize {
    /// The operator of a subtask: rows of `schema`, known by the columns of `key`.
    /// They are kept for `ttl` after their last change.
    pub fn new(key: &[usize], schema: &Schema, update_before: bool, ttl: Option<Ttl>) -> Self {
        let codec = RowCodec::new(schema);
        Self {
            schema: schema.clone(),
            rows: LastRows::new(key_layout(key, schema), ttl),
            changes: Changes::new(codec.clone(), false, update_before),
            codec,
        }
    }

    /// The operator of a subtask that collects so many rows before it works on the last of each key.
    pub fn bundled(
        key: &[usize],
        schema: &Schema,
        update_before: bool,
        ttl: Option<Ttl>,
        rows: u64,
    ) -> Bundled<Self> {
        let bundle = RowBundle::new(key_layout(key, schema), Kept::Last, rows);
        Bundled::new(bundle, Self::new(key, schema, update_before, ttl))
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.rows.find(chunk, || output.context().now())?;
        let encoded = self.codec.encode(chunk.columns(), chunk.rows())?;
        for (row, kind) in chunk.kinds().iter(chunk.rows()).enumerate() {
            let before = self.rows.get(row).map(|(_, bytes)| bytes);
            if kind.is_accumulation() {
                match before {
                    None => self.changes.push(RowKind::Insert, ChangedRow::Input(row)),
                    // Where state expires, Flink passes on that a row is alive.
                    Some(before) if before == encoded.get(row) && !self.rows.expires() => continue,
                    Some(before) => {
                        self.changes.push(RowKind::UpdateBefore, ChangedRow::State(before));
                        self.changes.push(RowKind::UpdateAfter, ChangedRow::Input(row));
                    }
                }
                self.rows.set(row, 0, encoded.get(row))?;
            } else if let Some(before) = before {
                // Of a deleted row only the key may be there: what was kept is the whole of it.
                self.changes.push(RowKind::Delete, ChangedRow::State(before));
                self.rows.clear(row)?;
            }
        }
        self.rows.remove_empty()?;
        self.changes.emit(chunk, output)
    }
}

impl OperatorHooks<Chunk> for ChangelogNormalize {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.rows.open(cx, ROWS, &self.schema)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.rows.snapshot(cx);
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for ChangelogNormalize {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
