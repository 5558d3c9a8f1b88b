//! The first or last row of each key by time.
//!
//! As Flink's `ProcTimeDeduplicateKeepFirstRowFunction`, `ProcTimeDeduplicateKeepLastRowFunction`,
//! `RowTimeDeduplicateKeepFirstRowFunction`, which waits for the watermark, and `RowTimeDeduplicateFunction`. Rows that
//! become due with one watermark are emitted in the order of their times, and those of one time by the bytes of their keys:
//! Flink has no order for these.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType};
use arrow_array::{Array, UInt32Array};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{OrderedRows, Ttl};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Shape, Timestamp};

use super::bundle::{Kept, RowBundle};
use super::changes::{ChangedRow, Changes};
use super::last_rows::LastRows;
use super::rank::{Partition, partition_key};
use super::rank::{key_layout, not_open};
use super::time_to_live;
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, KeyLayout, RowCodec, RowKind};
use crate::types::{Schema, TimeKind};

/// Which row of a key is kept.
#[derive(Clone, Debug)]
pub struct DeduplicateSpecification {
    keys: KeyLayout,
    schema: Schema,
    codec: RowCodec,
    /// The time attribute.
    time: usize,
    is_rowtime: bool,
    keep_last: bool,
    update_before: bool,
    /// How long rows are kept.
    ttl: Option<Ttl>,
}

impl DeduplicateSpecification {
    /// The first or last of the rows of `schema` with equal values in `keys`, by the time attribute `time`.
    pub fn new(keys: &[usize], schema: &Schema, time: usize, keep_last: bool, update_before: bool) -> Self {
        let is_rowtime = schema.field(time).data_type.time_kind() == TimeKind::Rowtime;
        Self {
            keys: key_layout(keys, schema),
            schema: schema.clone(),
            codec: RowCodec::new(schema),
            time,
            is_rowtime,
            keep_last,
            update_before,
            ttl: None,
        }
    }

    /// What is known of a key is kept for so long after it was noted.
    #[must_use]
    pub fn with_ttl(self, ttl: Option<Ttl>) -> Self {
        Self { ttl, ..self }
    }

    /// Whether the first row is known only when the watermark has passed it.
    pub const fn waits(&self) -> bool {
        self.is_rowtime && !self.keep_last
    }

    /// Collects so many rows before they are worked on: all where time decides, and otherwise one of each key.
    pub fn bundle(&self, rows: u64) -> RowBundle {
        let kept = match (self.is_rowtime, self.keep_last) {
            (true, _) => Kept::All,
            (false, true) => Kept::Last,
            (false, false) => Kept::First,
        };
        RowBundle::new(self.keys.clone(), kept, rows)
    }

    fn changes(&self) -> Changes {
        Changes::new(self.codec.clone(), false, self.update_before)
    }
}

/// The milliseconds of a rowtime column.
pub(super) fn milliseconds(chunk: &Chunk, column: usize) -> Result<Vec<i64>> {
    let column = chunk.column(column)?;
    if column.null_count() > 0 {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "RowTime field should not be null, please convert it to a non-null long value.",
        ));
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return Ok(times.values().to_vec());
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return Ok(times.values().iter().map(|time| time.div_euclid(1_000)).collect());
    }
    if let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>() {
        return Ok(times.values().iter().map(|time| time.div_euclid(1_000_000)).collect());
    }
    Err(Error::new(ErrorKind::Internal, "a time attribute that is no timestamp"))
}

/// Keeps one row of each key, and says at once which it is.
pub struct Deduplicate {
    specification: DeduplicateSpecification,
    rows: LastRows,
    changes: Changes,
}

/// The name of the state.
const ROWS: &str = "deduplicate";

impl Deduplicate {
    /// The operator of a subtask; for first rows by rowtime that never change there is [`DeduplicateFirst`].
    pub fn new(specification: &DeduplicateSpecification) -> Self {
        Self {
            specification: specification.clone(),
            rows: LastRows::new(specification.keys.clone(), specification.ttl),
            changes: specification.changes(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.rows.find(chunk, || output.context().now())?;
        let keep_last = self.specification.keep_last;
        if !keep_last && !self.specification.is_rowtime {
            return self.first_rows(chunk, output);
        }
        let times = if self.specification.is_rowtime {
            milliseconds(chunk, self.specification.time)?
        } else {
            Vec::new()
        };
        let encoded = self.specification.codec.encode(chunk.columns(), chunk.rows())?;
        let is_change = self.specification.is_rowtime || self.rows.expires();
        for row in 0..chunk.rows() {
            let (time, bytes) = (times.get(row).copied().unwrap_or_default(), encoded.get(row));
            match self.rows.get(row) {
                None => self.changes.push(RowKind::Insert, ChangedRow::Input(row)),
                Some((before, _)) if self.specification.is_rowtime && keep_last && before > time => continue,
                // With mini-batch the first row does not wait: one that was earlier takes its place.
                Some((before, _)) if !keep_last && before <= time => continue,
                // As in Flink, by processing time the same row again is no change, unless state expires.
                Some((_, before)) if before == bytes && !is_change => continue,
                Some((_, before)) => {
                    self.changes.push(RowKind::UpdateBefore, ChangedRow::State(before));
                    self.changes.push(RowKind::UpdateAfter, ChangedRow::Input(row));
                }
            }
            self.rows.set(row, time, bytes)?;
        }
        self.changes.emit(chunk, output)
    }

    fn first_rows(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let mut first = Vec::new();
        for row in 0..chunk.rows() {
            if self.rows.get(row).is_none() {
                self.rows.set(row, 0, &[])?;
                first.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
        }
        if first.is_empty() {
            return Ok(());
        }
        output.forward(&mut chunk.take(&UInt32Array::from(first))?.into_batch())
    }
}

impl OperatorHooks<Chunk> for Deduplicate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.rows.open(cx, ROWS, &self.specification.schema)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.rows.snapshot(cx);
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for Deduplicate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

/// Keeps the first row of each key by rowtime, and emits it when the watermark has come to it: it never changes then.
pub struct DeduplicateFirst {
    specification: DeduplicateSpecification,
    /// By key: when the first row is, and the row, until it is emitted. As in Flink, these do not expire.
    rows: Option<OrderedRows>,
    /// The keys of which the first row has been emitted.
    emitted: Option<OrderedRows>,
    /// The rows that wait, by time.
    waiting: BTreeSet<(i64, u64, Box<[u8]>)>,
    watermark: Timestamp,
    changes: Changes,
    key: Vec<u8>,
}

/// The name of the state of first rows.
const FIRST_ROWS: &str = "first-rows";
/// The name of the state of keys.
const EMITTED: &str = "emitted";

impl DeduplicateFirst {
    /// The operator of a subtask.
    pub fn new(specification: &DeduplicateSpecification) -> Self {
        Self {
            specification: specification.clone(),
            rows: None,
            emitted: None,
            waiting: BTreeSet::new(),
            watermark: Timestamp::MIN,
            changes: specification.changes(),
            key: Vec::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, now: impl FnOnce() -> Timestamp) -> Result<()> {
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let emitted = self.emitted.as_mut().ok_or_else(not_open)?;
        time_to_live::advance_ordered(emitted, now, chunk.rows());
        let keys = self.specification.keys.keys(chunk.columns(), chunk.rows())?;
        let times = milliseconds(chunk, self.specification.time)?;
        let encoded = self.specification.codec.encode(chunk.columns(), chunk.rows())?;
        for (row, (hash, time)) in keys.hashes().iter().zip(times).enumerate() {
            if time < self.watermark.as_millis() {
                continue;
            }
            partition_key(&keys, row, &mut self.key);
            let partition = Partition { hash: *hash, key: &self.key };
            let known = rows.get(partition.hash, partition.key);
            if known.is_some_and(|known| known.number <= time)
                || emitted.get(partition.hash, partition.key).is_some()
            {
                continue;
            }
            if let Some(known) = known {
                self.waiting.remove(&(known.number, *hash, self.key.as_slice().into()));
            }
            let value = rows.entry(partition.hash, partition.key)?;
            value.number = time;
            value.variable = encoded.get(row).into();
            self.waiting.insert((time, *hash, self.key.as_slice().into()));
        }
        Ok(())
    }

    /// Emits the rows that the watermark has come to.
    fn fire(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let emitted = self.emitted.as_mut().ok_or_else(not_open)?;
        if emitted.expires() {
            emitted.set_now(time_to_live::seconds(output.context().now()));
        }
        let nothing = Chunk::empty(&self.specification.schema);
        while let Some((time, ..)) = self.waiting.first()
            && *time <= self.watermark.as_millis()
            && let Some((_, hash, key)) = self.waiting.pop_first()
        {
            let Some(value) = rows.remove(hash, &key)? else { continue };
            self.changes.push(RowKind::Insert, ChangedRow::State(&value.variable));
            emitted.entry(hash, &key)?;
            if self.changes.is_full() {
                self.changes.emit(&nothing, output)?;
            }
        }
        self.changes.emit(&nothing, output)
    }
}

impl OperatorHooks<Chunk> for DeduplicateFirst {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let schema = &self.specification.schema;
        let meta = |name: &str, value: String| StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("key({})", self.specification.keys.describe())),
            value: Shape::from_text(&value),
        };
        let (groups, range) = (cx.info().groups, cx.info().range());
        let waiting = meta(FIRST_ROWS, format!("first: {}", describe_rows(schema)));
        let mut rows = OrderedRows::new(waiting, groups, range);
        if let Some(stored) = cx.take_keyed(FIRST_ROWS) {
            rows.restore_all(stored)?;
        }
        let mut emitted = OrderedRows::new(meta(EMITTED, "emitted".to_owned()), groups, range)
            .with_ttl(self.specification.ttl);
        emitted.set_now(time_to_live::seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(EMITTED) {
            emitted.restore_all(stored)?;
        }
        self.emitted = Some(emitted);
        // The hash is not kept with a row: it is that of the key, which is worked out again from the row.
        let waiting =
            rows.rows().map(|(key, value)| (Box::<[u8]>::from(key), value.number, value.variable.clone()));
        let waiting: Vec<_> = waiting.collect();
        let bytes: Vec<&[u8]> = waiting.iter().map(|(_, _, row)| &**row).collect();
        let columns = self.specification.codec.decode(&bytes)?;
        let keys = self.specification.keys.keys(&columns, bytes.len())?;
        let hashes = keys.hashes().iter();
        self.waiting =
            waiting.iter().zip(hashes).map(|((key, time, _), hash)| (*time, *hash, key.clone())).collect();
        self.rows = Some(rows);
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.watermark = self.watermark.max(watermark);
        self.fire(output)?;
        output.emit_watermark(watermark)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        for rows in [&mut self.rows, &mut self.emitted].into_iter().flatten() {
            let rows = rows.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for DeduplicateFirst {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, || output.context().now()))
    }
}

#[cfg(test)]
mod tests;
