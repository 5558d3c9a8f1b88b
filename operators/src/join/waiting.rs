//! The records of a key that may still be joined, in order of time.

use std::collections::VecDeque;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

/// A record that may still be joined.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Waiting<T> {
    pub(super) time: Timestamp,
    pub(super) record: T,
    /// It has been joined with another.
    pub(super) has_partner: bool,
}

/// The records of one key and stream, sorted by time; of the same time, in the order in which they have come.
pub(super) type Side<T> = VecDeque<Waiting<T>>;

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct BothSides<A, B> {
    pub(super) left: Side<A>,
    pub(super) right: Side<B>,
}

impl<A, B> Default for BothSides<A, B> {
    fn default() -> Self {
        Self { left: Side::new(), right: Side::new() }
    }
}

/// So many milliseconds later.
pub(super) fn shifted(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}

/// The records from one time to another, both included.
pub(super) fn between<T>(
    side: &mut Side<T>,
    first: Timestamp,
    last: Timestamp,
) -> impl Iterator<Item = &mut Waiting<T>> {
    let begin = side.partition_point(|waiting| waiting.time < first);
    let end = side.partition_point(|waiting| waiting.time <= last);
    // With an empty interval in between the end may lie before the beginning.
    side.range_mut(begin..end.max(begin))
}

/// Adds a record in order.
pub(super) fn insert<T>(side: &mut Side<T>, waiting: Waiting<T>) {
    let place = side.partition_point(|other| other.time <= waiting.time);
    side.insert(place, waiting);
}
