//! Windows of one length, one after the other.

use std::iter;
use std::time::Duration;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record, Timestamp};

use super::function::WindowFunction;
use super::lateness::Lateness;
use super::length::{length_problem, span_problem};
use super::window_operator::WindowOperator;
use super::{TimeWindow, WindowAssigner};

/// Event-time windows of one length, one after the other. As Flink's `TumblingEventTimeWindows`.
///
/// ```
/// use std::time::Duration;
/// use millstream::Timestamp;
/// use millstream::window::{TumblingEventTimeWindows, WindowAssigner};
///
/// // Days that begin at 04:00 UTC.
/// let hours = |hours: u64| Duration::from_secs(hours * 3_600);
/// let mut days = TumblingEventTimeWindows::of(hours(24)).offset(hours(4));
/// let window = days.assign(&"a record", Timestamp::from_millis(0)).next();
/// assert_eq!(window.map(|window| window.to_string()).as_deref(),
///     Some("[1969-12-31T04:00:00.000Z, 1970-01-01T04:00:00.000Z)"));
/// ```
#[derive(Clone, Debug)]
pub struct TumblingEventTimeWindows {
    size: Duration,
    offset: Duration,
    /// The window of the record before: the next one mostly belongs to it too, and comparing is
    /// quicker than dividing.
    last: TimeWindow,
}

impl TumblingEventTimeWindows {
    /// Windows of length `size`, a whole number of milliseconds, aligned to the Unix epoch.
    pub const fn of(size: Duration) -> Self {
        // Empty, so that no record belongs to it.
        let last = TimeWindow::new(Timestamp::MAX, Timestamp::MIN);
        Self { size, offset: Duration::ZERO, last }
    }

    /// Shifts the windows: they begin `offset`, a whole number of milliseconds, after the multiples of
    /// their length.
    #[must_use]
    pub const fn offset(mut self, offset: Duration) -> Self {
        self.offset = offset;
        self
    }
}

impl<T> WindowAssigner<T> for TumblingEventTimeWindows {
    type Window = TimeWindow;

    fn kind(&self) -> &'static str {
        "Tumbling windows"
    }

    fn problem(&self) -> Option<String> {
        let size = length_problem("the size of tumbling windows", self.size);
        size.or_else(|| span_problem("the offset of tumbling windows", self.offset))
    }

    #[inline]
    fn assign(&mut self, _: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        if !self.last.contains(timestamp) {
            let start = start_of(timestamp, self.size, self.offset);
            self.last = TimeWindow::new(start, start.saturating_add(self.size));
        }
        iter::once(self.last)
    }

    fn window_operator<K: Key, F: WindowFunction<K, T, TimeWindow>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<K, T, F>
    where
        T: Record,
    {
        WindowOperator::new(self.clone(), function, lateness, info)
    }
}

/// The latest start at or before `timestamp` of windows that begin every `step`.
pub(super) fn start_of(timestamp: Timestamp, step: Duration, offset: Duration) -> Timestamp {
    // In 128 bits nothing overflows. A step of no milliseconds is refused before the job runs.
    let (millis, step) = (i128::from(timestamp.as_millis()), step.as_millis().cast_signed().max(1));
    let start = millis - (millis - offset.as_millis().cast_signed()).rem_euclid(step);
    Timestamp::from_millis(i64::try_from(start).unwrap_or(i64::MIN))
}
