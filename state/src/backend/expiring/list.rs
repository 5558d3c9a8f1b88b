//! A list whose elements expire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::stamp::Seen;
use super::{Expiring, Stamp, latest};
use crate::Record;
use crate::backend::ttl::Moment;

/// Values, and when each was written.
///
/// The stamps are in order, for what is written goes to the end and time never goes back: so what has expired
/// stands in front, and what has not is a slice. All methods rely on it.
#[derive(Clone, Debug)]
pub struct TimedList<V> {
    values: Vec<V>,
    stamps: Vec<Stamp>,
}

impl<V> Default for TimedList<V> {
    fn default() -> Self {
        Self { values: Vec::new(), stamps: Vec::new() }
    }
}

impl<V> TimedList<V> {
    /// How many values were stamped before `oldest`.
    fn expired(&self, oldest: i64) -> usize {
        match self.stamps.first() {
            Some(first) if first.get() < oldest => self.stamps.partition_point(|stamp| stamp.get() < oldest),
            _ => 0,
        }
    }

    /// The values that can be seen.
    pub(in crate::backend) fn visible(&self, moment: Moment) -> &[V] {
        self.values.get(self.expired(moment.visible)..).unwrap_or_default()
    }

    /// The values that can be seen, which are read; and whether any has got a later stamp.
    pub(in crate::backend) fn read(&self, moment: Moment) -> (&[V], bool) {
        // All of them are read, also after the first that has got a later stamp.
        let refreshed = self.stamps.iter().filter(|stamp| stamp.read(moment) == Seen::Refreshed);
        let refreshed = moment.updates_on_read && refreshed.count() > 0;
        (self.visible(moment), refreshed)
    }

    /// Appends values.
    pub(in crate::backend) fn extend(&mut self, values: impl IntoIterator<Item = V>, moment: Moment) {
        // Half of it at least, so that each value is moved a few times at most.
        let expired = self.expired(moment.oldest);
        if expired > self.values.len() / 2 {
            self.remove_first(expired);
        }
        self.values.extend(values);
        // Those of a process whose clock was ahead may be later.
        let stamp = self.stamps.last().map_or(moment.now, |last| last.get().max(moment.now));
        self.stamps.resize_with(self.values.len(), || Stamp::new(stamp));
    }

    /// Changes the values that can be seen as a whole, which writes all of them.
    pub(in crate::backend) fn update<R>(
        &mut self,
        moment: Moment,
        change: impl FnOnce(&mut Vec<V>) -> R,
    ) -> R {
        self.remove_first(self.expired(moment.visible));
        let result = change(&mut self.values);
        self.stamps.clear();
        self.stamps.resize_with(self.values.len(), || Stamp::new(moment.now));
        result
    }

    /// Keeps those of the values that can be seen for which `keep` holds; they do not count as written.
    pub(in crate::backend) fn retain(&mut self, moment: Moment, mut keep: impl FnMut(&V) -> bool) {
        self.remove_first(self.expired(moment.visible));
        let kept: Vec<bool> = self.values.iter().map(&mut keep).collect();
        let (mut of_values, mut of_stamps) = (kept.iter(), kept.iter());
        self.values.retain(|_| of_values.next() == Some(&true));
        self.stamps.retain(|_| of_stamps.next() == Some(&true));
    }

    /// Takes the values that can be seen out.
    pub(in crate::backend) fn into_visible(mut self, moment: Moment) -> Vec<V> {
        self.remove_first(self.expired(moment.visible));
        self.values
    }

    pub(in crate::backend) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn remove_first(&mut self, count: usize) {
        self.values.drain(..count);
        self.stamps.drain(..count);
    }
}

impl<V: Record> Expiring for TimedList<V> {
    type Plain = Vec<V>;

    fn stamped(values: Vec<V>, stamp: i64) -> Self {
        let stamps = values.iter().map(|_| Stamp::new(stamp)).collect();
        Self { values, stamps }
    }

    fn with_stamps(values: Vec<V>, stamps: &[i64]) -> Self {
        if values.len() != stamps.len() {
            return Self::stamped(values, latest(stamps));
        }
        let mut last = i64::MIN;
        let in_order = stamps.iter().map(|stamp| {
            last = last.max(*stamp);
            Stamp::new(last)
        });
        Self { stamps: in_order.collect(), values }
    }

    fn into_plain(self) -> Vec<V> {
        self.values
    }

    fn parts(&self) -> usize {
        self.values.len()
    }

    fn is_live(&self, oldest: i64) -> bool {
        self.stamps.last().is_some_and(|stamp| stamp.get() >= oldest)
    }

    fn has_expired(&self, oldest: i64) -> bool {
        self.stamps.first().is_none_or(|stamp| stamp.get() < oldest)
    }

    fn remove_expired(&mut self, oldest: i64) {
        self.remove_first(self.expired(oldest));
    }

    fn live(&self, oldest: i64) -> impl Serialize {
        let expired = self.expired(oldest);
        (self.values.get(expired..).unwrap_or_default(), self.stamps.get(expired..).unwrap_or_default())
    }
}

impl<V: Record> Serialize for TimedList<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.live(i64::MIN).serialize(serializer)
    }
}

impl<'de, V: Record> Deserialize<'de> for TimedList<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (values, stamps) = <(Vec<V>, Vec<i64>)>::deserialize(deserializer)?;
        Ok(Self::with_stamps(values, &stamps))
    }
}
