//! A store as it was when a snapshot was taken, and its rows as blocks, one for each key group.
//!
//! ```text
//! block:  1 if rows have stamps, else 0 | keys
//! changes: 3 if rows have stamps, else 2 | slots of hashes that are replaced | keys
//! key:    its length, then its bytes; or a number as words | hash | how many rows, where it may have many | rows
//! row:    stamp u32, where rows have stamps | length of the variable part, then its bytes | fixed part as words
//! ```
//!
//! Lengths and counts are varints, words as in [`words`](super::words). Rows of one key are in their order. The
//! hash is a varint, too, of how it differs from the hash of the key's bytes: not at all, for most keys that
//! are numbers.

use std::hash::Hasher;
use std::sync::{Arc, OnceLock};

use super::frozen_pages::FrozenPages;
use super::group_changes::SnapshottedGroup;
use super::key_column::KeyKind;
use super::layout::{RowLayout, RowsPerKey};
use super::row;
use super::row_changes::{ChangedSlots, RowChanges};
use super::row_ref::RowRef;
use super::store::RowStore;
use super::ttl::Expiry;
use super::words::pack;
use crate::codec::encode_into;
use crate::prefetch::prefetch;
use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot};
use crate::{CheckpointId, KeyGroupRange, KeyGroups, Result, StableHasher, StateError};

/// How many keys before its turn a row is asked for.
const FETCHED_AHEAD: usize = 16;

/// The first byte of a block, if rows have stamps.
pub(super) const STAMPED: u8 = 1;
/// The first byte of a block, if they have none.
pub(super) const UNSTAMPED: u8 = 0;
/// In the first byte of a block of changes, besides.
pub(super) const CHANGES: u8 = 2;

impl RowStore {
    /// Freezes the content for snapshot `checkpoint`: takes some ten nanoseconds a page; rows are neither
    /// copied nor encoded. A page is copied when it is written to while the snapshot still holds it.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        let frozen = self.freeze();
        let start = frozen.range.start();
        let groups = self.groups.snapshot(checkpoint).map(|snapshotted| {
            let SnapshottedGroup { group, rows, unchanged_since, changes } = snapshotted;
            let (frozen, index) = (frozen.clone(), group.index().saturating_sub(start));
            let block = RowBlock { frozen, index, rows, changes: changes.map(Arc::new) };
            GroupSnapshot { group, unchanged_since, block: Arc::new(block) }
        });
        KeyedStateSnapshot { meta: self.meta.clone(), groups: groups.collect() }
    }

    /// The rows as they are now.
    pub(super) fn freeze(&mut self) -> Arc<FrozenRows> {
        Arc::new(FrozenRows {
            state: self.meta.name.as_str().into(),
            layout: self.layout.clone(),
            groups: self.groups.groups(),
            range: self.groups.range(),
            expiry: if self.restarted.is_some() { self.expiry.with_expired() } else { self.expiry },
            pages: self.pages.share(),
            dealt: OnceLock::new(),
        })
    }
}

/// What all blocks of a snapshot have in common.
pub(super) struct FrozenRows {
    state: Arc<str>,
    layout: RowLayout,
    groups: KeyGroups,
    range: KeyGroupRange,
    expiry: Expiry,
    pages: FrozenPages,
    /// The rows of each key group, found by whoever encodes the first block. Of those with one key, the
    /// first.
    dealt: OnceLock<Vec<Vec<RowRef>>>,
}

impl FrozenRows {
    /// The rows of a group, of those with one key the first: `index` is which of the range's groups it is.
    pub(super) fn rows_of(&self, index: usize) -> &[RowRef] {
        let dealt = self.dealt.get_or_init(|| self.deal());
        dealt.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    fn deal(&self) -> Vec<Vec<RowRef>> {
        let mut dealt = vec![Vec::new(); self.range.len()];
        let many = self.layout.rows_per_key() == RowsPerKey::Many;
        for (row, bytes) in self.pages.rows() {
            if many && row::count(bytes) == 0 {
                continue;
            }
            let group = self.groups.of_hash(row::hash(bytes)).index();
            if let Some(rows) = dealt.get_mut(group.wrapping_sub(self.range.start())) {
                rows.push(row);
            }
        }
        dealt
    }

    /// The first byte of a block.
    fn stamped(&self) -> u8 {
        if self.expiry.is_on() { STAMPED } else { UNSTAMPED }
    }

    fn encode(&self, index: usize, out: &mut Pieces) -> Result<(), postcard::Error> {
        out.end().push(self.stamped());
        self.encode_keys(index, out)
    }

    /// How many rows there are of keys that have changed.
    fn changed_rows(&self, index: usize, slots: &ChangedSlots<'_>) -> u64 {
        let many = self.layout.rows_per_key() == RowsPerKey::Many;
        let rows = self.rows_of(index).iter().map(|row| self.pages.row(*row));
        let changed = rows.filter(|bytes| slots.contains(row::hash(bytes)));
        changed.map(|bytes| if many { u64::from(row::count(bytes)) } else { 1 }).sum()
    }

    fn encode_changes(
        &self,
        index: usize,
        slots: &ChangedSlots<'_>,
        out: &mut Pieces,
    ) -> Result<(), postcard::Error> {
        out.end().push(self.stamped() | CHANGES);
        slots.encode(out.end())?;
        let rows = self.rows_of(index).iter();
        let mut changed = rows.filter(|row| slots.contains(row::hash(self.pages.row(**row))));
        changed.try_for_each(|row| self.encode_key(*row, out))
    }

    /// Appends the keys of a group with their rows.
    pub(super) fn encode_keys(&self, index: usize, out: &mut Pieces) -> Result<(), postcard::Error> {
        let rows = self.rows_of(index);
        let ahead = rows.iter().skip(FETCHED_AHEAD).map(Some).chain(std::iter::repeat(None));
        let last = self.layout.reach();
        for (row, ahead) in rows.iter().zip(ahead) {
            let ahead = ahead.map(|row| self.pages.row(*row)).unwrap_or_default();
            [ahead.first(), ahead.get(last)].into_iter().flatten().for_each(prefetch);
            self.encode_key(*row, out)?;
        }
        Ok(())
    }

    /// Appends a key with its rows, unless all of them have expired.
    fn encode_key(&self, first: RowRef, out: &mut Pieces) -> Result<(), postcard::Error> {
        let bytes = self.pages.row(first);
        let many = self.layout.rows_per_key() == RowsPerKey::Many;
        let live = match many {
            true => self.live_rows(bytes).count(),
            false => usize::from(self.expiry.is_live(row::stamp(bytes))),
        };
        if live == 0 {
            return Ok(());
        }
        let (key, to) = (self.layout.key(bytes), out.end());
        match self.layout.key_kind() {
            KeyKind::U64 | KeyKind::U128 => pack(key, to),
            KeyKind::Bytes => {
                encode_into(&key.len(), to)?;
                to.extend_from_slice(key);
            }
        }
        encode_into(&(row::hash(bytes) ^ hash_of_bytes(key)), to)?;
        if !many {
            return self.encode_row(bytes, to);
        }
        encode_into(&live, to)?;
        self.live_rows(bytes).try_for_each(|bytes| self.encode_row(bytes, out.end()))
    }

    #[inline]
    fn encode_row(&self, bytes: &[u8], to: &mut Vec<u8>) -> Result<(), postcard::Error> {
        if self.expiry.is_on() {
            to.extend_from_slice(&row::stamp(bytes).to_le_bytes());
        }
        let variable = bytes.get(self.layout.variable(bytes)).unwrap_or_default();
        encode_into(&variable.len(), to)?;
        to.extend_from_slice(variable);
        pack(bytes.get(self.layout.fixed()).unwrap_or_default(), to);
        Ok(())
    }

    /// The error of a block that cannot be encoded.
    pub(super) fn failed(&self, source: postcard::Error) -> StateError {
        StateError::Codec { state: self.state.to_string(), action: "encode", source }
    }

    /// The bytes of all rows with the key of a first one, in order, without those that have expired.
    fn live_rows<'a>(&'a self, first: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let next = |bytes: &&[u8]| row::next(bytes).map(|next| self.pages.row(next));
        let all = std::iter::successors(Some(first), next).take(row::count(first) as usize);
        all.filter(|bytes| self.expiry.is_live(row::stamp(bytes)))
    }
}

/// The stable hash of a key's bytes.
#[inline]
pub(super) fn hash_of_bytes(key: &[u8]) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.write(key);
    hasher.finish()
}

/// The rows of one key group.
struct RowBlock {
    frozen: Arc<FrozenRows>,
    /// Which group of the range.
    index: usize,
    /// How many rows, those included that have expired.
    rows: u64,
    /// Which keys have changed since the last snapshots.
    changes: Option<Arc<RowChanges>>,
}

impl EncodeBlock for RowBlock {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.frozen.encode(self.index, out).map_err(|source| self.frozen.failed(source))
    }

    fn entries(&self) -> u64 {
        self.rows
    }

    fn changes_since(&self, base: CheckpointId) -> Option<Arc<dyn EncodeBlock>> {
        let changes = self.changes.clone()?;
        let rows = self.frozen.changed_rows(self.index, &changes.since_snapshot(base)?);
        Some(Arc::new(ChangedRows { frozen: self.frozen.clone(), index: self.index, base, changes, rows }))
    }
}

/// The rows of keys that have changed since a snapshot.
struct ChangedRows {
    frozen: Arc<FrozenRows>,
    /// Of which group of the range.
    index: usize,
    base: CheckpointId,
    changes: Arc<RowChanges>,
    rows: u64,
}

impl EncodeBlock for ChangedRows {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        let encoded = match self.changes.since_snapshot(self.base) {
            Some(slots) => self.frozen.encode_changes(self.index, &slots, out),
            None => Err(postcard::Error::SerdeSerCustom),
        };
        encoded.map_err(|source| self.frozen.failed(source))
    }

    fn entries(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests;
