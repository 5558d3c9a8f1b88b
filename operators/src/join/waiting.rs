//! The records of a key that may still be joined, in order of time.

use std::collections::{VecDeque, vec_deque};
use std::mem;

use millstream_state::{Record, Timestamp, prefetch};
use serde::{Deserialize, Serialize, Serializer};

use crate::due_keys::Kept;

/// A record that may still be joined.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting<T> {
    pub(super) time: Timestamp,
    pub(super) record: T,
    /// It has been joined with another.
    pub(super) has_partner: bool,
}

/// The records of one key and stream, sorted by time; of the same time, in the order in which they have come.
///
/// Mostly there is none or one, which then needs no memory of its own. Written as a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "VecDeque<Waiting<T>>", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) enum WaitingRecords<T> {
    One(Waiting<T>),
    /// Any number, also none.
    Many(VecDeque<Waiting<T>>),
}

impl<T> WaitingRecords<T> {
    pub(super) const fn new() -> Self {
        Self::Many(VecDeque::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front().is_none()
    }

    /// The earliest.
    pub(super) fn front(&self) -> Option<&Waiting<T>> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.front(),
        }
    }

    /// Adds a record in order.
    pub(super) fn insert(&mut self, waiting: Waiting<T>) {
        match self {
            Self::Many(many) if many.capacity() == 0 => *self = Self::One(waiting),
            Self::Many(many) => {
                let place = many.partition_point(|other| other.time <= waiting.time);
                many.insert(place, waiting);
            }
            Self::One(_) => {
                let many = VecDeque::with_capacity(4);
                let Self::One(one) = mem::replace(self, Self::Many(many)) else { return };
                self.insert(one);
                self.insert(waiting);
            }
        }
    }

    /// The records from one time to another, both included.
    pub(super) fn between(
        &mut self,
        first: Timestamp,
        last: Timestamp,
    ) -> impl Iterator<Item = &mut Waiting<T>> {
        let (one, many) = match self {
            Self::One(one) => (Some(one).filter(|one| first <= one.time && one.time <= last), None),
            Self::Many(many) => {
                let begin = many.partition_point(|waiting| waiting.time < first);
                let end = many.partition_point(|waiting| waiting.time <= last);
                // With an empty interval in between the end may lie before the beginning.
                (None, Some(many.range_mut(begin..end.max(begin))))
            }
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Takes the records out for which `is_over` holds, which are the first ones.
    pub(super) fn take_while<F: Fn(&Waiting<T>) -> bool>(
        &mut self,
        is_over: F,
    ) -> impl Iterator<Item = Waiting<T>> + use<'_, T, F> {
        let is_one = matches!(self, Self::One(one) if is_over(one));
        let one = if is_one { mem::replace(self, Self::new()).into_one() } else { None };
        let many: Option<vec_deque::Drain<'_, _>> = match self {
            Self::One(_) => None,
            Self::Many(many) => {
                let over = many.partition_point(is_over);
                Some(many.drain(..over))
            }
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    #[inline]
    fn prefetch(&self) {
        if let Self::Many(many) = self {
            many.front().into_iter().chain(many.back()).for_each(prefetch);
        }
    }

    fn into_one(self) -> Option<Waiting<T>> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(_) => None,
        }
    }
}

impl<T> From<VecDeque<Waiting<T>>> for WaitingRecords<T> {
    fn from(mut many: VecDeque<Waiting<T>>) -> Self {
        match (many.pop_front(), many.is_empty()) {
            (Some(one), true) => Self::One(one),
            (Some(first), false) => {
                many.push_front(first);
                Self::Many(many)
            }
            (None, _) => Self::new(),
        }
    }
}

impl<T: Serialize> Serialize for WaitingRecords<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(one) => serializer.collect_seq([one]),
            Self::Many(many) => many.serialize(serializer),
        }
    }
}

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct BothSides<A, B> {
    pub(super) left: WaitingRecords<A>,
    pub(super) right: WaitingRecords<B>,
}

impl<A, B> Default for BothSides<A, B> {
    fn default() -> Self {
        Self { left: WaitingRecords::new(), right: WaitingRecords::new() }
    }
}

impl<A: Record, B: Record> Kept for BothSides<A, B> {
    #[inline]
    fn prefetch(&self) {
        self.left.prefetch();
        self.right.prefetch();
    }
}

/// So many milliseconds later.
pub(super) fn shifted(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use millstream_state::codec::{decode_from, encode_into};
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn plain(records: &WaitingRecords<u32>) -> Vec<(Timestamp, u32)> {
        let mut copy = records.clone();
        copy.between(Timestamp::MIN, Timestamp::MAX).map(|waiting| (waiting.time, waiting.record)).collect()
    }

    proptest! {
        #[test]
        fn behaves_as_a_sorted_list(steps in prop::collection::vec((0..3_u8, -5..5_i64, 0..5_i64), 0..40)) {
            let (mut records, mut model) = (WaitingRecords::new(), Vec::<(Timestamp, u32)>::new());
            for (number, (kind, time, length)) in steps.into_iter().enumerate() {
                match kind {
                    0 => {
                        let record = number as u32;
                        records.insert(Waiting { time: at(time), record, has_partner: false });
                        model.push((at(time), record));
                        model.sort_by_key(|(time, _)| *time);
                    }
                    1 => {
                        let over = records.take_while(|waiting| waiting.time <= at(time));
                        let taken: Vec<_> = over.map(|waiting| (waiting.time, waiting.record)).collect();
                        let left = model.iter().position(|(other, _)| *other > at(time)).unwrap_or(model.len());
                        prop_assert_eq!(taken, model.drain(..left).collect::<Vec<_>>());
                    }
                    _ => {
                        let (first, last) = (at(time), at(time + length - 1));
                        let found: Vec<_> = records.between(first, last).map(|waiting| waiting.record).collect();
                        let inside = model.iter().filter(|(time, _)| first <= *time && *time <= last);
                        prop_assert_eq!(found, inside.map(|(_, record)| *record).collect::<Vec<_>>());
                    }
                }
                prop_assert_eq!(plain(&records), model.clone());
                prop_assert_eq!(records.is_empty(), model.is_empty());
                prop_assert_eq!(records.front().map(|first| first.time), model.first().map(|(time, _)| *time));
                // As a list, and read as what was written.
                let (mut bytes, mut as_list) = (Vec::new(), Vec::new());
                encode_into(&records, &mut bytes)?;
                let list: Vec<_> = model.iter().map(|(time, record)| (*time, *record, false)).collect();
                encode_into(&list, &mut as_list)?;
                prop_assert_eq!(&bytes, &as_list);
                records = decode_from(&mut &bytes[..])?;
                prop_assert_eq!(plain(&records), model.clone());
            }
        }
    }
}
