//! A store as it was when a snapshot was taken, and its rows as blocks, one for each key group.
//!
//! ```text
//! block:  1 if rows have stamps, else 0 | keys
//! key:    hash u64 | its length, then its bytes; or a number | how many rows, where it may have many | rows
//! row:    stamp u32, where rows have stamps | fixed part | length of the variable part, and its bytes
//! ```
//!
//! Lengths and counts are varints, numbers little-endian. Rows of one key are in their order.

use std::sync::{Arc, OnceLock};

use super::frozen_pages::FrozenPages;
use super::key_column::KeyKind;
use super::row::{self, RowLayout, RowsPerKey};
use super::row_ref::RowRef;
use super::store::RowStore;
use super::ttl::Expiry;
use crate::codec::encode_into;
use crate::prefetch::prefetch;
use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot};
use crate::{CheckpointId, KeyGroupRange, KeyGroups, Result, StateError};

/// How many keys before its turn a row is asked for.
const FETCHED_AHEAD: usize = 16;

/// The first byte of a block, if rows have stamps.
pub(super) const STAMPED: u8 = 1;
/// The first byte of a block, if they have none.
pub(super) const UNSTAMPED: u8 = 0;

impl RowStore {
    /// Freezes the content for snapshot `checkpoint`: takes some ten nanoseconds a page; rows are neither
    /// copied nor encoded. A page is copied when it is written to while the snapshot still holds it.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        let frozen = Arc::new(FrozenRows {
            state: self.meta.name.as_str().into(),
            layout: self.layout.clone(),
            groups: self.groups.groups(),
            range: self.groups.range(),
            expiry: self.expiry,
            pages: self.pages.share(),
            dealt: OnceLock::new(),
        });
        let start = frozen.range.start();
        let groups = self.groups.snapshot(checkpoint).map(|(group, rows, unchanged_since)| {
            let block = RowBlock { frozen: frozen.clone(), index: group.index().saturating_sub(start), rows };
            GroupSnapshot { group, unchanged_since, block: Arc::new(block) }
        });
        KeyedStateSnapshot { meta: self.meta.clone(), groups: groups.collect() }
    }
}

/// What all blocks of a snapshot have in common.
struct FrozenRows {
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
    fn rows_of(&self, index: usize) -> &[RowRef] {
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

    fn encode(&self, index: usize, out: &mut Pieces) -> Result<(), postcard::Error> {
        out.end().push(if self.expiry.is_on() { STAMPED } else { UNSTAMPED });
        let rows = self.rows_of(index);
        let ahead = rows.iter().skip(FETCHED_AHEAD).map(Some).chain(std::iter::repeat(None));
        for (row, ahead) in rows.iter().zip(ahead) {
            if let Some(first) = ahead.and_then(|row| self.pages.row(*row).first()) {
                prefetch(first);
            }
            self.encode_key(*row, out)?;
        }
        Ok(())
    }

    /// Appends a key with its rows, unless all of them have expired.
    fn encode_key(&self, first: RowRef, out: &mut Pieces) -> Result<(), postcard::Error> {
        let live = self.live_rows(first).count();
        if live == 0 {
            return Ok(());
        }
        let (bytes, to) = (self.pages.row(first), out.end());
        to.extend_from_slice(&row::hash(bytes).to_le_bytes());
        let key = self.layout.key(bytes);
        if self.layout.key_kind() == KeyKind::Bytes {
            encode_into(&key.len(), to)?;
        }
        to.extend_from_slice(key);
        if self.layout.rows_per_key() == RowsPerKey::Many {
            encode_into(&live, to)?;
        }
        self.live_rows(first).try_for_each(|bytes| {
            let to = out.end();
            if self.expiry.is_on() {
                to.extend_from_slice(&row::stamp(bytes).to_le_bytes());
            }
            to.extend_from_slice(bytes.get(self.layout.fixed()).unwrap_or_default());
            let variable = bytes.get(self.layout.variable(bytes)).unwrap_or_default();
            encode_into(&variable.len(), to)?;
            to.extend_from_slice(variable);
            Ok(())
        })
    }

    /// The bytes of all rows with the key of a first one, in order, without those that have expired.
    fn live_rows(&self, first: RowRef) -> impl Iterator<Item = &[u8]> {
        let bytes = self.pages.row(first);
        let rows = match self.layout.rows_per_key() {
            RowsPerKey::One => 1,
            RowsPerKey::Many => row::count(bytes) as usize,
        };
        let next = |bytes: &&[u8]| row::next(bytes).map(|next| self.pages.row(next));
        let all = std::iter::successors(Some(bytes), next).take(rows);
        all.filter(|bytes| self.expiry.is_live(row::stamp(bytes)))
    }
}

/// The rows of one key group.
struct RowBlock {
    frozen: Arc<FrozenRows>,
    /// Which group of the range.
    index: usize,
    /// How many rows, those included that have expired.
    rows: u64,
}

impl EncodeBlock for RowBlock {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.frozen.encode(self.index, out).map_err(|source| StateError::Codec {
            state: self.frozen.state.to_string(),
            action: "encode",
            source,
        })
    }

    fn entries(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests;
