//! A number for each group, by which what is kept beside its row is found.
//!
//! Shorter than most keys, and a new one if the group ends and begins again: nothing of what an ended group has left
//! behind is ever found.

use millstream_state::KeyGroups;
use millstream_state::rows::{RowRef, RowStore};

/// How many bytes a number takes in the row of a group.
pub(super) const NUMBER: usize = 8;

/// Behind the key group of the group, which no two subtasks own at once, a count has so many bits.
const COUNT_BITS: u32 = 48;

/// Gives numbers to groups. No two groups ever have the same, even when the states of several subtasks come together.
#[derive(Debug, Default)]
pub(super) struct GroupNumbers {
    /// Where the number is in the fixed part of a group's row.
    offset: usize,
    /// The last count that has been given.
    last: u64,
    numbers: Vec<u64>,
}

impl GroupNumbers {
    /// Numbers at this place of the fixed part.
    pub(super) const fn at(offset: usize) -> Self {
        Self { offset, last: 0, numbers: Vec::new() }
    }

    /// The number of each row's group; a group that has none gets one.
    pub(super) fn of_rows(&mut self, store: &mut RowStore, rows: &[RowRef], groups: KeyGroups) -> &[u64] {
        self.numbers.clear();
        self.numbers.reserve(rows.len());
        for row in rows {
            let number = match self.get(store, *row) {
                0 => self.give(store, *row, groups),
                number => number,
            };
            self.numbers.push(number);
        }
        &self.numbers
    }

    /// A number that is taken already, from a snapshot.
    pub(super) fn seen(&mut self, number: u64) {
        self.last = self.last.max(number & ((1 << COUNT_BITS) - 1));
    }

    /// The numbers of all groups are taken.
    pub(super) fn restored(&mut self, store: &RowStore) {
        for row in store.rows() {
            self.seen(self.get(store, row));
        }
    }

    /// The number of a group; 0 if it has none.
    #[inline]
    fn get(&self, store: &RowStore, row: RowRef) -> u64 {
        let bytes = store.fixed(row).get(self.offset..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    #[cold]
    fn give(&mut self, store: &mut RowStore, row: RowRef, groups: KeyGroups) -> u64 {
        self.last += 1;
        let number = (groups.of_hash(store.hash(row)).index() as u64) << COUNT_BITS | self.last;
        let slot = store.fixed_mut(row).get_mut(self.offset..).and_then(|bytes| bytes.first_chunk_mut());
        if let Some(slot) = slot {
            *slot = number.to_le_bytes();
        }
        number
    }
}
