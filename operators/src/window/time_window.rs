//! What a window is, and the one that is a stretch of event time.

use std::cmp::Ordering;
use std::fmt;

use millstream_state::{Record, Timestamp};
use serde::{Deserialize, Serialize};

/// A set of records of one key that are worked on together.
///
/// The order of windows must be that of [`max_timestamp`](Window::max_timestamp): of two windows
/// the lesser must not fire later.
pub trait Window: Record + Ord {
    /// The last point in time that belongs to the window: it fires when the watermark gets there.
    #[doc(alias = "maxTimestamp")]
    fn max_timestamp(&self) -> Timestamp;

    /// Whether no point in time belongs to the window: a mistake of its assigner.
    fn is_empty(&self) -> bool {
        false
    }
}

/// A stretch of event time, or of processing time. As Flink's `TimeWindow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeWindow {
    /// The first point in time that belongs to it.
    pub start: Timestamp,
    /// The first point in time after it.
    pub end: Timestamp,
}

impl TimeWindow {
    /// From `start` up to, not including, `end`.
    pub const fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }

    /// Whether a point in time belongs to it.
    #[inline]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether the two overlap, or one begins where the other ends.
    pub fn touches(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The shortest window that holds both.
    #[must_use]
    pub fn cover(&self, other: &Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl Window for TimeWindow {
    #[inline]
    fn max_timestamp(&self) -> Timestamp {
        last_before(self.end)
    }

    fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// The last point in time of a window that ends at `end`.
#[inline]
pub(super) const fn last_before(end: Timestamp) -> Timestamp {
    Timestamp::from_millis(end.as_millis().saturating_sub(1))
}

impl Ord for TimeWindow {
    /// By end, then by start.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (self.end, self.start).cmp(&(other.end, other.start))
    }
}

impl PartialOrd for TimeWindow {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}, {})", self.start, self.end)
    }
}
