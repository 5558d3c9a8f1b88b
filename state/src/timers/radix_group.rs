//! The timers of one key group for operators that do not mind one twice: a radix heap (Ahuja, Mehlhorn, Orlin and
//! Tarjan, 1990), which neither compares nor looks up keys, and goes through memory in order.

use std::hash::BuildHasherDefault;

use indexmap::IndexSet;

use super::TimerContent;
use crate::codec::{decode_from, encode_into, end};
use crate::grouped::GroupContent;
use crate::hash::{StableHasher, stable_hash};
use crate::snapshot::Pieces;
use crate::{Key, Timestamp};

/// Timestamps as numbers of the same order.
const fn bits(time: Timestamp) -> u64 {
    time.as_millis().cast_unsigned() ^ (1 << 63)
}

const fn time_of(bits: u64) -> Timestamp {
    Timestamp::from_millis((bits ^ (1 << 63)).cast_signed())
}

/// The timers of one key group.
///
/// Which bucket a timer is in says the highest bit in which its time differs from `last`, a time that none is before. So all
/// in a bucket are due before all in the next; and when a bucket's first is due, `last` rises to it, and the others go to
/// buckets further down. A timer goes down as often as there are bits at most.
#[derive(Clone)]
pub struct RadixGroup<K> {
    /// The first has the timers at `last`. As many as have been needed so far.
    buckets: Vec<Bucket<K>>,
    /// A bit for each bucket with timers.
    filled: u128,
    last: u64,
    timers: usize,
}

#[derive(Clone)]
struct Bucket<K> {
    earliest: u64,
    timers: Vec<(u64, K)>,
}

impl<K> Default for Bucket<K> {
    fn default() -> Self {
        Self { earliest: u64::MAX, timers: Vec::new() }
    }
}

impl<K> Default for RadixGroup<K> {
    fn default() -> Self {
        Self { buckets: Vec::new(), filled: 0, last: 0, timers: 0 }
    }
}

/// Room for so many timers is kept in a bucket that has become empty.
const ROOM: usize = 64;

impl<K: Key> RadixGroup<K> {
    /// Adds a timer, even if there is the same.
    pub(super) fn push(&mut self, key: K, time: Timestamp) {
        let time = bits(time);
        if self.timers == 0 {
            self.last = time;
        } else if time < self.last {
            self.fall_to(time);
        }
        self.timers += 1;
        self.put(time, key);
    }

    fn bucket_of(&self, time: u64) -> usize {
        (u64::BITS - (time ^ self.last).leading_zeros()) as usize
    }

    #[inline]
    fn put(&mut self, time: u64, key: K) {
        let index = self.bucket_of(time);
        if index >= self.buckets.len() {
            self.buckets.resize_with(index + 1, Bucket::default);
        }
        if let Some(bucket) = self.buckets.get_mut(index) {
            bucket.earliest = bucket.earliest.min(time);
            bucket.timers.push((time, key));
            self.filled |= 1 << index;
        }
    }

    /// Makes an earlier time the last. What agreed with the last one longer than this does, now differs where this does.
    fn fall_to(&mut self, time: u64) {
        let differs = self.bucket_of(time);
        self.last = time;
        for index in 0..differs.min(self.buckets.len()) {
            for (time, key) in self.take_bucket(index) {
                self.put(time, key);
            }
        }
    }

    fn take_bucket(&mut self, index: usize) -> Vec<(u64, K)> {
        self.filled &= !(1 << index);
        self.buckets.get_mut(index).map(std::mem::take).unwrap_or_default().timers
    }

    /// The first bucket with timers.
    #[inline]
    fn first_bucket(&self) -> Option<&Bucket<K>> {
        self.buckets.get(self.filled.trailing_zeros() as usize)
    }

    /// All timers, in order of time.
    fn in_order(&self) -> Vec<(u64, &K)> {
        let timers = self.buckets.iter().flat_map(|bucket| &bucket.timers);
        let mut timers: Vec<_> = timers.map(|(time, key)| (*time, key)).collect();
        timers.sort_by_key(|(time, _)| *time);
        timers
    }
}

impl<K: Key> TimerContent<K> for RadixGroup<K> {
    #[inline]
    fn next(&self) -> Option<Timestamp> {
        self.first_bucket().map(|bucket| time_of(bucket.earliest))
    }

    fn pop(&mut self) -> Option<K> {
        let index = self.filled.trailing_zeros() as usize;
        let first = self.buckets.get_mut(index)?;
        self.last = first.earliest;
        if index > 0 && first.timers.len() > 1 {
            let mut timers = self.take_bucket(index);
            for (time, key) in timers.drain(..) {
                self.put(time, key);
            }
            if let Some(bucket) = self.buckets.get_mut(index).filter(|_| timers.capacity() <= ROOM) {
                bucket.timers = timers;
            }
        }
        let index = self.filled.trailing_zeros() as usize;
        let first = self.buckets.get_mut(index)?;
        let (_, key) = first.timers.pop()?;
        if first.timers.is_empty() {
            first.earliest = u64::MAX;
            first.timers.shrink_to(ROOM);
            self.filled &= !(1 << index);
        }
        self.timers -= 1;
        Some(key)
    }
}

impl<K: Key> GroupContent for RadixGroup<K> {
    fn entries(&self) -> usize {
        self.timers
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        let timers = self.in_order();
        let same_time = || timers.chunk_by(|(time, _), (next, _)| time == next);
        encode_into(&same_time().count(), out.end())?;
        for of_time in same_time() {
            let keys: IndexSet<&K, BuildHasherDefault<StableHasher>> =
                of_time.iter().map(|(_, key)| *key).collect();
            let time = of_time.first().map_or(Timestamp::MIN, |(time, _)| time_of(*time));
            encode_into(&(time, keys.len()), out.end())?;
            keys.iter().try_for_each(|key| encode_into(key, out.end()))?;
        }
        Ok(())
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        let times: usize = decode_from(&mut bytes)?;
        for _ in 0..times {
            let (time, keys): (Timestamp, usize) = decode_from(&mut bytes)?;
            // Keys that take no bytes are all the same, and a forged count of them would have no end.
            if keys == 0 || (keys > 1 && keys > bytes.len()) {
                return Err(postcard::Error::SerdeDeCustom);
            }
            for _ in 0..keys {
                self.push(decode_from(&mut bytes)?, time);
            }
        }
        end(bytes)
    }

    fn any_hash(&self) -> Option<u64> {
        self.first_bucket().and_then(|bucket| bucket.timers.first()).map(|(_, key)| stable_hash(key))
    }
}
