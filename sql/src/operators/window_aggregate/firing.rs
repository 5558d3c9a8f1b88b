//! Windows that are over: their groups, and the rows that come of them.

use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMillisecondArray};
use millstream_runtime::Result;
use millstream_state::rows::{
    BytesColumn, KeyColumn, KeyKind, RowLayout, RowRef, RowStore, RowsPerKey, Upserted,
};
use millstream_state::{STABLE_HASH_START, fold_word, stable_hash};

use super::accumulators::WindowAccumulators;
use super::slices::Slices;
use crate::chunk::Chunk;
use crate::plan::WindowColumn;

/// A window that is over, and how much of it has been emitted.
pub(super) struct Firing {
    /// Its end, as the clock shows it.
    pub(super) end: i64,
    /// Its groups, where they are found in the state.
    pub(super) rows: Vec<RowRef>,
    /// What its slices have come to together, in the order of the rows, if it has several.
    pub(super) merged: Option<Merged>,
    /// The first group that has not been emitted.
    pub(super) at: usize,
}

/// What the slices of a window have come to together.
pub(super) struct Merged {
    store: RowStore,
    rows: Vec<RowRef>,
}

/// What a chunk of a window's results says of the window.
pub(super) struct WindowTimes {
    /// As the clock shows it; `None` if it is the first column of the groups.
    pub(super) start: Option<i64>,
    /// As the clock shows it.
    pub(super) end: i64,
    /// `window_time`.
    pub(super) time: i64,
}

impl Firing {
    /// Adds up the slices of a window that end after `after`.
    pub(super) fn merge(
        slices: &Slices,
        after: i64,
        end: i64,
        accumulators: &mut WindowAccumulators,
    ) -> Result<Self> {
        let kind = match slices.store.layout().key_kind() {
            KeyKind::U128 => KeyKind::U64,
            _ => KeyKind::Bytes,
        };
        let layout = RowLayout::new(kind, accumulators.initial(), RowsPerKey::One);
        let mut store = RowStore::new(slices.store.meta().clone(), slices.groups, slices.range, layout);
        let (mut rows, mut merged, mut upserted) = (Vec::new(), Vec::new(), Vec::new());
        for (_, of_slice) in slices.between(after, end) {
            upserted.clear();
            upsert(&mut store, kind, slices, of_slice, &mut upserted)?;
            let into: Vec<RowRef> = upserted.iter().map(|group| group.row).collect();
            accumulators.merge(&mut store, &into, &slices.store, of_slice)?;
            for (row, group) in of_slice.iter().zip(&upserted).filter(|(_, group)| group.is_new) {
                rows.push(*row);
                merged.push(group.row);
            }
        }
        Ok(Self { end, rows, merged: Some(Merged { store, rows: merged }), at: 0 })
    }

    /// Forgets what has been added up.
    pub(super) fn close(self, accumulators: &mut WindowAccumulators) -> Result<()> {
        match self.merged {
            Some(mut merged) => accumulators.remove(&mut merged.store, &merged.rows),
            None => Ok(()),
        }
    }

    /// The next groups as rows; `None` if there are no more, and an empty chunk if these have no rows any more.
    pub(super) fn next(
        &mut self,
        slices: &Slices,
        accumulators: &WindowAccumulators,
        times: &WindowTimes,
        columns: &[WindowColumn],
    ) -> Result<Option<Chunk>> {
        let range = self.at..(self.at + Chunk::ROWS).min(self.rows.len());
        let Some(rows) = self.rows.get(range.clone()).filter(|rows| !rows.is_empty()) else {
            return Ok(None);
        };
        self.at = range.end;
        let (store, groups) = match &self.merged {
            None => (&slices.store, rows),
            Some(merged) => (&merged.store, merged.rows.get(range).unwrap_or_default()),
        };
        let mut keys = slices.columns(rows)?.into_iter().skip(1);
        let constant =
            |value: i64| -> ArrayRef { Arc::new(TimestampMillisecondArray::from_value(value, rows.len())) };
        let start = match times.start {
            Some(start) => constant(start),
            None => keys.next().unwrap_or_else(|| constant(times.end)),
        };
        let window = columns.iter().map(|column| match column {
            WindowColumn::Start => start.clone(),
            WindowColumn::End => constant(times.end),
            WindowColumn::Time => constant(times.time),
        });
        let results = accumulators.results(store, groups)?;
        let all: Vec<ArrayRef> = keys.chain(results).chain(window).collect();
        let chunk = Chunk::new(all, rows.len());
        match accumulators.present(store, groups)? {
            Some(present) => chunk.filter(&present).map(Some),
            None => Ok(Some(chunk)),
        }
    }
}

/// Finds or makes the groups of a slice's rows in a store that has no slices.
fn upsert(
    store: &mut RowStore,
    kind: KeyKind,
    slices: &Slices,
    rows: &[RowRef],
    upserted: &mut Vec<Upserted>,
) -> Result<()> {
    // What accumulators keep beside has the key group of the slices' rows.
    let hash = |mixed: u64, row: &RowRef| slices.groups.hash_in_group_of(slices.store.hash(*row), mixed);
    if kind == KeyKind::U64 {
        let key = |row: &RowRef| slices.group_key(*row).first_chunk().copied().map_or(0, u64::from_le_bytes);
        let keys: Vec<u64> = rows.iter().map(key).collect();
        let hashes = keys.iter().zip(rows).map(|(key, row)| hash(fold_word(STABLE_HASH_START, *key), row));
        let hashes: Vec<u64> = hashes.collect();
        return Ok(store.upsert(&hashes, &KeyColumn::U64(&keys), upserted)?);
    }
    let (mut offsets, mut data, mut hashes) = (vec![0], Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        let key = slices.group_key(*row);
        hashes.push(hash(stable_hash(key), row));
        data.extend_from_slice(key);
        offsets.push(u32::try_from(data.len()).unwrap_or(u32::MAX));
    }
    let keys = KeyColumn::Bytes(BytesColumn { offsets: &offsets, data: &data });
    Ok(store.upsert(&hashes, &keys, upserted)?)
}
