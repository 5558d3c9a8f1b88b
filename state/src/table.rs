//! A keyed state with one value for each key: a hash table for each key group.

use std::mem::needs_drop;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::codec::{decode_from, encode_into, end};
use crate::fetch_ahead::prefetch_owned;
use crate::grouped::{GroupContent, GroupedState};
use crate::hash::stable_hash;
use crate::look_ahead::{Place, Probe, entry_bytes};
use crate::prefetch::prefetch;
use crate::snapshot::Pieces;
use crate::{Key, Record};

/// How many entries before its turn the memory that an entry owns is asked for.
const FETCHED_AHEAD: usize = 16;

/// Where in its table a key belongs, from its [`stable_hash`].
///
/// The low bits are the same for all keys of a key group, so the halves are swapped: the table
/// looks at the lowest bits and at the highest seven.
#[inline]
const fn position(hash: u64) -> u64 {
    hash.rotate_left(32)
}

/// The entries of a table, being taken out.
pub type Entries<K, V> = hashbrown::hash_table::IntoIter<(K, V)>;

/// The entries of one key group.
#[derive(Clone, Debug)]
pub struct KeyTable<K, V>(HashTable<(K, V)>);

impl<K, V> Default for KeyTable<K, V> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<K: Key, V> KeyTable<K, V> {
    /// The value of a key.
    #[inline]
    pub fn get(&self, hash: u64, key: &K) -> Option<&V> {
        self.0.find(position(hash), |(other, _)| other == key).map(|(_, value)| value)
    }

    /// The value of a key, for writing.
    #[inline]
    pub fn get_mut(&mut self, hash: u64, key: &K) -> Option<&mut V> {
        self.0.find_mut(position(hash), |(other, _)| other == key).map(|(_, value)| value)
    }

    /// The value of a key at this place, for writing.
    #[inline]
    pub fn get_mut_at(&mut self, place: Place, key: &K) -> Option<&mut V> {
        if let Some(bucket) = place.bucket()
            && self.0.get_bucket(bucket).is_some_and(|(other, _)| other == key)
        {
            return self.0.get_bucket_mut(bucket).map(|(_, value)| value);
        }
        self.get_mut(place.hash(), key)
    }

    /// The value of a key, put there by `init` if there was none.
    #[inline]
    pub fn entry(&mut self, hash: u64, key: K, init: impl FnOnce(&K) -> V) -> &mut V {
        let entry = self.0.entry(
            position(hash),
            |(other, _)| *other == key,
            |(other, _)| position(stable_hash(other)),
        );
        match entry {
            Entry::Occupied(occupied) => &mut occupied.into_mut().1,
            Entry::Vacant(vacant) => {
                let value = init(&key);
                &mut vacant.insert((key, value)).into_mut().1
            }
        }
    }

    /// Sets the value of a key; returns the one before.
    pub fn insert(&mut self, hash: u64, key: K, value: V) -> Option<V> {
        match self.get_mut(hash, &key) {
            Some(present) => Some(std::mem::replace(present, value)),
            None => {
                self.insert_new(hash, key, value);
                None
            }
        }
    }

    /// Sets the value of a key that is not there.
    #[inline]
    pub fn insert_new(&mut self, hash: u64, key: K, value: V) {
        self.0.insert_unique(position(hash), (key, value), |(other, _)| position(stable_hash(other)));
    }

    /// Removes a key; returns its value.
    pub fn remove(&mut self, hash: u64, key: &K) -> Option<V> {
        let found = self.0.find_entry(position(hash), |(other, _)| other == key).ok()?;
        Some(found.remove().0.1)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    /// All keys and values in buckets from `bucket` on, each with its bucket, in the order of the buckets:
    /// for going on later where one has stopped, if the table has not changed meanwhile.
    pub fn iter_from(&self, bucket: usize) -> impl Iterator<Item = (usize, &(K, V))> {
        (bucket..self.0.num_buckets()).filter_map(|bucket| Some((bucket, self.0.get_bucket(bucket)?)))
    }

    /// Takes all keys and values out, in no particular order.
    pub fn into_entries(self) -> Entries<K, V> {
        self.0.into_iter()
    }
}

impl<K: Key, V: Record> KeyTable<K, V> {
    /// Appends the entries to `out`.
    pub(crate) fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.0.len(), out.end())?;
        if !needs_drop::<(K, V)>() {
            return self.0.iter().try_for_each(|entry| encode_into(entry, out.end()));
        }
        // What entries own lies anywhere: it is asked for a few entries before it is read.
        let mut ahead = self.0.iter();
        ahead.by_ref().take(FETCHED_AHEAD).for_each(prefetch_owned);
        for entry in &self.0 {
            if let Some(entry) = ahead.next() {
                prefetch_owned(entry);
            }
            encode_into(entry, out.end())?;
        }
        Ok(())
    }

    /// Adds entries whose values `decode_value` reads off the front.
    pub(crate) fn decode_with(
        &mut self,
        bytes: &mut &[u8],
        mut decode_value: impl FnMut(&mut &[u8]) -> Result<V, postcard::Error>,
    ) -> Result<(), postcard::Error> {
        let count: usize = decode_from(bytes)?;
        // The count comes from a file: room is made for no more than the bytes could hold.
        self.0.reserve(count.min(bytes.len()), |(key, _)| position(stable_hash(key)));
        for _ in 0..count {
            let key: K = decode_from(bytes)?;
            let value = decode_value(bytes)?;
            // Also ends what a forged count makes of keys that take no bytes.
            if self.insert(stable_hash(&key), key, value).is_some() {
                return Err(postcard::Error::SerdeDeCustom);
            }
        }
        Ok(())
    }
}

impl<K: Key, V: Record> GroupContent for KeyTable<K, V> {
    fn entries(&self) -> usize {
        self.len()
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        KeyTable::encode(self, out)
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        self.decode_with(&mut bytes, decode_from)?;
        end(bytes)
    }

    fn any_hash(&self) -> Option<u64> {
        self.0.iter().next().map(|(key, _)| stable_hash(key))
    }
}

impl<K: Key, V: Record> Probe for KeyTable<K, V> {
    const ENTRY_BYTES: usize = entry_bytes::<K, V>();

    #[inline]
    fn probe(&self, hash: u64) -> Option<usize> {
        let bucket = self.0.iter_hash_buckets(position(hash)).next()?;
        prefetch(self.0.get_bucket(bucket)?);
        Some(bucket)
    }
}

/// A keyed state with one `V` for each `K`.
pub type KeyedTable<K, V> = GroupedState<KeyTable<K, V>>;

impl<K: Key, V: Record> KeyedTable<K, V> {
    /// The value of a key with this [`stable_hash`].
    #[inline]
    pub fn get(&self, hash: u64, key: &K) -> Option<&V> {
        self.content(hash)?.get(hash, key)
    }
}

#[cfg(test)]
mod tests;
