//! Rows in the order of their keys: what is the smallest is found without looking at the others.

mod group;

use std::ops::Bound;

use self::group::OrderedGroup;
use super::restore::check_kind;
use super::ttl::{Expiry, Ttl};
use crate::grouped::GroupedState;
use crate::snapshot::part::{KeyedStateSnapshot, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, KeyGroupRange, KeyGroups, Result};

/// What an ordered row holds besides its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderedValue {
    /// A number, such as how often a value was added; 0 in a new row.
    pub number: i64,
    /// Bytes, such as a row of a table; none in a new row.
    pub variable: Box<[u8]>,
    /// When it was written last, in seconds; 0 where rows do not expire.
    stamp: u32,
}

/// Rows of one keyed state of one subtask, sorted by keys of bytes.
///
/// A key begins with a prefix, such as a grouping or partition key, and goes on with what is sorted by,
/// both usually from a [`KeyEncoder`](super::KeyEncoder). The [stable hash](crate::stable_hash) of what the
/// prefix says goes with each key: it decides the key group, and all rows of a prefix are in one.
///
/// As the state of MIN and MAX with retractions, and of top-N, in Flink SQL. A key group is copied when it
/// is written to while a snapshot holds it.
///
/// ```
/// use millstream_state::rows::{KeyEncoder, KeyOrder, OrderedRows};
/// use millstream_state::snapshot::part::{StateKind, StateMeta};
/// use millstream_state::{KeyGroups, Shape, stable_hash};
///
/// let (key, value) = (Shape::from_text("shop BIGINT, price BIGINT"), Shape::from_text("count: i64"));
/// let meta = StateMeta { name: "prices".to_owned(), kind: StateKind::Rows, key, value };
/// let groups = KeyGroups::new(128);
/// let mut prices = OrderedRows::new(meta, groups, groups.range_of(0, 1));
///
/// let key = |shop: i64, price: Option<i64>| {
///     let mut bytes = Vec::new();
///     let mut key = KeyEncoder::new(&mut bytes);
///     key.number(Some(shop), KeyOrder::Ascending);
///     price.inspect(|price| key.number(Some(*price), KeyOrder::Ascending));
///     bytes
/// };
/// for (shop, price) in [(1, 30), (1, 20), (2, 10), (1, 20)] {
///     prices.entry(stable_hash(&shop), &key(shop, Some(price)))?.number += 1;
/// }
/// let smallest = prices.scan_prefix(stable_hash(&1_i64), &key(1, None), None).next();
/// assert_eq!(smallest.map(|(bytes, row)| (bytes.to_vec(), row.number)), Some((key(1, Some(20)), 2)));
/// # Ok::<(), millstream_state::StateError>(())
/// ```
pub struct OrderedRows {
    state: GroupedState<OrderedGroup>,
    expiry: Expiry,
    /// The key group at which the next sweep begins.
    swept: usize,
    /// The last key of it that has been looked at, if any.
    swept_key: Option<Box<[u8]>>,
}

impl OrderedRows {
    /// A state without rows, which do not expire, over the key groups `range` of `groups`.
    pub fn new(meta: StateMeta, groups: KeyGroups, range: KeyGroupRange) -> Self {
        Self {
            state: GroupedState::new(meta, groups, range),
            expiry: Expiry::default(),
            swept: 0,
            swept_key: None,
        }
    }

    /// Lets rows expire, or lets them no longer expire with `None`.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Option<Ttl>) -> Self {
        self.expiry = self.expiry.with(ttl);
        self
    }

    /// Whether rows expire.
    pub fn expires(&self) -> bool {
        self.expiry.is_on()
    }

    /// Says what time it is, as [`RowStore::set_now`](super::RowStore::set_now).
    pub fn set_now(&mut self, seconds: u32) {
        self.expiry = self.expiry.at(seconds);
    }

    /// Name, kind and shapes.
    pub fn meta(&self) -> &StateMeta {
        self.state.meta()
    }

    /// How many rows there are, those included that have expired and are not swept yet.
    pub fn len(&self) -> usize {
        self.state.entries()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.state.contents().all(|group| group.0.is_empty())
    }

    /// What the row with this key holds, if there is one that has not expired.
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<&OrderedValue> {
        self.state.content(hash)?.0.get(key).filter(|value| self.expiry.is_live(value.stamp))
    }

    /// What the row with this key holds, for writing; a row that is not there, or has expired, is made.
    ///
    /// # Errors
    /// [`StateError::Usage`](crate::StateError::Usage) if another subtask owns the key.
    pub fn entry(&mut self, hash: u64, key: &[u8]) -> Result<&mut OrderedValue> {
        let stamp = if self.expiry.is_on() { self.expiry.now() } else { 0 };
        let rows = &mut self.state.content_mut(hash)?.0;
        if !rows.contains_key(key) {
            return Ok(rows.entry(key.into()).or_insert(OrderedValue { stamp, ..OrderedValue::default() }));
        }
        let value = rows.entry(key.into()).or_default();
        if !self.expiry.is_live(value.stamp) {
            *value = OrderedValue::default();
        }
        value.stamp = stamp;
        Ok(value)
    }

    /// Removes a row; returns what it held, unless it had expired.
    ///
    /// # Errors
    /// [`StateError::Usage`](crate::StateError::Usage) if another subtask owns the key.
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Result<Option<OrderedValue>> {
        let group = self.state.content_mut_if(hash, |group| group.0.contains_key(key))?;
        let removed = group.and_then(|group| group.0.remove(key));
        Ok(removed.filter(|value| self.expiry.is_live(value.stamp)))
    }

    /// All rows whose keys begin with `prefix`, in order, from the first whose key is not less than `from`
    /// if that is given, and without those that have expired. Reversed, it begins with the last.
    pub fn scan_prefix<'s>(
        &'s self,
        hash: u64,
        prefix: &[u8],
        from: Option<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'s [u8], &'s OrderedValue)> + use<'s> {
        let start = from.map_or(prefix, |from| from.max(prefix));
        let end = behind(prefix);
        // A range that begins behind its end would be a mistake of the program, and a panic.
        let is_there = end.as_deref().is_none_or(|end| start < end);
        let bounds = (Bound::Included(start), end.as_deref().map_or(Bound::Unbounded, Bound::Excluded));
        let group = self.state.content(hash).filter(|_| is_there);
        let rows = group.map(|group| group.0.range::<[u8], _>(bounds)).into_iter().flatten();
        rows.filter(|(_, value)| self.expiry.is_live(value.stamp)).map(|(key, value)| (&**key, value))
    }

    /// All rows that have not expired, by key group and key.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], &OrderedValue)> {
        let all = self.state.contents().flat_map(|group| &group.0);
        all.filter(|(_, value)| self.expiry.is_live(value.stamp)).map(|(key, value)| (&**key, value))
    }

    /// Looks at the next `rows` rows, or empty key groups, and removes those that have expired; returns how many
    /// that were.
    ///
    /// To be called with each batch, with at least twice its rows: what expires is removed sooner than as much is
    /// added then.
    pub fn sweep(&mut self, rows: usize) -> usize {
        if self.expiry.oldest() == 0 {
            return 0;
        }
        let (expiry, slots) = (self.expiry, self.state.slots());
        let (mut left, mut removed, mut expired) = (rows, 0, Vec::new());
        for _ in 0..slots {
            let Some(group) = self.state.slot(self.swept) else { break };
            let start = self.swept_key.take();
            let start = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut last = None;
            for (key, value) in group.0.range::<[u8], _>((start, Bound::Unbounded)).take(left) {
                left -= 1;
                last = Some(key);
                if !expiry.is_live(value.stamp) {
                    expired.push(key.clone());
                }
            }
            let stopped = last.filter(|_| left == 0).cloned();
            // A group in which nothing has expired is not to be copied for a snapshot's sake.
            if !expired.is_empty()
                && let Some(group) = self.state.slot_mut(self.swept)
            {
                removed += expired.len();
                expired.drain(..).for_each(|key| drop(group.0.remove(&key)));
            }
            self.swept_key = stopped;
            if self.swept_key.is_some() {
                break;
            }
            self.swept = if self.swept + 1 < slots { self.swept + 1 } else { 0 };
            left = left.saturating_sub(1);
            if left == 0 {
                break;
            }
        }
        removed
    }

    /// Freezes the content for snapshot `checkpoint`, as [`GroupedState::snapshot`]. Rows that have expired and
    /// are not swept yet are written as well, and are expired where they are restored.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        self.state.snapshot(checkpoint)
    }

    /// Adds all that a snapshot holds of this state for the subtask. Each block is given back as soon as it is
    /// decoded. Rows without stamps get the [present one](Self::set_now), if rows expire.
    ///
    /// # Errors
    /// If the snapshot holds another kind of state, or rows of another layout, the bytes are no ordered
    /// rows, or they belong to another subtask.
    pub fn restore_all(&mut self, stored: KeyedRestore) -> Result<()> {
        check_kind(&self.meta().name, stored.meta.kind)?;
        self.meta().check_unchanged(&stored.meta)?;
        let now = if self.expiry.is_on() { self.expiry.now() } else { 0 };
        stored.into_whole_groups()?.try_for_each(|(group, bytes)| {
            self.state.restore(group, &bytes, |group, bytes| group.decode_at(bytes, now))
        })
    }
}

/// The first key behind all that begin with `prefix`; none if no key is.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let (before, rest) = prefix.split_at_checked(last)?;
    Some([before, &[rest.first()? + 1]].concat())
}

#[cfg(test)]
mod tests;
