//! The keys whose timers are due, a few at a time, so that what is kept for them can be asked for in time.

use std::collections::VecDeque;

use millstream_runtime::Result;
use millstream_state::{DueQueue, Key, KeyedTable, LookAhead, Place, Record, Timestamp, stable_hash};

/// What operators keep for a key.
pub(crate) trait Kept: Record {
    /// Asks for the memory that it owns, where it is kept in some.
    fn prefetch(&self) {}
}

/// Asks for what is kept at places.
#[inline]
pub(crate) fn fetch<K: Key, V: Kept>(state: &KeyedTable<K, V>, places: &[Place]) {
    places.iter().filter_map(|place| state.at(*place)).for_each(V::prefetch);
}

/// Where the keys likely are that come next, and what is kept for them is on its way.
#[derive(Default)]
pub(crate) struct Upcoming {
    /// Empty where it is quicker to look for one key after the other.
    places: VecDeque<Place>,
    /// For so many keys it need not be told more.
    left: usize,
    look_ahead: LookAhead,
}

impl Upcoming {
    /// How many keys it is found out for at a time.
    pub(crate) const AT_A_TIME: usize = 64;

    /// Whether it is to be told the next keys.
    pub(crate) const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The keys that come next.
    pub(crate) fn fill<'k, K: Key, V: Kept>(
        &mut self,
        state: &KeyedTable<K, V>,
        keys: impl Iterator<Item = &'k K>,
    ) {
        self.left = Self::AT_A_TIME;
        if let Some(places) = self.look_ahead.places(state, keys.take(Self::AT_A_TIME), &[]) {
            fetch(state, places.as_slice());
            self.places.extend(places);
        }
    }

    /// The place of the next key.
    #[inline]
    pub(crate) fn next<K: Key>(&mut self, key: &K) -> Place {
        self.left = self.left.saturating_sub(1);
        self.places.pop_front().unwrap_or_else(|| Place::of_hash(stable_hash(key)))
    }

    /// Others come next.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.left = 0;
    }
}

/// Keys whose timers are due, with where in a table they likely are.
///
/// They are taken out of the queue before the first of them is looked at.
pub(crate) struct DueKeys<K> {
    keys: VecDeque<(Timestamp, K)>,
    upcoming: Upcoming,
}

impl<K> Default for DueKeys<K> {
    fn default() -> Self {
        Self { keys: VecDeque::new(), upcoming: Upcoming::default() }
    }
}

impl<K: Key> DueKeys<K> {
    /// The next timer up to `now`, the earliest first, with where its key likely is.
    #[inline]
    pub(crate) fn next<V: Kept>(
        &mut self,
        timers: &mut DueQueue<K>,
        now: Timestamp,
        state: &KeyedTable<K, V>,
    ) -> Option<(Timestamp, Place, K)> {
        if self.keys.is_empty() {
            self.keys.extend(std::iter::from_fn(|| timers.pop(now)).take(Upcoming::AT_A_TIME));
            self.upcoming.fill(state, self.keys.iter().map(|(_, key)| key));
        }
        let (time, key) = self.keys.pop_front()?;
        let place = self.upcoming.next(&key);
        Some((time, place, key))
    }

    /// Sets the timers again of the keys that have not been given out. To be called before the operator is left, since
    /// snapshots know of no others.
    ///
    /// # Errors
    /// If another subtask owns a key.
    pub(crate) fn put_back(&mut self, timers: &mut DueQueue<K>) -> Result<()> {
        self.upcoming.clear();
        for (time, key) in self.keys.drain(..) {
            timers.push(stable_hash(&key), &key, time)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
