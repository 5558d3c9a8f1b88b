//! A keyed state with one value for each key: a hash table for each key group.

mod changed;
#[cfg(test)]
mod checkpoint_tests;
mod entry;

use std::mem::needs_drop;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

pub(crate) use self::changed::{Changed, decode_count};
pub use self::entry::KeyEntry;
use crate::changes::{Changes, MANY_CHANGES, Noting, Pause};
use crate::codec::{decode_from, encode_into, end};
use crate::fetch_ahead::prefetch_owned;
use crate::grouped::{GroupContent, GroupedState};
use crate::hash::stable_hash;
use crate::look_ahead::{Place, Probe, entry_bytes};
use crate::prefetch::prefetch;
use crate::snapshot::Pieces;
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, Key, Record};

/// How many entries before its turn the memory that an entry owns is asked for.
const FETCHED_AHEAD: usize = 16;

/// So many removed keys are noted of any table.
const FEW_REMOVED: usize = 64;

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
pub struct KeyTable<K, V> {
    entries: HashTable<(K, V)>,
    /// What has changed since some of the last snapshots, where it is noted.
    changes: Option<Box<Changes<K>>>,
    pause: Pause,
}

impl<K, V> Default for KeyTable<K, V> {
    fn default() -> Self {
        Self { entries: HashTable::new(), changes: None, pause: Pause::default() }
    }
}

/// What notes the keys that are removed from a table.
struct Removals<'t, K> {
    changes: &'t mut Option<Box<Changes<K>>>,
    pause: &'t mut Pause,
}

impl<K: Key> Removals<'_, K> {
    /// A key has been removed, which leaves so many entries.
    #[inline]
    fn note(self, key: K, left: usize) {
        if let Some(changes) = self.changes {
            changes.removed(key);
            // Keys may come and go any number of times before the next snapshot.
            if changes.in_last_interval_removed() > FEW_REMOVED + left / MANY_CHANGES {
                *self.changes = None;
                self.pause.begin();
            }
        }
    }
}

impl<K: Key, V> KeyTable<K, V> {
    /// The value of a key.
    #[inline]
    pub fn get(&self, hash: u64, key: &K) -> Option<&V> {
        self.entries.find(position(hash), |(other, _)| other == key).map(|(_, value)| value)
    }

    /// The value of a key, for writing.
    #[inline]
    pub fn get_mut(&mut self, hash: u64, key: &K) -> Option<&mut V> {
        if let Some(changes) = &mut self.changes {
            let bucket = self.entries.find_bucket_index(position(hash), |(other, _)| other == key)?;
            changes.changed(bucket);
            return self.entries.get_bucket_mut(bucket).map(|(_, value)| value);
        }
        self.entries.find_mut(position(hash), |(other, _)| other == key).map(|(_, value)| value)
    }

    /// The value of a key at this place, for writing.
    #[inline]
    pub fn get_mut_at(&mut self, place: Place, key: &K) -> Option<&mut V> {
        if let Some(bucket) = place.bucket()
            && self.entries.get_bucket(bucket).is_some_and(|(other, _)| other == key)
        {
            if let Some(changes) = &mut self.changes {
                changes.changed(bucket);
            }
            return self.entries.get_bucket_mut(bucket).map(|(_, value)| value);
        }
        self.get_mut(place.hash(), key)
    }

    /// The value of a key, put there by `init` if there was none.
    #[inline]
    pub fn entry(&mut self, hash: u64, key: K, init: impl FnOnce(&K) -> V) -> &mut V {
        self.expect_one_more();
        let entry = self.entries.entry(
            position(hash),
            |(other, _)| *other == key,
            |(other, _)| position(stable_hash(other)),
        );
        let occupied = match entry {
            Entry::Occupied(occupied) => occupied,
            Entry::Vacant(vacant) => {
                let value = init(&key);
                vacant.insert((key, value))
            }
        };
        if let Some(changes) = &mut self.changes {
            changes.changed(occupied.bucket_index());
        }
        &mut occupied.into_mut().1
    }

    /// Before an entry is added: where there is no room for it, all entries get other places.
    #[inline]
    fn expect_one_more(&mut self) {
        if self.changes.is_some() && self.entries.len() == self.entries.capacity() {
            self.changes = None;
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
    pub fn insert_new(&mut self, hash: u64, key: K, value: V) -> &mut V {
        self.insert_entry(hash, key, value).into_mut()
    }

    /// Removes a key; returns its value.
    pub fn remove(&mut self, hash: u64, key: &K) -> Option<V> {
        self.find_entry(Place::of_hash(hash), key).map(KeyEntry::remove)
    }

    /// Whether it is noted what changes.
    #[cfg(test)]
    pub(crate) const fn is_watched(&self) -> bool {
        self.changes.is_some()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }

    /// All keys and values in buckets from `bucket` on, each with its bucket, in the order of the buckets:
    /// for going on later where one has stopped, if the table has not changed meanwhile.
    pub fn iter_from(&self, bucket: usize) -> impl Iterator<Item = (usize, &(K, V))> {
        (bucket..self.entries.num_buckets())
            .filter_map(|bucket| Some((bucket, self.entries.get_bucket(bucket)?)))
    }

    /// How many buckets the table has, filled or not.
    pub(crate) fn buckets(&self) -> usize {
        self.entries.num_buckets()
    }

    /// The entry in a bucket.
    pub(crate) fn in_bucket(&self, bucket: usize) -> Option<&(K, V)> {
        self.entries.get_bucket(bucket)
    }

    /// Changes the value in a bucket, and removes the entry if `change` says so.
    pub(crate) fn change_bucket(&mut self, bucket: usize, change: impl FnOnce(&mut V) -> bool) {
        if let Ok(mut entry) = self.entries.get_bucket_entry(bucket) {
            let is_over = change(&mut entry.get_mut().1);
            if is_over {
                let ((key, _), _) = entry.remove();
                let left = self.entries.len();
                Removals { changes: &mut self.changes, pause: &mut self.pause }.note(key, left);
            } else if let Some(changes) = &mut self.changes {
                changes.changed(bucket);
            }
        }
    }

    /// Gives back memory, where far more is taken than the entries need.
    pub(crate) fn shrink_if_sparse(&mut self) {
        if self.is_sparse() {
            self.changes = None;
            self.entries.shrink_to(self.entries.len() * 2, |(key, _)| position(stable_hash(key)));
        }
    }

    /// Whether far more memory is taken than the entries need.
    pub(crate) fn is_sparse(&self) -> bool {
        self.entries.num_buckets() > 64 && self.entries.len() < self.entries.num_buckets() / 8
    }

    /// Takes all keys and values out, in no particular order.
    pub fn into_entries(self) -> Entries<K, V> {
        self.entries.into_iter()
    }
}

impl<K: Key, V: Record> KeyTable<K, V> {
    /// What has changed since a snapshot; `None` where that is not known.
    pub(crate) fn changed_since(&self, base: CheckpointId) -> Option<Changed<'_, K, V>> {
        let since = self.changes.as_ref()?.since_snapshot(base)?;
        let present = since.buckets().filter_map(|bucket| self.entries.get_bucket(bucket)).collect();
        let is_gone = |key: &&K| self.get(stable_hash(*key), key).is_none();
        Some(Changed { removed: since.removed.iter().copied().filter(is_gone).collect(), present })
    }

    /// Changes entries as [`Changed::encode`] says; `decode_value` reads a value off the front.
    pub(crate) fn decode_changes_with(
        &mut self,
        bytes: &mut &[u8],
        mut decode_value: impl FnMut(&mut &[u8]) -> Result<V, postcard::Error>,
    ) -> Result<(), postcard::Error> {
        for _ in 0..decode_count(bytes)? {
            let key: K = decode_from(bytes)?;
            self.remove(stable_hash(&key), &key);
        }
        for _ in 0..decode_count(bytes)? {
            let key: K = decode_from(bytes)?;
            let value = decode_value(bytes)?;
            self.insert(stable_hash(&key), key, value);
        }
        Ok(())
    }

    /// Appends the entries to `out`.
    pub(crate) fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.entries.len(), out.end())?;
        if !needs_drop::<(K, V)>() {
            return self.entries.iter().try_for_each(|entry| encode_into(entry, out.end()));
        }
        // What entries own lies anywhere: it is asked for a few entries before it is read.
        let mut ahead = self.entries.iter();
        ahead.by_ref().take(FETCHED_AHEAD).for_each(prefetch_owned);
        for entry in &self.entries {
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
        self.entries.reserve(count.min(bytes.len()), |(key, _)| position(stable_hash(key)));
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

    fn snapshotted(&mut self, checkpoint: CheckpointId) {
        let changed = self.changes.as_ref().map(|changes| changes.in_last_interval());
        match (self.pause.at_snapshot(changed, self.entries.len()), &mut self.changes) {
            (Noting::GoOn, Some(changes)) => changes.snapshotted(checkpoint),
            (Noting::No, changes) => *changes = None,
            (_, changes) => *changes = Some(Box::new(Changes::since(checkpoint))),
        }
    }

    fn changes_since(&self, base: CheckpointId) -> Option<usize> {
        self.changed_since(base).map(|changed| changed.len())
    }

    fn encode_changes(&self, base: CheckpointId, out: &mut Pieces) -> Result<(), postcard::Error> {
        match self.changed_since(base) {
            Some(changed) => changed.encode(out, |entry| entry),
            None => Err(postcard::Error::SerdeSerCustom),
        }
    }

    fn decode_changes(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        self.decode_changes_with(&mut bytes, decode_from)?;
        end(bytes)
    }

    fn any_hash(&self) -> Option<u64> {
        self.entries.iter().next().map(|(key, _)| stable_hash(key))
    }
}

impl<K: Key, V: Record> Probe for KeyTable<K, V> {
    const ENTRY_BYTES: usize = entry_bytes::<K, V>();

    #[inline]
    fn probe(&self, hash: u64) -> Option<usize> {
        let bucket = self.entries.iter_hash_buckets(position(hash)).next()?;
        prefetch(self.entries.get_bucket(bucket)?);
        Some(bucket)
    }
}

/// A keyed state with one `V` for each `K`.
pub type KeyedTable<K, V> = GroupedState<KeyTable<K, V>>;

impl<K: Key, V: Record> KeyedTable<K, V> {
    /// Adds all that a snapshot holds of this state for the subtask; `decode_value` reads a value off the front.
    ///
    /// # Errors
    /// If the bytes do not decode.
    pub(crate) fn restore_with(
        &mut self,
        stored: KeyedRestore,
        decode_value: impl Fn(&mut &[u8]) -> Result<V, postcard::Error>,
    ) -> crate::Result<()> {
        let decode = |table: &mut KeyTable<K, V>, mut bytes: &[u8]| {
            table.decode_with(&mut bytes, &decode_value)?;
            end(bytes)
        };
        let decode_changes = |table: &mut KeyTable<K, V>, mut bytes: &[u8]| {
            table.decode_changes_with(&mut bytes, &decode_value)?;
            end(bytes)
        };
        self.restore_groups(stored, decode, decode_changes)
    }

    /// The value at a place, for one to ask for the memory that it owns; it may be that of another key.
    #[inline]
    pub fn at(&self, place: Place) -> Option<&V> {
        self.content(place.hash())?.in_bucket(place.bucket()?).map(|(_, value)| value)
    }

    /// The value of a key with this [`stable_hash`].
    #[inline]
    pub fn get(&self, hash: u64, key: &K) -> Option<&V> {
        self.content(hash)?.get(hash, key)
    }
}

#[cfg(test)]
mod tests;
