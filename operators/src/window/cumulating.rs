//! Windows that grow by steps, and begin anew when they are full.

use std::iter;
use std::time::Duration;

use millstream_state::Timestamp;

use super::length::{length_problem, span_problem};
use super::tumbling::start_of;
use super::{TimeWindow, WindowAssigner};

/// Event-time windows that begin together and end step by step, up to a greatest length: what has come since the beginning of
/// the day, for instance, every hour. As `CUMULATE` in Flink's SQL.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::CumulatingEventTimeWindows;
///
/// let hours = |hours: u64| Duration::from_secs(hours * 3_600);
/// let env = Environment::new().parallelism(1);
/// let time = WatermarkStrategy::monotonous()
///     .timestamp_assigner(|hour: &i64| Timestamp::from_millis(hour * 3_600_000));
/// let since_midnight = env
///     .from_collection([1, 2, 7, 23, 24])
///     .assign_timestamps_and_watermarks(time)
///     .key_by(|_| ())
///     .window(CumulatingEventTimeWindows::of(hours(24), hours(6)))
///     .count()
///     .map(|result| (result.window.end.as_millis() / 3_600_000, result.value))
///     .collect();
/// env.execute("since midnight")?;
/// assert_eq!(since_midnight.sorted(), [(6, 2), (12, 3), (18, 3), (24, 4), (30, 1), (36, 1), (42, 1), (48, 1)]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "CUMULATE")]
#[derive(Clone, Copy, Debug)]
pub struct CumulatingEventTimeWindows {
    max_size: Duration,
    step: Duration,
    offset: Duration,
}

impl CumulatingEventTimeWindows {
    /// Windows of length `step`, twice `step` and so on up to `max_size`, a multiple of it. They begin at multiples of
    /// `max_size` since the Unix epoch. Both are whole numbers of milliseconds.
    pub const fn of(max_size: Duration, step: Duration) -> Self {
        Self { max_size, step, offset: Duration::ZERO }
    }

    /// Shifts the windows: they begin `offset`, a whole number of milliseconds, after the multiples of their greatest
    /// length.
    #[must_use]
    pub const fn offset(mut self, offset: Duration) -> Self {
        self.offset = offset;
        self
    }
}

impl<T> WindowAssigner<T> for CumulatingEventTimeWindows {
    type Window = TimeWindow;

    fn kind(&self) -> &'static str {
        "Cumulating windows"
    }

    fn problem(&self) -> Option<String> {
        let (max_size, step) = (self.max_size, self.step);
        length_problem("the greatest size of cumulating windows", max_size)
            .or_else(|| length_problem("the step of cumulating windows", step))
            .or_else(|| span_problem("the offset of cumulating windows", self.offset))
            .or_else(|| {
                (!max_size.as_millis().is_multiple_of(step.as_millis())).then(|| {
                    format!(
                        "the greatest size of cumulating windows must be a multiple of their step, but is {max_size:?} \
                         with steps of {step:?}"
                    )
                })
            })
    }

    fn assign(&mut self, _: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        let start = start_of(timestamp, self.max_size, self.offset);
        let (step, last) = (self.step, start.saturating_add(self.max_size));
        // Windows of one start end at multiples of the step after it.
        let first = start_of(timestamp, step, self.offset).saturating_add(step);
        let ends = iter::successors(Some(first), move |end| {
            // At the end of time ends would repeat for ever.
            Some(end.saturating_add(step)).filter(|next| next > end && *next <= last)
        });
        ends.map(move |end| TimeWindow::new(start, end))
    }
}
