//! Finds rows by the hashes of their keys: slots of 8 bytes, linear probing.
//!
//! A slot holds the upper half of the hash and the row. Where a slot belongs is in the upper bits of
//! that half, so the index grows and closes gaps without looking at any row; the lower bits of the
//! half tell keys apart whose slots lie together. The lower half of the hash decides the key group.

use super::row_ref::RowRef;
use crate::prefetch::prefetch;

/// How many slots the smallest index has, as a power of two.
const SMALLEST: u32 = 4;

/// An open-addressing table from hashes to rows.
#[derive(Debug)]
pub(super) struct RowIndex {
    /// Hash and row, 0 where there is none; a power of two of them.
    slots: Vec<u64>,
    /// How far the upper half of a hash is shifted to be a position.
    shift: u32,
    used: usize,
}

impl Default for RowIndex {
    fn default() -> Self {
        Self::with_bits(SMALLEST)
    }
}

/// The upper half of a hash, and where it is kept in a slot.
#[inline]
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[inline]
const fn slot_of(hash: u64, row: RowRef) -> u64 {
    (tag(hash) as u64) << 32 | row.number() as u64
}

#[inline]
const fn row_of(slot: u64) -> Option<RowRef> {
    RowRef::from_number(slot as u32)
}

impl RowIndex {
    fn with_bits(bits: u32) -> Self {
        Self { slots: vec![0; 1 << bits], shift: u32::BITS - bits, used: 0 }
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<u64>()
    }

    /// Where a slot belongs.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag >> self.shift) as usize
    }

    #[inline]
    fn slot(&self, position: usize) -> u64 {
        self.slots.get(position).copied().unwrap_or(0)
    }

    #[inline]
    fn after(&self, position: usize) -> usize {
        (position + 1) & (self.slots.len() - 1)
    }

    /// Asks for the memory where a key with this hash is looked for first.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.home(tag(hash))) {
            prefetch(slot);
        }
    }

    /// The first row whose hash is likely this one.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<RowRef> {
        self.find(hash, |_| true)
    }

    /// The row with this hash for which `is_wanted` holds. It is shown rows with other hashes, too.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_wanted: impl FnMut(RowRef) -> bool) -> Option<RowRef> {
        let tag = tag(hash);
        let mut position = self.home(tag);
        loop {
            let slot = self.slot(position);
            // There are always slots that hold none.
            let row = row_of(slot)?;
            if (slot >> 32) as u32 == tag && is_wanted(row) {
                return Some(row);
            }
            position = self.after(position);
        }
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, hash: u64, row: RowRef) {
        // Five eighths full: from there on searches in vain become long.
        if (self.used + 1) * 8 > self.slots.len() * 5 {
            self.grow();
        }
        self.used += 1;
        self.place(slot_of(hash, row));
    }

    fn place(&mut self, slot: u64) {
        let mut position = self.home((slot >> 32) as u32);
        while self.slot(position) != 0 {
            position = self.after(position);
        }
        self.set(position, slot);
    }

    #[inline]
    fn set(&mut self, position: usize, slot: u64) {
        if let Some(to) = self.slots.get_mut(position) {
            *to = slot;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self::with_bits(u32::BITS - self.shift + 1);
        let used = self.used;
        let old = std::mem::replace(self, larger);
        old.slots.into_iter().filter(|slot| *slot != 0).for_each(|slot| self.place(slot));
        self.used = used;
    }

    /// Where the slot of a row is that has this hash.
    fn position(&self, hash: u64, row: RowRef) -> Option<usize> {
        let wanted = slot_of(hash, row);
        let mut position = self.home(tag(hash));
        loop {
            match self.slot(position) {
                0 => return None,
                slot if slot == wanted => return Some(position),
                _ => position = self.after(position),
            }
        }
    }

    /// Puts another row in the place of one with the same key.
    pub(super) fn replace(&mut self, hash: u64, row: RowRef, by: RowRef) {
        if let Some(position) = self.position(hash, row) {
            self.set(position, slot_of(hash, by));
        }
    }

    /// Removes a row. The gap is closed, so that searches never meet slots of rows that were removed.
    pub(super) fn remove(&mut self, hash: u64, row: RowRef) {
        let Some(mut gap) = self.position(hash, row) else { return };
        self.used -= 1;
        let mask = self.slots.len() - 1;
        let mut position = gap;
        loop {
            position = self.after(position);
            let slot = self.slot(position);
            if slot == 0 {
                break;
            }
            let home = self.home((slot >> 32) as u32);
            // It may move to the gap if that does not lie before the place where it belongs.
            if position.wrapping_sub(home) & mask >= position.wrapping_sub(gap) & mask {
                self.set(gap, slot);
                gap = position;
            }
        }
        self.set(gap, 0);
    }
}

#[cfg(test)]
mod tests;
