//! Windows that last as long as records keep coming.

use std::iter;
use std::time::Duration;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record, Timestamp};

use super::function::WindowFunction;
use super::lateness::Lateness;
use super::length::length_problem;
use super::{TimeWindow, WindowAssigner};

mod dynamic;
mod open;
mod processing_time;
mod session_operator;

pub use dynamic::{DynamicEventTimeSessionWindows, DynamicProcessingTimeSessionWindows};
pub use processing_time::ProcessingTimeSessionWindows;
use session_operator::SessionOperator;

/// Event-time windows that last as long as a key's records follow each other within a gap. As
/// Flink's `EventTimeSessionWindows`.
///
/// A record that comes out of order may join two sessions to one.
///
/// ```
/// # use millstream::prelude::*;
/// # let env = Environment::new();
/// let time = WatermarkStrategy::monotonous()
///     .timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
/// let visits = env
///     .from_collection([0, 5, 30, 32, 36])
///     .assign_timestamps_and_watermarks(time)
///     .key_by(|_| "ann".to_owned())
///     .window(EventTimeSessionWindows::with_gap(Duration::from_secs(10)))
///     .count()
///     .map(|visit| (visit.window.start.as_millis(), visit.window.end.as_millis(), visit.value))
///     .collect();
/// env.execute("visits")?;
/// assert_eq!(visits.sorted(), [(0, 15_000, 2), (30_000, 46_000, 3)]);
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventTimeSessionWindows {
    gap: Duration,
}

impl EventTimeSessionWindows {
    /// A session ends when no record has come for `gap`, of event time: a whole number of milliseconds.
    #[doc(alias = "withGap")]
    pub const fn with_gap(gap: Duration) -> Self {
        Self { gap }
    }

    /// A session ends when no record has come within the gap that the last one asks for: `gap` gives it, a whole number of
    /// milliseconds, from each record. As Flink's `withDynamicGap`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let time = WatermarkStrategy::monotonous()
    ///     .timestamp_assigner(|(second, _): &(i64, u64)| Timestamp::from_millis(second * 1_000));
    /// // The second, and how long the reader may take.
    /// let visits = env
    ///     .from_collection([(0, 10), (5, 30), (30, 10), (45, 10)])
    ///     .assign_timestamps_and_watermarks(time)
    ///     .key_by(|_| "ann".to_owned())
    ///     .window(EventTimeSessionWindows::with_dynamic_gap(|(_, gap): &(i64, u64)| Duration::from_secs(*gap)))
    ///     .count()
    ///     .map(|visit| (visit.window.start.as_millis(), visit.window.end.as_millis(), visit.value))
    ///     .collect();
    /// env.execute("visits")?;
    /// assert_eq!(visits.sorted(), [(0, 40_000, 3), (45_000, 55_000, 1)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("withDynamicGap", "SessionWindowTimeGapExtractor"))]
    pub const fn with_dynamic_gap<T, F>(gap: F) -> DynamicEventTimeSessionWindows<F>
    where
        F: Fn(&T) -> Duration,
    {
        DynamicEventTimeSessionWindows::new(gap)
    }

    fn of_one(self, timestamp: Timestamp) -> TimeWindow {
        session_of(timestamp, self.gap)
    }
}

/// The session of a single record.
fn session_of(timestamp: Timestamp, gap: Duration) -> TimeWindow {
    TimeWindow::new(timestamp, timestamp.saturating_add(gap))
}

/// Two sessions as one, if they touch.
fn merged(one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
    one.touches(other).then(|| one.cover(other))
}

/// What is wrong with the gap between sessions.
fn gap_problem(gap: Duration) -> Option<String> {
    length_problem("the gap of session windows", gap)
}

impl<T> WindowAssigner<T> for EventTimeSessionWindows {
    type Window = TimeWindow;

    const MERGES: bool = true;

    fn kind(&self) -> &'static str {
        "Session windows"
    }

    fn problem(&self) -> Option<String> {
        gap_problem(self.gap)
    }

    fn assign(&mut self, _: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        iter::once(self.of_one(timestamp))
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        merged(one, other)
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
        SessionOperator::new(*self, function, lateness, info)
    }
}
