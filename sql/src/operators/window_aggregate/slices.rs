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
    KeyDecoder, KeyKind, KeyOrder, RowLayout, RowRef, RowStore, RowsPerKey, Upserted,
};
use millstream_state::snapshot::part::StateMeta;
use millstream_state::{KeyGroupRange, KeyGroups, fold_word};

use super::accumulators::WindowAccumulators;
use crate::chunk::KeyLayout;
use crate::types::{Field, SqlType, TimeKind};

/// The groups of all slices.
pub(super) struct Slices {
    /// The end of the slice, then the columns of the group.
    layout: KeyLayout,
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
        let slice = Field::required(SqlType::Timestamp(3, TimeKind::Regular));
        let fields: Vec<_> = std::iter::once(slice).chain(group.iter().cloned()).collect();
        let owner_columns = (owner + 1..fields.len()).collect();
        let owner = KeyLayout::new(owner_columns, group.iter().skip(owner).cloned().collect());
        let layout = KeyLayout::new((0..fields.len()).collect(), fields);
        let rows = RowLayout::new(layout.kind(), initial, RowsPerKey::One);
        Self {
            layout,
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
        let keys = self.layout.keys(columns, rows)?;
        self.upserted.clear();
        self.store.upsert(&hashes, &keys.column(), &mut self.upserted)?;
        self.hashes = hashes;
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

    /// The key of a row's group, without the slice.
    pub(super) fn group_key(&self, row: RowRef) -> &[u8] {
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
