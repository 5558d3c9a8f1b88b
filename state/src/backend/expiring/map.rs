//! A map whose entries expire.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::stamp::Seen;
use super::{Expiring, Timed, latest};
use crate::backend::ttl::Moment;
use crate::hash::StableHasher;
use crate::{Key, Record};

/// A map that says the same of itself in every run.
pub type StableMap<UK, UV> = HashMap<UK, UV, BuildHasherDefault<StableHasher>>;

/// Values by user keys, and when each was written.
#[derive(Clone, Debug)]
pub struct TimedMap<UK, UV>(StableMap<UK, Timed<UV>>);

impl<UK, UV> Default for TimedMap<UK, UV> {
    fn default() -> Self {
        Self(StableMap::default())
    }
}

impl<UK: Key, UV: Record> TimedMap<UK, UV> {
    /// Whether the value of a user key can be seen.
    pub(in crate::backend) fn has(&self, user_key: &UK, moment: Moment) -> bool {
        self.0.get(user_key).is_some_and(|timed| timed.stamp.is_visible(moment))
    }

    /// Reads the value of a user key; and whether it has got a later stamp.
    pub(in crate::backend) fn read(&self, user_key: &UK, moment: Moment) -> Option<(&UV, bool)> {
        let timed = self.0.get(user_key)?;
        match timed.stamp.read(moment) {
            Seen::Hidden => None,
            seen => Some((&timed.value, seen == Seen::Refreshed)),
        }
    }

    /// The entries that can be seen, without reading them.
    pub(in crate::backend) fn visible(&self, moment: Moment) -> impl Iterator<Item = (&UK, &UV)> {
        let visible = self.0.iter().filter(move |(_, timed)| timed.stamp.is_visible(moment));
        visible.map(|(key, timed)| (key, &timed.value))
    }

    /// Reads all entries, where that counts; whether any has got a later stamp.
    pub(in crate::backend) fn read_all(&self, moment: Moment) -> bool {
        // All of them are read, also after the first that has got a later stamp.
        let refreshed = self.0.values().filter(|timed| timed.stamp.read(moment) == Seen::Refreshed);
        moment.updates_on_read && refreshed.count() > 0
    }

    /// Sets the value of a user key; returns the one before, if it could be seen.
    pub(in crate::backend) fn insert(&mut self, user_key: UK, value: UV, moment: Moment) -> Option<UV> {
        let before = self.0.insert(user_key, Timed::stamped(value, moment.now));
        before.filter(|timed| timed.stamp.is_visible(moment)).map(|timed| timed.value)
    }

    /// Changes the value of a user key, if it can be seen.
    pub(in crate::backend) fn update<R>(
        &mut self,
        user_key: &UK,
        moment: Moment,
        change: impl FnOnce(&mut UV) -> R,
    ) -> Option<R> {
        let timed = self.0.get_mut(user_key).filter(|timed| timed.stamp.is_visible(moment))?;
        timed.stamp.set(moment.now);
        Some(change(&mut timed.value))
    }

    /// Changes the value of a user key, `init()` if none can be seen.
    pub(in crate::backend) fn update_or<R>(
        &mut self,
        user_key: UK,
        moment: Moment,
        init: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> R {
        if let Some(timed) = self.0.get_mut(&user_key).filter(|timed| timed.stamp.is_visible(moment)) {
            timed.stamp.set(moment.now);
            return change(&mut timed.value);
        }
        let mut value = init();
        let result = change(&mut value);
        self.0.insert(user_key, Timed::stamped(value, moment.now));
        result
    }

    /// Removes a user key; returns its value, if it could be seen.
    pub(in crate::backend) fn remove(&mut self, user_key: &UK, moment: Moment) -> Option<UV> {
        let removed = self.0.remove(user_key)?;
        removed.stamp.is_visible(moment).then_some(removed.value)
    }

    /// Keeps those of the entries that can be seen for which `keep` holds; they do not count as written.
    pub(in crate::backend) fn retain(&mut self, moment: Moment, mut keep: impl FnMut(&UK, &UV) -> bool) {
        self.0.retain(|key, timed| timed.stamp.is_visible(moment) && keep(key, &timed.value));
    }

    pub(in crate::backend) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<UK: Key, UV: Record> Expiring for TimedMap<UK, UV> {
    type Plain = StableMap<UK, UV>;

    fn stamped(map: StableMap<UK, UV>, stamp: i64) -> Self {
        Self(map.into_iter().map(|(key, value)| (key, Timed::stamped(value, stamp))).collect())
    }

    fn with_stamps(map: StableMap<UK, UV>, stamps: &[i64]) -> Self {
        // A map has no order by which they could be told apart.
        Self::stamped(map, latest(stamps))
    }

    fn into_plain(self) -> StableMap<UK, UV> {
        self.0.into_iter().map(|(key, timed)| (key, timed.value)).collect()
    }

    fn parts(&self) -> usize {
        self.0.len()
    }

    fn is_live(&self, oldest: i64) -> bool {
        self.0.values().any(|timed| timed.is_live(oldest))
    }

    fn has_expired(&self, oldest: i64) -> bool {
        self.0.is_empty() || self.0.values().any(|timed| timed.has_expired(oldest))
    }

    fn remove_expired(&mut self, oldest: i64) {
        self.0.retain(|_, timed| timed.is_live(oldest));
        if self.0.len() < self.0.capacity() / 8 {
            self.0.shrink_to_fit();
        }
    }

    fn live(&self, oldest: i64) -> impl Serialize {
        // A list of pairs is encoded as a map is.
        let live = || self.0.iter().filter(move |(_, timed)| timed.is_live(oldest));
        let entries: Vec<_> = live().map(|(key, timed)| (key, &timed.value)).collect();
        let stamps: Vec<_> = live().map(|(_, timed)| &timed.stamp).collect();
        (entries, stamps)
    }
}

impl<UK: Key, UV: Record> Serialize for TimedMap<UK, UV> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.live(i64::MIN).serialize(serializer)
    }
}

impl<'de, UK: Key, UV: Record> Deserialize<'de> for TimedMap<UK, UV> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (entries, stamps) = <(Vec<(UK, UV)>, Vec<i64>)>::deserialize(deserializer)?;
        let latest = latest(&stamps);
        let same = entries.len() == stamps.len();
        let stamps = stamps.into_iter().chain(std::iter::repeat(latest));
        let timed = entries
            .into_iter()
            .zip(stamps)
            .map(|((key, value), stamp)| (key, Timed::stamped(value, if same { stamp } else { latest })));
        Ok(Self(timed.collect()))
    }
}
