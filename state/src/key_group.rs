//! Key groups: the unit in which keyed state is spread over subtasks, snapshotted and moved.
//!
//! `key_group = stable_hash(key) mod max_parallelism`, and the subtask that owns a key group is
//! `key_group * parallelism / max_parallelism`. This arithmetic stands here and nowhere else.

use std::fmt;
use std::hash::Hash;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::hash::stable_hash;

/// The number of key groups of a job that does not say otherwise.
pub const DEFAULT_MAX_PARALLELISM: u32 = 128;
/// The largest number of key groups a job may have.
pub const UPPER_MAX_PARALLELISM: u32 = 1 << 15;

/// One of the groups that all keys are spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyGroup(u16);

impl KeyGroup {
    /// The group with this number, counted from 0.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number, as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for KeyGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Spreads keys over the key groups of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyGroups {
    max_parallelism: u32,
    /// `max_parallelism - 1` where that is a mask: a division a record would cost more than the hash.
    mask: Option<u32>,
}

impl KeyGroups {
    /// `max_parallelism` groups; brought into `1..=`[`UPPER_MAX_PARALLELISM`].
    pub fn new(max_parallelism: u32) -> Self {
        let max_parallelism = max_parallelism.clamp(1, UPPER_MAX_PARALLELISM);
        Self { max_parallelism, mask: max_parallelism.is_power_of_two().then(|| max_parallelism - 1) }
    }

    /// How many groups there are.
    pub const fn count(self) -> u32 {
        self.max_parallelism
    }

    /// The group of a key.
    #[inline]
    pub fn of<K: Hash + ?Sized>(self, key: &K) -> KeyGroup {
        self.of_hash(stable_hash(key))
    }

    /// The group of a key with this [`stable_hash`].
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the low bits of the hash; the group is below 2^15")]
    pub fn of_hash(self, hash: u64) -> KeyGroup {
        KeyGroup(match self.mask {
            Some(mask) => hash as u32 & mask,
            None => (hash % u64::from(self.max_parallelism)) as u32,
        } as u16)
    }

    /// A hash that spreads as `hash` does, by its upper half, and has the group of another: for state that is kept by
    /// more than the key by which records come to a subtask.
    ///
    /// ```
    /// # use millstream_state::{KeyGroups, stable_hash};
    /// let groups = KeyGroups::new(100);
    /// let (user, user_and_page) = (stable_hash("ann"), stable_hash(&("ann", "home")));
    /// let hash = groups.hash_in_group_of(user, user_and_page);
    /// assert_eq!(groups.of_hash(hash), groups.of_hash(user));
    /// assert_eq!(hash >> 32, user_and_page >> 32);
    /// ```
    #[inline]
    pub fn hash_in_group_of(self, other: u64, hash: u64) -> u64 {
        let upper = hash & !u64::from(u32::MAX);
        let group = u64::from(self.of_hash(other).0);
        match self.mask {
            Some(_) => upper | group,
            None => {
                let groups = u64::from(self.max_parallelism);
                // Less than 2^15, so that it stays in the lower half.
                upper | ((group + groups - upper % groups) % groups)
            }
        }
    }

    /// The subtask that owns a group, of `parallelism` subtasks.
    pub const fn owner(self, group: KeyGroup, parallelism: u32) -> u32 {
        group.0 as u32 * parallelism / self.max_parallelism
    }

    /// The groups that subtask `subtask` of `parallelism` owns.
    #[allow(clippy::cast_possible_truncation, reason = "a group is below 2^15")]
    pub fn range_of(self, subtask: u32, parallelism: u32) -> KeyGroupRange {
        let parallelism = u64::from(parallelism.max(1));
        let first_at =
            |subtask: u64| (subtask * u64::from(self.max_parallelism)).div_ceil(parallelism) as u16;
        KeyGroupRange { start: first_at(u64::from(subtask)), end: first_at(u64::from(subtask) + 1) }
    }
}

/// A run of neighbouring key groups, `start` included and `end` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGroupRange {
    start: u16,
    end: u16,
}

impl KeyGroupRange {
    /// The groups from `start` up to, not including, `end`.
    pub const fn new(start: u16, end: u16) -> Self {
        Self { start, end }
    }

    /// The first group.
    pub const fn first(self) -> u16 {
        self.start
    }

    /// The group behind the last one.
    pub const fn end(self) -> u16 {
        self.end
    }

    /// The first group's number.
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// How many groups there are.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether `group` is one of them.
    pub const fn contains(self, group: KeyGroup) -> bool {
        self.start <= group.0 && group.0 < self.end
    }

    /// The groups, in order.
    pub fn iter(self) -> impl Iterator<Item = KeyGroup> + Clone {
        Range { start: self.start, end: self.end }.map(KeyGroup)
    }
}

impl fmt::Display for KeyGroupRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests;
