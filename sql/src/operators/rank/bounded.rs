//! Ranks of rows that are never taken back, or only replaced by better ones.

use std::collections::HashMap;

use arrow_array::UInt32Array;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Upserted};

use super::entries::{self, Entry, FIXED};
use super::{ChangedRow, Changes, RankSpecification, not_open, row_keys, time_to_live};
use crate::chunk::{Chunk, RowKind};

/// The name of the state.
const ROWS: &str = "top-n";

/// Keeps the rows of each partition that are in the result, sorted.
///
/// A row that does not get in costs one look-up and one comparison with the last that is in; one that gets in, a copy of
/// all that are.
pub struct BoundedRank {
    specification: RankSpecification,
    store: Option<RowStore>,
    changes: Changes,
    upserted: Vec<Upserted>,
    bytes: Vec<u8>,
}

/// The row that is looked at.
struct Incoming<'r> {
    /// Its number in the chunk.
    number: usize,
    sort_key: &'r [u8],
    row_key: &'r [u8],
    row: &'r [u8],
}

impl Incoming<'_> {
    const fn changed(&self) -> ChangedRow<'static> {
        ChangedRow::Input(self.number)
    }

    const fn entry(&self) -> Entry<'_> {
        Entry { sort_key: self.sort_key, row_key: self.row_key, row: self.row }
    }
}

impl BoundedRank {
    /// The operator of a subtask.
    pub fn new(specification: &RankSpecification) -> Self {
        Self {
            specification: specification.clone(),
            store: None,
            changes: specification.changes(),
            upserted: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(mut store) = self.store.take() else { return Err(not_open()) };
        let done = self.rows(&mut store, chunk, output);
        self.store = Some(store);
        done
    }

    fn rows(&mut self, store: &mut RowStore, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let keys = self.specification.partition.keys(chunk.columns(), chunk.rows())?;
        time_to_live::advance(store, || output.context().now(), chunk.rows())?;
        self.upserted.clear();
        store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
        let sort_keys = self.specification.order.encode(chunk)?;
        // What does not get in now gets in no more: only the others are looked at closely.
        let is_candidate = |row: usize, partition: RowRef| {
            let fixed = store.fixed(partition);
            self.specification.row_key.is_some()
                || entries::count(fixed) < self.specification.end
                || entries::last_key(fixed, store.variable(partition))
                    .is_none_or(|last| sort_keys.get(row) < last)
        };
        let candidates = self.upserted.iter().enumerate();
        let candidates = candidates.filter(|(row, partition)| is_candidate(*row, partition.row));
        let candidates: Vec<(usize, RowRef)> =
            candidates.map(|(row, partition)| (row, partition.row)).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let positions = candidates.iter().map(|(row, _)| u32::try_from(*row).unwrap_or(u32::MAX));
        let chosen = chunk.take(&UInt32Array::from_iter_values(positions))?;
        let rows = self.specification.codec.encode(chosen.columns(), chosen.rows())?;
        let row_key = self.specification.row_key.as_ref();
        let row_keys = row_key.map(|layout| row_keys(layout, &chosen)).transpose()?;
        // Rows of the state move when they grow; others of the same partition are known by where they were.
        let mut moved: HashMap<RowRef, RowRef> = HashMap::new();
        for (number, (row, partition)) in candidates.into_iter().enumerate() {
            let at = moved.get(&partition).copied().unwrap_or(partition);
            let incoming = Incoming {
                number,
                sort_key: sort_keys.get(row),
                row_key: row_keys.as_ref().map_or(&[][..], |keys| keys.get(number)),
                row: rows.get(number),
            };
            if let Some(now) = self.row(store, at, &incoming)?
                && now != at
            {
                moved.insert(partition, now);
            }
            if self.changes.is_full() {
                self.changes.emit(&chosen, output)?;
            }
        }
        self.changes.emit(&chosen, output)
    }

    /// Takes one row in; where the partition's row of the state is then, if it has changed.
    fn row(
        &mut self,
        store: &mut RowStore,
        partition: RowRef,
        incoming: &Incoming<'_>,
    ) -> Result<Option<RowRef>> {
        let mut known = Vec::new();
        entries::read(store.variable(partition), &mut known);
        let old = match self.specification.row_key {
            Some(_) => known.iter().position(|entry| entry.row_key == incoming.row_key),
            None => None,
        };
        let (specification, changes) = (&self.specification, &mut self.changes);
        let is_first = (specification.start, specification.end) == (1, 1);
        let fixed = if is_first {
            if !first(changes, known.first().copied(), incoming) {
                return Ok(None);
            }
            entries::write(std::iter::once(incoming.entry()), &mut self.bytes)
        } else if let Some(old) = old {
            replaced(specification, changes, &mut known, old, incoming);
            entries::write(known.into_iter(), &mut self.bytes)
        } else {
            let at = known.partition_point(|entry| entry.sort_key <= incoming.sort_key);
            if at as u64 >= specification.end {
                return Ok(None);
            }
            let following = known.get(at..).unwrap_or_default().iter().map(|entry| entry.row);
            specification.inserted(changes, incoming.changed(), at as u64 + 1, following);
            known.insert(at, incoming.entry());
            let end = usize::try_from(specification.end).unwrap_or(usize::MAX);
            entries::write(known.into_iter().take(end), &mut self.bytes)
        };
        let now = store.replace(partition, &self.bytes)?;
        store.fixed_mut(now).copy_from_slice(&fixed);
        Ok(Some(now))
    }
}

/// The best row alone; whether it is this one now. As Flink's `FastTop1Function`.
fn first(changes: &mut Changes, known: Option<Entry<'_>>, incoming: &Incoming<'_>) -> bool {
    let Some(known) = known else {
        changes.push_numbered(RowKind::Insert, incoming.changed(), 1);
        return true;
    };
    if incoming.sort_key >= known.sort_key {
        return false;
    }
    changes.push_numbered(RowKind::UpdateBefore, ChangedRow::State(known.row), 1);
    changes.push_numbered(RowKind::UpdateAfter, incoming.changed(), 1);
    true
}

/// A row that is in the result is another one now. As Flink's `UpdatableTopNFunction`.
fn replaced<'r>(
    specification: &RankSpecification,
    changes: &mut Changes,
    known: &mut Vec<Entry<'r>>,
    old: usize,
    incoming: &'r Incoming<'r>,
) {
    let before = known.remove(old);
    let (old_row, new_row) = (ChangedRow::State(before.row), incoming.changed());
    let at = if before.sort_key == incoming.sort_key {
        old
    } else {
        known.partition_point(|entry| entry.sort_key <= incoming.sort_key)
    };
    let (from, to) = (old as u64 + 1, at as u64 + 1);
    let between =
        |from: usize, to: usize| known.get(from..to).unwrap_or_default().iter().map(|entry| entry.row);
    if !specification.shifts() {
        changes.push_numbered(RowKind::UpdateBefore, old_row, 0);
        changes.push_numbered(RowKind::UpdateAfter, new_row, 0);
    } else if at <= old {
        let mut current = new_row;
        let mut number = to;
        for (index, next) in between(at, old).enumerate() {
            specification.change(changes, RowKind::UpdateBefore, ChangedRow::State(next), number);
            if index == 0 {
                // Of one row, what it was goes before it comes again.
                specification.change(changes, RowKind::UpdateBefore, old_row, from);
            }
            specification.change(changes, RowKind::UpdateAfter, current, number);
            (current, number) = (ChangedRow::State(next), number + 1);
        }
        if at == old {
            specification.change(changes, RowKind::UpdateBefore, old_row, from);
        }
        specification.change(changes, RowKind::UpdateAfter, current, number);
    } else {
        // It should not have got worse: Flink goes on with what it has, and so does this.
        specification.change(changes, RowKind::UpdateBefore, old_row, from);
        let mut number = from;
        for next in between(old, at) {
            specification.change(changes, RowKind::UpdateBefore, ChangedRow::State(next), number + 1);
            specification.change(changes, RowKind::UpdateAfter, ChangedRow::State(next), number);
            number += 1;
        }
        specification.change(changes, RowKind::UpdateAfter, new_row, number);
    }
    known.insert(at, incoming.entry());
}

impl OperatorHooks<Chunk> for BoundedRank {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let meta = self.specification.meta(ROWS, "first");
        let layout = RowLayout::new(self.specification.partition.kind(), &[0; FIXED], RowsPerKey::One);
        let mut store =
            RowStore::new(meta, cx.info().groups, cx.info().range(), layout).with_ttl(self.specification.ttl);
        store.set_now(time_to_live::seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(ROWS) {
            store.restore_all(stored)?;
        }
        self.store = Some(store);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for BoundedRank {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}
