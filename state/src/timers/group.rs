//! The timers of one key group: by time, and for each time the keys that have one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::BuildHasherDefault;

use indexmap::IndexSet;

use super::TimerContent;
use crate::codec::{decode_from, encode_into, end};
use crate::grouped::GroupContent;
use crate::hash::{StableHasher, stable_hash};
use crate::snapshot::Pieces;
use crate::{Key, Timestamp};

/// An `IndexSet`, for any one of the keys can be popped at once.
type KeySet<K> = IndexSet<K, BuildHasherDefault<StableHasher>>;

/// Keys with a timer at the same time: mostly one, which then needs no set. Never empty.
#[derive(Clone)]
enum Bucket<K> {
    One(K),
    /// In a box, so that a bucket of one key stays small.
    Many(Box<KeySet<K>>),
}

impl<K: Key> Bucket<K> {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(keys) => keys.len(),
        }
    }

    fn contains(&self, key: &K) -> bool {
        match self {
            Self::One(one) => one == key,
            Self::Many(keys) => keys.contains(key),
        }
    }

    fn any(&self) -> Option<&K> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(keys) => keys.first(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &K> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(keys) => (None, Some(keys)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|keys| keys.iter()))
    }

    /// Adds a key; false if it was there already.
    fn insert(&mut self, key: K) -> bool {
        match self {
            Self::One(one) if *one == key => false,
            Self::One(one) => {
                let mut keys = KeySet::with_capacity_and_hasher(4, BuildHasherDefault::default());
                keys.extend([one.clone(), key]);
                *self = Self::Many(Box::new(keys));
                true
            }
            Self::Many(keys) => keys.insert(key),
        }
    }
}

/// The timers of one key group.
#[derive(Clone)]
pub struct TimerGroup<K>(BTreeMap<Timestamp, Bucket<K>>);

impl<K> Default for TimerGroup<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Key> TimerGroup<K> {
    pub(super) fn is_set(&self, key: &K, time: Timestamp) -> bool {
        self.0.get(&time).is_some_and(|bucket| bucket.contains(key))
    }

    /// Sets a timer; false if it was set already.
    pub(super) fn insert(&mut self, key: K, time: Timestamp) -> bool {
        match self.0.entry(time) {
            Entry::Vacant(vacant) => {
                vacant.insert(Bucket::One(key));
                true
            }
            Entry::Occupied(occupied) => occupied.into_mut().insert(key),
        }
    }

    /// Removes a timer; false if there was none.
    pub(super) fn remove(&mut self, key: &K, time: Timestamp) -> bool {
        let Entry::Occupied(mut bucket) = self.0.entry(time) else { return false };
        match bucket.get_mut() {
            Bucket::Many(keys) if keys.len() > 1 => keys.swap_remove(key),
            one if one.contains(key) => {
                bucket.remove();
                true
            }
            _ => false,
        }
    }
}

impl<K: Key> TimerContent<K> for TimerGroup<K> {
    fn next(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|(time, _)| *time)
    }

    fn pop(&mut self) -> Option<K> {
        let mut bucket = self.0.first_entry()?;
        match bucket.get_mut() {
            Bucket::Many(keys) if keys.len() > 1 => keys.pop(),
            _ => match bucket.remove() {
                Bucket::One(key) => Some(key),
                Bucket::Many(mut keys) => keys.pop(),
            },
        }
    }
}

impl<K: Key> GroupContent for TimerGroup<K> {
    fn entries(&self) -> usize {
        self.0.values().map(Bucket::len).sum()
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.0.len(), out.end())?;
        for (time, keys) in &self.0 {
            encode_into(&(time, keys.len()), out.end())?;
            keys.iter().try_for_each(|key| encode_into(key, out.end()))?;
        }
        Ok(())
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        let times: usize = decode_from(&mut bytes)?;
        for _ in 0..times {
            let (time, keys): (Timestamp, usize) = decode_from(&mut bytes)?;
            if keys == 0 {
                return Err(postcard::Error::SerdeDeCustom);
            }
            for _ in 0..keys {
                // Also ends what a forged count makes of keys that take no bytes.
                if !self.insert(decode_from(&mut bytes)?, time) {
                    return Err(postcard::Error::SerdeDeCustom);
                }
            }
        }
        end(bytes)
    }

    fn any_hash(&self) -> Option<u64> {
        self.0.values().find_map(Bucket::any).map(stable_hash)
    }
}
