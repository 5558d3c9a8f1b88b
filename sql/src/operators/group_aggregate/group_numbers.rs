//! A number for each group, by which what is kept beside its row is found.
//!
//! Shorter than most keys, and a new one if the group ends and begins again: nothing of what an ended group has left
//! behind is ever found.

use std::collections::HashSet;

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
    /// The numbers of all groups that are there, where groups expire: who keeps something by number asks.
    alive: Option<HashSet<u64>>,
}

impl GroupNumbers {
    /// Numbers at this place of the fixed part. Where groups expire, it is known which are there.
    pub(super) fn at(offset: usize, expires: bool) -> Self {
        Self { offset, last: 0, numbers: Vec::new(), alive: expires.then(HashSet::new) }
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
        // Also those of groups that have expired: they are forgotten when they are swept.
        for row in store.rows_with_expired() {
            let number = self.get(store, row);
            self.seen(number);
            if let Some(alive) = &mut self.alive {
                alive.insert(number);
            }
        }
    }

    /// Groups end.
    pub(super) fn forget(&mut self, store: &RowStore, rows: &[RowRef]) {
        for row in rows {
            let number = self.get(store, *row);
            if let Some(alive) = &mut self.alive {
                alive.remove(&number);
            }
        }
    }

    /// Whether the group of this number is there. Only asked where groups expire.
    pub(super) fn is_alive(&self, number: u64) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.contains(&number))
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
        if let Some(alive) = &mut self.alive {
            alive.insert(number);
        }
        number
    }
}
