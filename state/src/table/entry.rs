//! An entry that has been found, to be changed and perhaps removed without being looked for again.

use hashbrown::hash_table::{Entry, OccupiedEntry};

use super::{KeyTable, Removals, position};
use crate::Key;
use crate::hash::stable_hash;
use crate::look_ahead::Place;

/// The entry of a key in a table.
pub struct KeyEntry<'t, K, V> {
    entry: OccupiedEntry<'t, (K, V)>,
    removals: Removals<'t, K>,
}

impl<K: Key, V> KeyTable<K, V> {
    /// The entry of a key at this place, if it is there.
    #[inline]
    pub fn find_entry(&mut self, place: Place, key: &K) -> Option<KeyEntry<'_, K, V>> {
        let likely = place
            .bucket()
            .filter(|bucket| self.entries.get_bucket(*bucket).is_some_and(|(other, _)| other == key));
        let entry = match likely {
            Some(bucket) => self.entries.get_bucket_entry(bucket).ok()?,
            None => self.entries.find_entry(position(place.hash()), |(other, _)| other == key).ok()?,
        };
        Some(KeyEntry { entry, removals: Removals { changes: &mut self.changes, pause: &mut self.pause } })
    }

    /// Sets the value of a key that is not there.
    #[inline]
    pub fn insert_entry(&mut self, hash: u64, key: K, value: V) -> KeyEntry<'_, K, V> {
        self.expect_one_more();
        let hash_of = |(other, _): &(K, V)| position(stable_hash(other));
        let entry = self.entries.insert_unique(position(hash), (key, value), hash_of);
        let removals = Removals { changes: &mut self.changes, pause: &mut self.pause };
        let mut entry = KeyEntry { entry, removals };
        entry.note_changed();
        entry
    }
}

impl<K: Key, V> KeyTable<K, V> {
    /// Lets `change` take the value of a key out, if there is one, and leave another one or none: in its place, which is
    /// looked up once.
    #[inline]
    pub(crate) fn change(&mut self, hash: u64, key: &K, change: impl FnOnce(&mut Option<V>)) {
        let Some(KeyEntry { entry, removals }) = self.find_entry(Place::of_hash(hash), key) else {
            let mut value = None;
            change(&mut value);
            if let Some(value) = value {
                self.insert_new(hash, key.clone(), value);
            }
            return;
        };
        let mut removed = None;
        let left = entry.replace_entry_with(|(key, value)| {
            let mut value = Some(value);
            change(&mut value);
            match value {
                Some(value) => Some((key, value)),
                None => {
                    removed = Some(key);
                    None
                }
            }
        });
        match (left, removed) {
            (Entry::Vacant(vacant), Some(key)) => removals.note(key, vacant.into_table().len()),
            (Entry::Occupied(entry), _) => KeyEntry { entry, removals }.note_changed(),
            (Entry::Vacant(_), None) => {}
        }
    }
}

impl<'t, K: Key, V> KeyEntry<'t, K, V> {
    /// Notes that the value has been, or is about to be, written to.
    #[inline]
    fn note_changed(&mut self) {
        if let Some(changes) = self.removals.changes {
            changes.changed(self.entry.bucket_index());
        }
    }

    /// The value, for writing.
    #[inline]
    pub fn value_mut(&mut self) -> &mut V {
        self.note_changed();
        &mut self.entry.get_mut().1
    }

    /// The value, for as long as the table is borrowed.
    #[inline]
    pub fn into_mut(mut self) -> &'t mut V {
        self.note_changed();
        &mut self.entry.into_mut().1
    }

    /// Removes the entry; returns its value.
    #[inline]
    pub fn remove(self) -> V {
        let ((key, value), vacant) = self.entry.remove();
        self.removals.note(key, vacant.into_table().len());
        value
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::CheckpointId;
    use crate::grouped::GroupContent;

    proptest! {
        #[test]
        fn what_is_changed_in_place_is_as_if_taken_out_and_set(
            steps in prop::collection::vec((0..6_u8, prop::option::of(0..9_u32), any::<bool>()), 0..60),
        ) {
            let (mut table, mut model) = (KeyTable::default(), BTreeMap::new());
            for (number, (key, left, is_snapshot)) in steps.into_iter().enumerate() {
                let base = CheckpointId::new(number as u64 + 1);
                if is_snapshot {
                    table.snapshotted(base);
                }
                let mut seen = None;
                table.change(stable_hash(&key), &key, |value| {
                    seen = value.take();
                    *value = left;
                });
                let before = model.remove(&key);
                prop_assert_eq!(seen, before);
                model.extend(left.map(|left| (key, left)));
                let mut entries: Vec<_> = table.iter().copied().collect();
                entries.sort_unstable();
                prop_assert_eq!(entries, model.clone().into_iter().collect::<Vec<_>>());
                if is_snapshot && table.is_watched() {
                    let changed = usize::from(before.is_some() || left.is_some());
                    prop_assert_eq!(table.changes_since(base), Some(changed));
                }
            }
        }
    }
}
