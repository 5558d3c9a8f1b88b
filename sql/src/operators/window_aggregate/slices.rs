//! What is kept of each slice: a row of accumulators for each group, found by the slice's end and the group.
//!
//! All slices are in one store, so that a chunk of rows is looked up at once whatever slices they are in, and a
//! snapshot is one state. Which rows a slice has is known beside it: it fires and goes without a search.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use millstream_runtime::chain::{OpenContext, OperatorInfo};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{
    BytesColumn, KeyColumn, KeyDecoder, KeyKind, KeyOrder, RowLayout, RowRef, RowStore, RowsPerKey, Upserted,
};
use millstream_state::snapshot::part::StateMeta;
use millstream_state::{KeyGroupRange, KeyGroups, STABLE_HASH_START, fold_word, stable_hash};

use super::accumulators::WindowAccumulators;
use super::specification::slice_field;
use crate::chunk::KeyLayout;
use crate::types::Field;

/// The groups of all slices.
pub(super) struct Slices {
    /// The end of the slice, then the columns of the group.
    layout: KeyLayout,
    /// The columns of the group alone.
    group_layout: KeyLayout,
    /// The columns of the group that decide which subtask owns it.
    owner: KeyLayout,
    pub(super) groups: KeyGroups,
    pub(super) range: KeyGroupRange,
    pub(super) store: RowStore,
    /// The groups of each slice.
    rows: BTreeMap<i64, Vec<RowRef>>,
    upserted: Vec<Upserted>,
    hashes: Vec<u64>,
}

impl Slices {
    /// No slices. The group has the columns `group`, of which those from `owner` on decide which subtask owns it.
    pub(super) fn new(
        meta: StateMeta,
        info: &OperatorInfo,
        group: &[Field],
        owner: usize,
        initial: &[u8],
    ) -> Self {
        let fields: Vec<_> = std::iter::once(slice_field()).chain(group.iter().cloned()).collect();
        let owner_columns = (owner + 1..fields.len()).collect();
        let owner = KeyLayout::new(owner_columns, group.iter().skip(owner).cloned().collect());
        let layout = KeyLayout::new((0..fields.len()).collect(), fields);
        let rows = RowLayout::new(layout.kind(), initial, RowsPerKey::One);
        let columns = (0..group.len()).collect();
        let group_layout = match layout.kind() {
            KeyKind::U128 => KeyLayout::new(columns, group.to_vec()),
            // What is left of a key of bytes without the slice.
            KeyKind::U64 | KeyKind::Bytes => KeyLayout::of_bytes(columns, group.to_vec()),
        };
        Self {
            layout,
            group_layout,
            owner,
            groups: info.groups,
            range: info.range(),
            store: RowStore::new(meta, info.groups, info.range(), rows),
            rows: BTreeMap::new(),
            upserted: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// Takes the slices out of a snapshot.
    pub(super) fn restore(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        let Some(stored) = cx.take_keyed(name) else { return Ok(()) };
        self.store.restore_all(stored)?;
        let kind = self.layout.kind();
        for row in self.store.rows() {
            let slice = slice_of(self.store.key(row), kind)?;
            self.rows.entry(slice).or_default().push(row);
        }
        Ok(())
    }

    /// The row of each group of these columns: the end of the slice, then the group.
    pub(super) fn upsert(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<RowRef>> {
        let ends = columns.first().and_then(|ends| ends.as_primitive_opt::<TimestampMillisecondType>());
        let ends = ends.ok_or_else(|| Error::new(ErrorKind::Internal, "slices without ends"))?;
        let mut hashes = std::mem::take(&mut self.hashes);
        self.owner.hash(columns, rows, &mut hashes)?;
        for (hash, end) in hashes.iter_mut().zip(ends.values()) {
            *hash = slice_hash(*hash, *end, self.groups);
        }
        let keys = self.layout.keys_with(columns, hashes)?;
        self.upserted.clear();
        self.store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
        self.hashes = keys.into_hashes();
        let news = self.upserted.iter().zip(ends.values()).filter(|(group, _)| group.is_new);
        for (group, end) in news {
            self.rows.entry(*end).or_default().push(group.row);
        }
        Ok(self.upserted.iter().map(|group| group.row).collect())
    }

    /// The end of the first slice.
    pub(super) fn first(&self) -> Option<i64> {
        self.rows.first_key_value().map(|(end, _)| *end)
    }

    /// The groups of a slice.
    pub(super) fn rows(&self, end: i64) -> &[RowRef] {
        self.rows.get(&end).map(Vec::as_slice).unwrap_or_default()
    }

    /// The slices that end after `after`, up to `last`, with their groups.
    pub(super) fn between(&self, after: i64, last: i64) -> impl Iterator<Item = (i64, &[RowRef])> {
        let slices = self.rows.range(after.saturating_add(1)..).take_while(move |(end, _)| **end <= last);
        slices.map(|(end, rows)| (*end, rows.as_slice()))
    }

    /// The columns of groups: the end of the slice, then the group.
    pub(super) fn columns(&self, rows: &[RowRef]) -> Result<Vec<ArrayRef>> {
        let keys: Vec<&[u8]> = rows.iter().map(|row| self.store.key(*row)).collect();
        self.layout.decode(&keys)
    }

    /// The columns of groups, without the slice.
    pub(super) fn group_columns(&self, rows: &[RowRef]) -> Result<Vec<ArrayRef>> {
        Ok(self.columns(rows)?.split_off(1))
    }

    /// The columns of groups in a store that [has no slices](Self::upsert_groups).
    pub(super) fn columns_of_groups(&self, store: &RowStore, rows: &[RowRef]) -> Result<Vec<ArrayRef>> {
        let keys: Vec<&[u8]> = rows.iter().map(|row| store.key(*row)).collect();
        self.group_layout.decode(&keys)
    }

    /// What the keys of groups without the slice are.
    pub(super) fn group_kind(&self) -> KeyKind {
        self.group_layout.kind()
    }

    /// Finds or makes the groups of a slice's rows in a store that has no slices.
    pub(super) fn upsert_groups(
        &self,
        store: &mut RowStore,
        rows: &[RowRef],
        upserted: &mut Vec<Upserted>,
    ) -> Result<()> {
        // What accumulators keep beside has the key group of the slices' rows.
        let hash = |mixed: u64, row: &RowRef| self.groups.hash_in_group_of(self.store.hash(*row), mixed);
        if self.group_kind() == KeyKind::U64 {
            let key =
                |row: &RowRef| self.group_key(*row).first_chunk().copied().map_or(0, u64::from_le_bytes);
            let keys: Vec<u64> = rows.iter().map(key).collect();
            let hashes =
                keys.iter().zip(rows).map(|(key, row)| hash(fold_word(STABLE_HASH_START, *key), row));
            let hashes: Vec<u64> = hashes.collect();
            return Ok(store.upsert(&hashes, &KeyColumn::U64(&keys), upserted)?);
        }
        let (mut offsets, mut data, mut hashes) = (vec![0], Vec::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            let key = self.group_key(*row);
            hashes.push(hash(stable_hash(key), row));
            data.extend_from_slice(key);
            offsets.push(u32::try_from(data.len()).unwrap_or(u32::MAX));
        }
        let keys = KeyColumn::Bytes(BytesColumn { offsets: &offsets, data: &data });
        Ok(store.upsert(&hashes, &keys, upserted)?)
    }

    /// The key of a row's group, without the slice.
    fn group_key(&self, row: RowRef) -> &[u8] {
        let key = self.store.key(row);
        match self.layout.kind() {
            KeyKind::U64 => &[],
            // The number is little-endian, and the slice is its upper half.
            KeyKind::U128 => key.get(..8).unwrap_or_default(),
            KeyKind::Bytes => key.get(SLICE_BYTES..).unwrap_or_default(),
        }
    }

    /// Forgets the slices up to `last`.
    pub(super) fn remove_up_to(&mut self, last: i64, accumulators: &mut WindowAccumulators) -> Result<()> {
        while let Some(end) = self.first().filter(|end| *end <= last) {
            self.remove(end, accumulators)?;
        }
        Ok(())
    }

    /// Forgets a slice.
    pub(super) fn remove(&mut self, end: i64, accumulators: &mut WindowAccumulators) -> Result<()> {
        let Some(rows) = self.rows.remove(&end) else { return Ok(()) };
        accumulators.remove(&mut self.store, &rows)?;
        rows.into_iter().for_each(|row| self.store.remove(row));
        Ok(())
    }
}

/// How many bytes a slice takes at the front of a key of bytes: a tag and a number.
const SLICE_BYTES: usize = 9;

/// The end of the slice that a key begins with.
fn slice_of(key: &[u8], kind: KeyKind) -> Result<i64> {
    let number =
        |at: usize| key.get(at..).and_then(|bytes| bytes.first_chunk()).copied().map(i64::from_le_bytes);
    let slice = match kind {
        KeyKind::U64 => number(0),
        KeyKind::U128 => number(8),
        KeyKind::Bytes => KeyDecoder::new(key).number::<i64>(KeyOrder::Ascending)?,
    };
    slice.ok_or_else(|| Error::new(ErrorKind::Restore, "a window's key in the state is cut off"))
}

/// The hash of a group in a slice: in the key group of the group's own hash, and different for each slice.
fn slice_hash(hash: u64, slice: i64, groups: KeyGroups) -> u64 {
    groups.hash_in_group_of(hash, fold_word(hash, slice.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_owned_by_one_subtask_in_all_slices() {
        for count in [1, 100, 128, 32_768] {
            let groups = KeyGroups::new(count);
            for hash in [0, 1, 0x9E37_79B9_7F4A_7C15, u64::MAX] {
                let hashes: Vec<_> = (0..50).map(|slice| slice_hash(hash, slice * 1_000, groups)).collect();
                assert!(
                    hashes.iter().all(|of| groups.of_hash(*of) == groups.of_hash(hash)),
                    "{count} {hash}"
                );
                let different: std::collections::BTreeSet<_> = hashes.iter().collect();
                assert_eq!(different.len(), hashes.len());
            }
        }
    }
}
