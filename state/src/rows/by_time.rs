//! Stores of rows by time: what ends with a window goes with its store, and not row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layout::RowLayout;
use super::restore::{check_kind, damaged};
use super::snapshot::FrozenRows;
use super::store::RowStore;
use crate::codec::{decode_from, encode_into};
use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, KeyGroup, KeyGroupRange, KeyGroups, Result};

/// A [`RowStore`] for each of some times, such as the ends of windows or slices: one keyed state of one subtask.
///
/// As the state of Flink SQL's window aggregations and joins, where all rows of a window are fired and removed
/// together once the watermark has passed its end.
///
/// ```
/// use millstream_state::rows::{KeyColumn, KeyKind, RowLayout, RowsByTime, RowsPerKey};
/// use millstream_state::snapshot::part::{StateKind, StateMeta};
/// use millstream_state::{KeyGroups, Shape, stable_hash};
///
/// let (key, value) = (Shape::from_text("slice end, user BIGINT"), Shape::from_text("count: i64"));
/// let meta = StateMeta { name: "slices".to_owned(), kind: StateKind::Rows, key, value };
/// let groups = KeyGroups::new(128);
/// let layout = RowLayout::new(KeyKind::U64, &[0; 8], RowsPerKey::One);
/// let mut slices = RowsByTime::new(meta, groups, groups.range_of(0, 1), layout);
///
/// for (end, user) in [(1_000, 7), (2_000, 7), (1_000, 8)] {
///     slices.open(end).upsert(&[stable_hash(&user)], &KeyColumn::U64(&[user]), &mut Vec::new())?;
/// }
/// let fired = slices.take_until(1_999);
/// assert_eq!(fired.iter().map(|(end, rows)| (*end, rows.len())).collect::<Vec<_>>(), [(1_000, 2)]);
/// assert_eq!(slices.times().collect::<Vec<_>>(), [2_000]);
/// # Ok::<(), millstream_state::StateError>(())
/// ```
pub struct RowsByTime {
    meta: StateMeta,
    groups: KeyGroups,
    range: KeyGroupRange,
    layout: RowLayout,
    stores: BTreeMap<i64, RowStore>,
    /// Of each group of the range: the snapshot since which it has not changed, unless a store that is there
    /// says otherwise. None if it has changed.
    since: Box<[Option<CheckpointId>]>,
}

impl RowsByTime {
    /// A state without rows, over the key groups `range` of `groups`.
    pub fn new(meta: StateMeta, groups: KeyGroups, range: KeyGroupRange, layout: RowLayout) -> Self {
        Self { meta, groups, range, layout, stores: BTreeMap::new(), since: vec![None; range.len()].into() }
    }

    /// Name, kind and shapes.
    pub fn meta(&self) -> &StateMeta {
        &self.meta
    }

    /// The times that have a store, in order.
    pub fn times(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.stores.keys().copied()
    }

    /// How many rows all stores have.
    pub fn len(&self) -> usize {
        self.stores.values().map(RowStore::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.stores.values().all(RowStore::is_empty)
    }

    /// The rows of a time, if it has any.
    pub fn get(&self, time: i64) -> Option<&RowStore> {
        self.stores.get(&time)
    }

    /// The rows of a time, for writing, if it has any.
    pub fn get_mut(&mut self, time: i64) -> Option<&mut RowStore> {
        self.stores.get_mut(&time)
    }

    /// The rows of a time, for writing: a store without rows if it has none.
    pub fn open(&mut self, time: i64) -> &mut RowStore {
        let Self { meta, groups, range, layout, stores, .. } = self;
        stores.entry(time).or_insert_with(|| {
            let mut store = RowStore::new(meta.clone(), *groups, *range, layout.clone());
            // What has no rows yet changes no group.
            store.groups.take_changed().for_each(drop);
            store
        })
    }

    /// All stores, in the order of their times.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &RowStore)> {
        self.stores.iter().map(|(time, store)| (*time, store))
    }

    /// Takes out the stores of all times that are not after `last`, in order.
    pub fn take_until(&mut self, last: i64) -> Vec<(i64, RowStore)> {
        let mut taken = Vec::new();
        while let Some(entry) = self.stores.first_entry().filter(|entry| *entry.key() <= last) {
            let (time, mut store) = entry.remove_entry();
            // Also where it has no rows any more, but had some in the snapshot.
            for (since, (changed, rows)) in self.since.iter_mut().zip(store.groups.take_changed()) {
                if changed || rows > 0 {
                    *since = None;
                }
            }
            taken.push((time, store));
        }
        taken
    }

    /// Freezes the content for snapshot `checkpoint`, as [`RowStore::snapshot`].
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        let mut rows = vec![0; self.range.len()];
        let mut stores = std::mem::take(&mut self.stores);
        let frozen = stores.iter_mut().map(|(time, store)| {
            for ((since, all), (changed, rows)) in
                self.since.iter_mut().zip(&mut rows).zip(store.groups.take_changed())
            {
                *all += rows;
                if changed {
                    *since = None;
                }
            }
            (*time, store.freeze())
        });
        let frozen: Arc<[(i64, Arc<FrozenRows>)]> = frozen.collect();
        self.stores = stores;
        let groups = self.range.iter().zip(self.since.iter_mut()).zip(rows).enumerate();
        let filled = groups.filter(|(_, (_, rows))| *rows > 0).map(|(index, ((group, since), rows))| {
            let block = TimedBlock { frozen: frozen.clone(), index, rows };
            let unchanged_since = *since.get_or_insert(checkpoint);
            GroupSnapshot { group, unchanged_since, block: Arc::new(block) }
        });
        KeyedStateSnapshot { meta: self.meta.clone(), groups: filled.collect() }
    }

    /// Adds all that a snapshot holds of this state for the subtask. Each block is given back as soon as it is
    /// decoded.
    ///
    /// # Errors
    /// As [`RowStore::restore_all`].
    pub fn restore_all(&mut self, stored: KeyedRestore) -> Result<()> {
        check_kind(&self.meta.name, stored.meta.kind)?;
        self.meta.check_unchanged(&stored.meta)?;
        stored.into_whole_groups()?.try_for_each(|(group, bytes)| self.restore(group, &bytes))
    }

    /// Adds what a snapshot holds for `group`.
    ///
    /// # Errors
    /// As [`RowStore::restore_all`].
    pub fn restore(&mut self, group: KeyGroup, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let header = decode_from::<(i64, usize)>(&mut bytes);
            let (time, keys) = header.map_err(|_| damaged(&self.meta.name, "a time is cut off"))?;
            let store = self.open(time);
            let missing = store.restore_keys(group, false, &[], keys, &mut bytes)?;
            store.groups.is_as_restored(group);
            if missing > 0 {
                return Err(damaged(&self.meta.name, "keys of a time are missing"));
            }
        }
        let index = group.index().wrapping_sub(self.range.start());
        if let Some(since) = self.since.get_mut(index) {
            *since = Some(CheckpointId::new(0));
        }
        Ok(())
    }
}

/// The rows of one key group, of all times.
///
/// ```text
/// block:  times
/// time:   the time, and how many keys, both varints | keys as in the block of one store
/// ```
struct TimedBlock {
    frozen: Arc<[(i64, Arc<FrozenRows>)]>,
    /// Which group of the range.
    index: usize,
    rows: u64,
}

impl EncodeBlock for TimedBlock {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.frozen.iter().try_for_each(|(time, frozen)| {
            let keys = frozen.rows_of(self.index).len();
            if keys == 0 {
                return Ok(());
            }
            let encoded =
                encode_into(&(*time, keys), out.end()).and_then(|()| frozen.encode_keys(self.index, out));
            encoded.map_err(|source| frozen.failed(source))
        })
    }

    fn entries(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests;
