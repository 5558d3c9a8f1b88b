//! The first rows of each partition of a window, once the window is over.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{BytesColumn, RowLayout, RowRef, RowStore, RowsByTime, RowsPerKey};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Shape, Timestamp};

use super::sort_keys::SortKeys;
use super::window_aggregate::{one_key, restored_watermark};
use super::windows::{WindowClock, by_window};
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, KeyLayout, RowCodec};
use crate::plan::SortKey;
use crate::types::Schema;
use crate::types::zone::Zone;

/// The state of the rows of open windows.
const ROWS: &str = "ranked";

/// What a rank of windows keeps; each subtask makes its operator from it.
#[derive(Clone, Debug)]
pub struct WindowRankSpecification {
    /// The column that says when a row's window ends.
    end: usize,
    /// The columns that decide which subtask owns a partition.
    owner: KeyLayout,
    /// The columns of the partition, without the end of the window.
    partition: KeyLayout,
    order: SortKeys,
    /// The numbers of the first and last row that are emitted, from 1.
    range: (u64, u64),
    /// Whether the number of a row is emitted, behind its columns.
    number: bool,
    /// Whether of rows that are equal in the order the last is the first.
    latest: bool,
    schema: Schema,
    clock: WindowClock,
}

impl WindowRankSpecification {
    /// The rows of `schema` with numbers from `range.0` to `range.1` in each partition of a window; `window` are the columns
    /// of its start and end, which are among those of the partition. `latest` says that of equal rows the last is the first.
    /// `zone` is that of the windows: UTC for those of timestamps.
    pub fn new(
        partition: &[usize],
        window: (usize, usize),
        order: &[SortKey],
        range: (u64, u64),
        (number, latest): (bool, bool),
        schema: &Schema,
        zone: &Zone,
    ) -> Self {
        let layout = |columns: Vec<usize>| {
            let fields = columns.iter().map(|column| schema.field(*column)).collect();
            KeyLayout::new(columns, fields)
        };
        let without = |left_out: &[usize]| -> Vec<usize> {
            partition.iter().copied().filter(|column| !left_out.contains(column)).collect()
        };
        Self {
            end: window.1,
            owner: layout(without(&[window.0, window.1])),
            partition: layout(without(&[window.1])),
            order: SortKeys::new(order, schema),
            range,
            number,
            latest,
            schema: schema.clone(),
            clock: WindowClock::of(zone.clone()),
        }
    }

    fn meta(&self) -> StateMeta {
        let order = self.order.describe(&self.schema);
        StateMeta {
            name: ROWS.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("window, partition({})", self.partition.describe())),
            value: Shape::from_text(&format!("{} by {order}", describe_rows(&self.schema))),
        }
    }
}

/// Keeps the first rows of each partition of the open windows, as Flink's `WindowRankOperator` and
/// `RowTimeWindowDeduplicateOperator`.
///
/// In which order the partitions of one window come is not said, in Flink neither.
pub struct WindowRank {
    specification: WindowRankSpecification,
    codec: RowCodec,
    rows: Option<RowsByTime>,
    progress: i64,
    advancing: Option<Timestamp>,
    firing: VecDeque<Firing>,
}

/// A window that is over.
struct Firing {
    store: RowStore,
    /// The rows with their numbers, and which is next.
    rows: Vec<(RowRef, i64)>,
    at: usize,
}

impl WindowRank {
    /// The operator of a subtask.
    pub fn new(specification: &WindowRankSpecification) -> Self {
        Self {
            codec: RowCodec::new(&specification.schema),
            specification: specification.clone(),
            rows: None,
            progress: i64::MIN,
            advancing: None,
            firing: VecDeque::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let specification = &self.specification;
        let (windows, late) = by_window(chunk, specification.end, &specification.clock, self.progress)?;
        output.counters().late_records.add(late as u64);
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        for (end, chunk) in windows {
            insert(rows.open(end), specification, &self.codec, &chunk)?;
        }
        Ok(())
    }

    fn go_on(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        while let Some(firing) = self.firing.front_mut() {
            let number = self.specification.number;
            while let Some(chunk) = firing.next(&self.codec, number)? {
                output.forward(&mut chunk.into_batch())?;
                if output.should_yield() {
                    output.suspend();
                    return Ok(());
                }
            }
            self.firing.pop_front();
        }
        match self.advancing.take() {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }
}

/// Adds rows of a window to their partitions, and removes what is not among the first any more.
fn insert(
    store: &mut RowStore,
    specification: &WindowRankSpecification,
    codec: &RowCodec,
    chunk: &Chunk,
) -> Result<()> {
    let keys = specification.partition.keys(chunk.columns(), chunk.rows())?;
    let column = keys.column();
    let mut hashes = Vec::new();
    specification.owner.hash(chunk.columns(), chunk.rows(), &mut hashes)?;
    let order = specification.order.encode(chunk)?;
    let encoded = codec.encode(chunk.columns(), chunk.rows())?;
    let limit = usize::try_from(specification.range.1).unwrap_or(usize::MAX);
    let (mut found, mut appended, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (row, hash) in hashes.iter().enumerate() {
        let (key, sort) = (one_key(&column, row), order.get(row));
        found.clear();
        store.find(&[*hash], &key, &mut found)?;
        if let Some(first) = found.first().copied().flatten()
            && store.rows_with_key(first) >= limit
        {
            // Of equal rows the later one is the worse.
            let worst =
                store.with_key(first).max_by(|one, other| sort_of(store, *one).cmp(sort_of(store, *other)));
            let Some(worst) = worst else { continue };
            let known = sort_of(store, worst);
            if sort > known || (sort == known && !specification.latest) {
                continue;
            }
            store.remove(worst);
        }
        bytes.clear();
        let length = u32::try_from(sort.len())
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "a row is ordered by more than 4 GiB"))?;
        bytes.extend(length.to_le_bytes());
        bytes.extend(sort);
        bytes.extend(encoded.get(row));
        let end = u32::try_from(bytes.len())
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "a row of more than 4 GiB"))?;
        appended.clear();
        store.append(&[*hash], &key, BytesColumn { offsets: &[0, end], data: &bytes }, &mut appended)?;
    }
    Ok(())
}

/// What a row is sorted by, and the row.
fn parts(store: &RowStore, row: RowRef) -> (&[u8], &[u8]) {
    let bytes = store.variable(row);
    let Some((length, rest)) = bytes.split_first_chunk() else { return (&[], &[]) };
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).unwrap_or((&[], &[]))
}

fn sort_of(store: &RowStore, row: RowRef) -> &[u8] {
    parts(store, row).0
}

impl Firing {
    fn new(store: RowStore, (start, end): (u64, u64)) -> Self {
        let mut rows = Vec::new();
        // Of rows with one partition, the first knows how many there are.
        for first in store.rows().filter(|row| store.rows_with_key(*row) > 0) {
            let mut partition: Vec<RowRef> = store.with_key(first).collect();
            partition.sort_by(|one, other| sort_of(&store, *one).cmp(sort_of(&store, *other)));
            let numbered = partition.into_iter().zip(1_u64..);
            let in_range = numbered.filter(|(_, number)| (start..=end).contains(number));
            rows.extend(in_range.map(|(row, number)| (row, i64::try_from(number).unwrap_or(i64::MAX))));
        }
        Self { store, rows, at: 0 }
    }

    fn next(&mut self, codec: &RowCodec, number: bool) -> Result<Option<Chunk>> {
        let range = self.at..(self.at + Chunk::ROWS).min(self.rows.len());
        let Some(rows) = self.rows.get(range.clone()).filter(|rows| !rows.is_empty()) else {
            return Ok(None);
        };
        self.at = range.end;
        let bytes: Vec<&[u8]> = rows.iter().map(|(row, _)| parts(&self.store, *row).1).collect();
        let mut columns: Vec<ArrayRef> = codec.decode(&bytes)?;
        if number {
            columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, number)| *number))));
        }
        Ok(Some(Chunk::new(columns, rows.len())))
    }
}

#[cold]
fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a window rank that is not open")
}

impl OperatorHooks<Chunk> for WindowRank {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let layout = RowLayout::new(self.specification.partition.kind(), &[], RowsPerKey::Many);
        let mut rows =
            RowsByTime::new(self.specification.meta(), cx.info().groups, cx.info().range(), layout);
        if let Some(stored) = cx.take_keyed(ROWS) {
            rows.restore_all(stored)?;
        }
        self.rows = Some(rows);
        self.progress = restored_watermark(cx, false)?;
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let clock = &self.specification.clock;
        let last = rows.times().take_while(|end| clock.is_over(*end, watermark.as_millis())).last();
        if let Some(last) = last {
            let range = self.specification.range;
            let over = rows.take_until(last).into_iter().map(|(_, store)| Firing::new(store, range));
            self.firing.extend(over);
        }
        self.progress = self.progress.max(watermark.as_millis());
        self.advancing = Some(watermark);
        self.go_on(output)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.go_on(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if let Some(rows) = &mut self.rows {
            let rows = rows.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        cx.watermark(Timestamp::from_millis(self.progress))
    }
}

impl Operator<Chunk, Chunk> for WindowRank {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
