//! Sessions of processing time.

use std::iter;
use std::time::Duration;

use millstream_state::Timestamp;

use super::{DynamicProcessingTimeSessionWindows, gap_problem, merged, session_of};
use crate::process::TimeDomain;
use crate::window::{TimeWindow, WindowAssigner};

/// Windows that last as long as a key's records follow each other within a gap, of processing time. As Flink's
/// `ProcessingTimeSessionWindows`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::ProcessingTimeSessionWindows;
///
/// let second = Duration::from_secs(1);
/// let sessions = ProcessingTimeSessionWindows::with_gap(10 * second);
/// let mut harness = window_operator(|_: &char| (), sessions).count().open()?;
/// harness.push('a')?;
/// harness.advance(8 * second)?;
/// harness.push('b')?;
/// harness.advance(9 * second)?;
/// assert!(harness.take_records().is_empty());
/// harness.advance(second)?;
/// let visits: Vec<_> = harness.take_records().iter().map(|visit| (visit.window.end.as_millis(), visit.value)).collect();
/// assert_eq!(visits, [(18_000, 2)]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ProcessingTimeSessionWindows {
    gap: Duration,
}

impl ProcessingTimeSessionWindows {
    /// A session ends when no record has come for `gap`: a whole number of milliseconds.
    #[doc(alias = "withGap")]
    pub const fn with_gap(gap: Duration) -> Self {
        Self { gap }
    }

    /// A session ends when no record has come within the gap that the last one asks for: `gap` gives it, a whole number of
    /// milliseconds, from each record. As Flink's `withDynamicGap`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::testing::window_operator;
    /// use millstream::window::ProcessingTimeSessionWindows;
    ///
    /// let sessions = ProcessingTimeSessionWindows::with_dynamic_gap(|gap: &u64| Duration::from_secs(*gap));
    /// let mut harness = window_operator(|_: &u64| (), sessions).count().open()?;
    /// harness.push(30)?;
    /// harness.push(2)?;
    /// harness.advance(Duration::from_secs(29))?;
    /// assert!(harness.take_records().is_empty());
    /// harness.advance(Duration::from_secs(1))?;
    /// assert_eq!(harness.take_records().len(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("withDynamicGap", "SessionWindowTimeGapExtractor"))]
    pub const fn with_dynamic_gap<T, F>(gap: F) -> DynamicProcessingTimeSessionWindows<F>
    where
        F: Fn(&T) -> Duration,
    {
        DynamicProcessingTimeSessionWindows::new(gap)
    }
}

impl<T> WindowAssigner<T> for ProcessingTimeSessionWindows {
    type Window = TimeWindow;

    const TIME: Option<TimeDomain> = Some(TimeDomain::ProcessingTime);
    const MERGES: bool = true;

    fn kind(&self) -> &'static str {
        "Session windows"
    }

    fn problem(&self) -> Option<String> {
        gap_problem(self.gap)
    }

    fn assign(&mut self, _: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        iter::once(session_of(timestamp, self.gap))
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        merged(one, other)
    }
}
