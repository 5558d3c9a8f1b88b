//! Looking ahead: finding out where the keys of a batch lie before the first of them is needed.
//!
//! In a table that is larger than the caches nearly every look-up waits for memory. Asked for all
//! at once, the memory of many keys comes in the time of a few.

use crate::Key;
use crate::grouped::{GroupContent, GroupedState};
use crate::hash::stable_hash;

/// From so many bytes on a state does not fit what of a core's own caches is left beside the records.
const LARGE_BYTES: usize = 300 << 10;

/// What a value that owns memory is taken to have there, such as a text of some length.
const OWNED_BYTES: usize = 32;

/// What is known of where a key lies, before its table is looked into.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    hash: u64,
    /// The bucket of the table that it is likely in; [`Self::UNKNOWN`] if none.
    bucket: u32,
}

impl Place {
    const UNKNOWN: u32 = u32::MAX;

    /// Of a key with this [`stable_hash`] nothing else is known.
    #[inline]
    pub const fn of_hash(hash: u64) -> Self {
        Self { hash, bucket: Self::UNKNOWN }
    }

    /// The key's [`stable_hash`].
    #[inline]
    pub const fn hash(self) -> u64 {
        self.hash
    }

    /// The bucket that the key is likely in.
    #[inline]
    pub(crate) fn bucket(self) -> Option<usize> {
        (self.bucket != Self::UNKNOWN).then_some(self.bucket as usize)
    }
}

/// A content that can be asked where a key is, before its entry is needed.
pub trait Probe: GroupContent {
    /// How many bytes an entry takes, about.
    const ENTRY_BYTES: usize;

    /// How many entries the table has that most records look into.
    fn probed_entries(&self) -> usize {
        self.entries()
    }

    /// The bucket that a key with this [`stable_hash`] is likely in, of the table that most records
    /// look into. Its memory is on its way then.
    fn probe(&self, hash: u64) -> Option<usize>;
}

/// How many bytes an entry of a table takes, about: types do not say how much memory a value owns.
pub(crate) const fn entry_bytes<K, V>() -> usize {
    let owns = std::mem::needs_drop::<K>() as usize + std::mem::needs_drop::<V>() as usize;
    size_of::<(K, V)>() + owns * OWNED_BYTES
}

/// Looks ahead for one operator; keeps its room from one batch to the next.
#[derive(Debug, Default)]
pub struct LookAhead {
    places: Vec<Place>,
    /// The key group that was asked for its size last.
    asked: usize,
    /// Whatever the size, for tests.
    #[cfg(test)]
    always: bool,
}

impl LookAhead {
    /// The places of `keys`, in order, of which `hashes` are the hashes, or empty; `None` where nothing is
    /// known ahead: for a state that fits the caches it is quicker to look up one key after the other.
    pub fn places<'k, K: Key, C: Probe>(
        &mut self,
        state: &GroupedState<C>,
        keys: impl Iterator<Item = &'k K>,
        hashes: &[u64],
    ) -> Option<std::vec::Drain<'_, Place>> {
        let probed = |hash| {
            let bucket = state.content(hash).and_then(|content| content.probe(hash));
            Place {
                hash,
                bucket: bucket.and_then(|index| u32::try_from(index).ok()).unwrap_or(Place::UNKNOWN),
            }
        };
        let hashes = hashes.iter().copied();
        match (self.is_large(state), hashes.len() > 0) {
            (true, true) => self.places.extend(hashes.map(probed)),
            (true, false) => self.places.extend(keys.map(|key| probed(stable_hash(key)))),
            (false, true) => self.places.extend(hashes.map(Place::of_hash)),
            (false, false) => return None,
        }
        Some(self.places.drain(..))
    }

    /// Guesses the size of the state from one key group, each time another one.
    fn is_large<C: Probe>(&mut self, state: &GroupedState<C>) -> bool {
        self.asked = if self.asked + 1 < state.slots() { self.asked + 1 } else { 0 };
        #[cfg(test)]
        if self.always {
            return true;
        }
        let entries = state.slot(self.asked).map_or(0, C::probed_entries);
        entries * state.slots() * C::ENTRY_BYTES >= LARGE_BYTES
    }
}

#[cfg(test)]
mod tests;
