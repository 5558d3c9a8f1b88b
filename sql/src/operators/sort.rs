//! ORDER BY of all rows: by a time attribute as time goes on, otherwise at the end of the input.
//!
//! As Flink's `RowTimeSortOperator` and `StreamSortOperator`. Rows that are equal by the whole order come as they came.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Shape, Timestamp};

use super::changes::{ChangedRow, Changes};
use super::deduplicate::milliseconds;
use super::rank::{Partition, SortedPartitions};
use super::sort_keys::SortKeys;
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, KeyLayout, RowCodec, RowKind};
use crate::plan::SortKey;
use crate::types::Schema;

/// What is sorted, and when it is known.
#[derive(Clone, Debug)]
pub struct SortSpecification {
    order: SortKeys,
    schema: Schema,
    codec: RowCodec,
    /// The column that watermarks speak of, if that is the first of the order.
    rowtime: Option<usize>,
}

impl SortSpecification {
    /// Rows of `schema` in this order. With `by_time` its first column is a rowtime attribute, ascending, and rows go when
    /// the watermark has passed them; otherwise at the end.
    pub fn new(order: &[SortKey], schema: &Schema, by_time: bool) -> Self {
        let rowtime = order.first().filter(|_| by_time).map(|first| first.column);
        Self {
            order: SortKeys::new(order, schema),
            schema: schema.clone(),
            codec: RowCodec::new(schema),
            rowtime,
        }
    }
}

/// Sorts all rows, in the only subtask.
pub struct Sort {
    specification: SortSpecification,
    rows: SortedPartitions,
    hash: u64,
    watermark: Timestamp,
    changes: Changes,
}

/// The name of the state.
const ROWS: &str = "sort";

impl Sort {
    /// The operator of the only subtask.
    pub fn new(specification: &SortSpecification) -> Self {
        Self {
            specification: specification.clone(),
            rows: SortedPartitions::default(),
            hash: 0,
            watermark: Timestamp::MIN,
            changes: Changes::new(specification.codec.clone(), false, false),
        }
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        let sort_keys = self.specification.order.encode(chunk)?;
        let rows = self.specification.codec.encode(chunk.columns(), chunk.rows())?;
        let times = self.specification.rowtime.map(|column| milliseconds(chunk, column)).transpose()?;
        let all = Partition { hash: self.hash, key: &[] };
        for (row, kind) in chunk.kinds().iter(chunk.rows()).enumerate() {
            // What comes after its time is dropped, as in Flink: rows behind it have gone.
            let time = times.as_ref().and_then(|times| times.get(row));
            if time.is_some_and(|time| *time <= self.watermark.as_millis()) {
                continue;
            }
            if kind.is_accumulation() {
                self.rows.insert(all, sort_keys.get(row), rows.get(row))?;
            } else {
                self.rows.remove(all, sort_keys.get(row), rows.get(row))?;
            }
        }
        Ok(())
    }

    /// Emits the first rows: those that the watermark has passed, or all.
    fn emit(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let nothing = Chunk::empty(&self.specification.schema);
        let all = Partition { hash: self.hash, key: &[] };
        loop {
            let first: Vec<(Vec<u8>, Vec<u8>)> = {
                let rows = self.rows.rows(all, None)?.take(Chunk::ROWS);
                rows.map(|(key, row)| (key.to_vec(), row.to_vec())).collect()
            };
            let bytes: Vec<&[u8]> = first.iter().map(|(_, row)| row.as_slice()).collect();
            let due = match self.specification.rowtime {
                None => bytes.len(),
                Some(column) => {
                    let decoded = Chunk::new(self.specification.codec.decode(&bytes)?, bytes.len());
                    let times = milliseconds(&decoded, column)?;
                    times.iter().take_while(|time| **time <= self.watermark.as_millis()).count()
                }
            };
            for (key, row) in first.iter().take(due) {
                self.changes.push(RowKind::Insert, ChangedRow::State(row));
                self.rows.remove(all, key, row)?;
            }
            self.changes.emit(&nothing, output)?;
            if due < Chunk::ROWS {
                return Ok(());
            }
        }
    }
}

impl OperatorHooks<Chunk> for Sort {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let mut hashes = Vec::new();
        KeyLayout::new(Vec::new(), Vec::new()).hash(&[], 1, &mut hashes)?;
        self.hash = hashes.first().copied().unwrap_or_default();
        let schema = &self.specification.schema;
        let value =
            format!("all by ({}): {}", self.specification.order.describe(schema), describe_rows(schema));
        let meta = StateMeta {
            name: ROWS.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text("partition()"),
            value: Shape::from_text(&value),
        };
        self.rows.open(cx, meta, None)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.watermark = self.watermark.max(watermark);
        if self.specification.rowtime.is_some() {
            self.emit(output)?;
        }
        output.emit_watermark(watermark)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.rows.snapshot(cx);
        Ok(())
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.specification.rowtime.is_some() { Ok(()) } else { self.emit(output) }
    }
}

impl Operator<Chunk, Chunk> for Sort {
    fn process(&mut self, batch: &mut Batch<Chunk>, _: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk))
    }
}

#[cfg(test)]
mod tests;
