//! Windows that last as long as records keep coming.

use std::time::Duration;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record, Timestamp};

use super::TimeWindow;
use super::function::WindowFunction;
use super::lateness::Lateness;
use super::length::length_problem;
use super::stream::WindowKind;

mod session_operator;

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

    fn of_one(self, timestamp: Timestamp) -> TimeWindow {
        TimeWindow::new(timestamp, timestamp.saturating_add(self.gap))
    }
}

impl WindowKind for EventTimeSessionWindows {
    type Window = TimeWindow;

    fn kind(&self) -> &'static str {
        "Session windows"
    }

    fn problem(&self) -> Option<String> {
        length_problem("the gap of session windows", self.gap)
    }

    fn needs_timestamps(&self) -> bool {
        true
    }

    fn operator<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<K, T, F> {
        SessionOperator::new(*self, function, lateness, info)
    }
}
