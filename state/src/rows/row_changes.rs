//! Which keys of a key group have changed since some of the last snapshots, as slots of their hashes.
//!
//! Rows move, so it is not by place that changes are noted. Several keys may share a slot: with one of them, all count as
//! changed. A block of changes says which slots it replaces, so that nothing is kept of keys that are gone.

use hashbrown::HashSet;

use crate::CheckpointId;
use crate::changes::{Changes, ChangesSince};
use crate::codec::{decode_from, encode_into};

/// The fewest and the most slots, as powers of two.
const BITS: [u32; 2] = [6, 31];

/// Which slot a hash has: the low bits of the keys of a key group are alike.
#[inline]
const fn slot(hash: u64, bits: u32) -> usize {
    (hash >> 32) as usize & ((1 << bits) - 1)
}

/// The changes of a key group.
#[derive(Clone, Debug)]
pub(super) struct RowChanges {
    bits: u32,
    changes: Changes<()>,
}

impl RowChanges {
    /// Begins with the content of a snapshot, which has so many rows.
    pub(super) fn since(snapshot: CheckpointId, rows: u64) -> Self {
        let bits = rows.saturating_mul(2).checked_next_power_of_two().map_or(BITS[1], u64::trailing_zeros);
        Self { bits: bits.clamp(BITS[0], BITS[1]), changes: Changes::since(snapshot) }
    }

    /// Goes on with the content of another snapshot.
    pub(super) fn snapshotted(&mut self, snapshot: CheckpointId) {
        self.changes.snapshotted(snapshot);
    }

    /// How many slots have changed since the last snapshot.
    pub(super) fn in_last_interval(&self) -> usize {
        self.changes.in_last_interval()
    }

    /// How many rows the slots tell apart.
    pub(super) const fn slots(&self) -> u64 {
        1 << self.bits
    }

    /// Notes that rows of a key with this hash are written to, added or removed.
    #[inline]
    pub(super) fn changed(&mut self, hash: u64) {
        self.changes.changed(slot(hash, self.bits));
    }

    /// What has changed since a snapshot; `None` where that is not known.
    pub(super) fn since_snapshot(&self, base: CheckpointId) -> Option<ChangedSlots<'_>> {
        Some(ChangedSlots { bits: self.bits, slots: self.changes.since_snapshot(base)? })
    }
}

/// The slots that have changed since a snapshot.
pub(super) struct ChangedSlots<'a> {
    bits: u32,
    slots: ChangesSince<'a, ()>,
}

impl ChangedSlots<'_> {
    /// Whether keys with this hash count as changed.
    #[inline]
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.slots.contains(slot(hash, self.bits))
    }

    /// Appends which they are: how many bits of hashes tell them, how many there are, and each as the difference from
    /// the one before.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> postcard::Result<()> {
        encode_into(&(self.bits, self.slots.count()), out)?;
        let mut before = 0;
        self.slots.buckets().try_for_each(|slot| {
            let difference = slot - before;
            before = slot;
            encode_into(&difference, out)
        })
    }
}

/// The slots that a block of changes replaces.
pub(super) struct ReplacedSlots {
    bits: u32,
    slots: HashSet<usize>,
}

impl ReplacedSlots {
    /// Takes what [`ChangedSlots::encode`] has appended off the front.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (bits, count): (u32, usize) = decode_from(bytes).ok()?;
        if !(BITS[0]..=BITS[1]).contains(&bits) || count > bytes.len() {
            return None;
        }
        let mut slots = HashSet::with_capacity(count);
        let mut slot: usize = 0;
        for _ in 0..count {
            slot = slot.checked_add(decode_from(bytes).ok()?)?;
            slots.insert(slot);
        }
        Some(Self { bits, slots })
    }

    /// Whether what earlier blocks hold of keys with this hash is replaced.
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.slots.contains(&slot(hash, self.bits))
    }
}
