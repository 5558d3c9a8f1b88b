//! Which entries of a state have changed since some of the last snapshots.
//!
//! What a checkpoint writes of a large state is then what has changed since its base, which is mostly the snapshot
//! before, but may be an earlier one where that was given up. So changes are kept by interval between snapshots, and
//! those since a base are the union of the intervals behind it. The state says what a changed entry is now.

use std::collections::VecDeque;

use hashbrown::HashTable;

use crate::{CheckpointId, Key, stable_hash};

/// How many intervals are kept besides the last: bases further back make a key group be written whole.
const INTERVALS: usize = 3;

/// The part of the entries that changes between two snapshots from which on noting changes is not worth while, as one in so
/// many.
pub(crate) const MANY_CHANGES: usize = 4;

/// What becomes of noting changes at a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Noting {
    /// They are not noted for now.
    No,
    /// They are noted from this snapshot on.
    Begin,
    /// They are noted further.
    GoOn,
}

/// For how many snapshots changes are not noted: where everything changes all the time it would be in vain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pause {
    left: u8,
    last: u8,
}

impl Pause {
    /// The longest, in snapshots.
    const LONGEST: u8 = 8;

    /// Too much has changed: begins, for twice as long as the last time.
    pub(crate) fn begin(&mut self) {
        self.last = (self.last * 2).clamp(1, Self::LONGEST);
        self.left = self.last;
    }

    /// At a snapshot of so many entries, of which as many have changed since the last one, if that was noted.
    pub(crate) fn at_snapshot(&mut self, changed: Option<usize>, entries: usize) -> Noting {
        match changed {
            Some(changed) if changed > entries / MANY_CHANGES => {
                self.begin();
                Noting::No
            }
            Some(_) => {
                self.last = 0;
                Noting::GoOn
            }
            None if self.left == 0 => Noting::Begin,
            None => {
                self.left -= 1;
                Noting::No
            }
        }
    }
}

/// The changes between a snapshot and the next.
#[derive(Clone, Debug)]
struct Interval<K> {
    /// The snapshot that it began with.
    since: CheckpointId,
    /// A bit for each bucket whose entry was written to, as far as the last of them.
    buckets: Vec<u64>,
    /// The keys that were removed, each once; some of them may be there again.
    removed: HashTable<K>,
}

/// What has changed since some of the last snapshots: by numbers that entries have had all the time, such as their
/// buckets in a table, and the keys of those that are gone, where these are noted.
#[derive(Clone, Debug)]
pub(crate) struct Changes<K> {
    /// The earlier ones, oldest first.
    closed: VecDeque<Interval<K>>,
    open: Interval<K>,
}

impl<K> Interval<K> {
    const fn since(since: CheckpointId) -> Self {
        Self { since, buckets: Vec::new(), removed: HashTable::new() }
    }

    fn len(&self) -> usize {
        count(&self.buckets) + self.removed.len()
    }
}

impl<K: Key> Changes<K> {
    /// Begins with the content of a snapshot.
    pub(crate) const fn since(snapshot: CheckpointId) -> Self {
        Self { closed: VecDeque::new(), open: Interval::since(snapshot) }
    }

    /// Goes on with the content of another.
    pub(crate) fn snapshotted(&mut self, snapshot: CheckpointId) {
        let closed = std::mem::replace(&mut self.open, Interval::since(snapshot));
        self.closed.push_back(closed);
        if self.closed.len() > INTERVALS {
            self.closed.pop_front();
        }
    }

    /// How many entries have changed since the last snapshot.
    pub(crate) fn in_last_interval(&self) -> usize {
        self.open.len()
    }

    /// How many removed keys have been noted since the last snapshot.
    pub(crate) fn in_last_interval_removed(&self) -> usize {
        self.open.removed.len()
    }

    /// Notes that the entry in a bucket has been, or is about to be, written to.
    #[inline]
    pub(crate) fn changed(&mut self, bucket: usize) {
        let bit = 1 << (bucket % 64);
        match self.open.buckets.get_mut(bucket / 64) {
            Some(word) => *word |= bit,
            None => self.grow(bucket),
        }
    }

    #[cold]
    fn grow(&mut self, bucket: usize) {
        self.open.buckets.resize(bucket / 64 + 1, 0);
        if let Some(word) = self.open.buckets.last_mut() {
            *word |= 1 << (bucket % 64);
        }
    }

    /// Notes that a key has been removed.
    pub(crate) fn removed(&mut self, key: K) {
        let entry = self.open.removed.entry(stable_hash(&key), |other| *other == key, stable_hash);
        entry.or_insert(key);
    }

    /// What has changed since a snapshot, which may be none of those that were noted; `None` where that is not known.
    pub(crate) fn since_snapshot(&self, base: CheckpointId) -> Option<ChangesSince<'_, K>> {
        let intervals = || self.closed.iter().chain([&self.open]);
        // Of those that begin no later than the base, all but the last have ended by then.
        let ended = intervals().take_while(|it| it.since <= base).count().checked_sub(1)?;
        let mut since = ChangesSince { buckets: Vec::new(), removed: Vec::new() };
        for interval in intervals().skip(ended) {
            if since.buckets.len() < interval.buckets.len() {
                since.buckets.resize(interval.buckets.len(), 0);
            }
            since.buckets.iter_mut().zip(&interval.buckets).for_each(|(all, some)| *all |= some);
            since.removed.extend(&interval.removed);
        }
        Some(since)
    }
}

/// What has changed since one snapshot.
#[derive(Debug)]
pub(crate) struct ChangesSince<'a, K> {
    buckets: Vec<u64>,
    /// The keys that were removed, some of them perhaps several times, or there again.
    pub(crate) removed: Vec<&'a K>,
}

impl<K> ChangesSince<'_, K> {
    /// Whether the entry of this number was written to.
    #[inline]
    pub(crate) fn contains(&self, bucket: usize) -> bool {
        self.buckets.get(bucket / 64).is_some_and(|word| word >> (bucket % 64) & 1 == 1)
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        count(&self.buckets)
    }

    /// The buckets whose entries were written to, some of which may be empty by now.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = usize> {
        let bits = |(index, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        };
        self.buckets.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(bits)
    }
}

fn count(bits: &[u64]) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}
