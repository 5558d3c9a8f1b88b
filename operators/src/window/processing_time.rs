//! Windows of the time at which records come.

use std::time::Duration;

use millstream_runtime::chain::OpenContext;
use millstream_state::Timestamp;

use super::stagger::WindowStagger;
use super::{SlidingEventTimeWindows, TimeWindow, TumblingEventTimeWindows, WindowAssigner};
use crate::function::FunctionResult;
use crate::process::TimeDomain;

/// Windows of one length, one after the other, of the time at which records come. As Flink's
/// `TumblingProcessingTimeWindows`.
///
/// Which window a record belongs to then depends on when the job runs, and after a failure records may come to others. What
/// windows hold when the stream ends is emitted.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::TumblingProcessingTimeWindows;
///
/// let second = Duration::from_secs(1);
/// let windows = TumblingProcessingTimeWindows::of(10 * second);
/// let mut harness = window_operator(|_: &char| (), windows).count().open()?;
/// harness.push('a')?;
/// harness.advance(9 * second)?;
/// harness.push('b')?;
/// harness.advance(second)?;
/// harness.push('c')?;
/// let counts: Vec<_> = harness.take_records().iter().map(|count| (count.window.end.as_millis(), count.value)).collect();
/// assert_eq!(counts, [(10_000, 2)]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TumblingProcessingTimeWindows {
    windows: TumblingEventTimeWindows,
    size: Duration,
    offset: Duration,
    stagger: WindowStagger,
    /// The stagger is yet to be worked out, from the first record.
    waits_for_record: bool,
}

impl TumblingProcessingTimeWindows {
    /// Windows of length `size`, a whole number of milliseconds, aligned to the Unix epoch.
    pub const fn of(size: Duration) -> Self {
        let windows = TumblingEventTimeWindows::of(size);
        Self {
            windows,
            size,
            offset: Duration::ZERO,
            stagger: WindowStagger::Aligned,
            waits_for_record: false,
        }
    }

    /// Shifts the windows: they begin `offset`, a whole number of milliseconds, after the multiples of their length.
    #[must_use]
    pub const fn offset(mut self, offset: Duration) -> Self {
        self.windows = self.windows.offset(offset);
        self.offset = offset;
        self
    }

    /// Shifts the windows of each subtask further, so that not all fire at once.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::testing::window_operator;
    /// use millstream::window::{TumblingProcessingTimeWindows, WindowStagger};
    ///
    /// let second = Duration::from_secs(1);
    /// let windows = TumblingProcessingTimeWindows::of(10 * second).stagger(WindowStagger::Natural);
    /// let mut harness = window_operator(|_: &char| (), windows).count().open()?;
    /// harness.advance(7 * second)?;
    /// harness.push('a')?;
    /// harness.advance(10 * second)?;
    /// let starts: Vec<_> = harness.take_records().iter().map(|count| count.window.start.as_millis()).collect();
    /// assert_eq!(starts, [7_000]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn stagger(mut self, stagger: WindowStagger) -> Self {
        self.stagger = stagger;
        self
    }

    /// Shifts the windows by this as well.
    fn stagger_by(&mut self, stagger: Duration) {
        let both = self.offset.saturating_add(stagger);
        self.windows = TumblingEventTimeWindows::of(self.size).offset(both);
    }
}

impl<T> WindowAssigner<T> for TumblingProcessingTimeWindows {
    type Window = TimeWindow;

    const TIME: Option<TimeDomain> = Some(TimeDomain::ProcessingTime);

    fn kind(&self) -> &'static str {
        "Tumbling windows"
    }

    fn problem(&self) -> Option<String> {
        WindowAssigner::<T>::problem(&self.windows)
    }

    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        match self.stagger {
            WindowStagger::Aligned => {}
            WindowStagger::Random => {
                let millis = usize::try_from(self.size.as_millis()).unwrap_or(usize::MAX);
                let millis = cx.task().random().below(millis);
                self.stagger_by(Duration::from_millis(millis as u64));
            }
            WindowStagger::Natural => self.waits_for_record = true,
        }
        Ok(())
    }

    fn assign(&mut self, record: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        if self.waits_for_record {
            self.waits_for_record = false;
            self.stagger_by(timestamp.since(super::tumbling::start_of(timestamp, self.size, self.offset)));
        }
        self.windows.assign(record, timestamp)
    }
}

/// Windows of one length that begin at regular intervals, of the time at which records come. As Flink's
/// `SlidingProcessingTimeWindows`. See [`TumblingProcessingTimeWindows`] for what such windows depend on.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::SlidingProcessingTimeWindows;
///
/// let second = Duration::from_secs(1);
/// let windows = SlidingProcessingTimeWindows::of(10 * second, 5 * second);
/// let mut harness = window_operator(|_: &char| (), windows).count().open()?;
/// harness.push('a')?;
/// harness.advance(5 * second)?;
/// harness.push('b')?;
/// harness.advance(10 * second)?;
/// let counts: Vec<_> = harness.take_records().iter().map(|count| (count.window.end.as_millis(), count.value)).collect();
/// assert_eq!(counts, [(5_000, 1), (10_000, 2), (15_000, 1)]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SlidingProcessingTimeWindows(SlidingEventTimeWindows);

impl SlidingProcessingTimeWindows {
    /// Windows of length `size`, one beginning every `slide`, aligned to the Unix epoch. Both are whole numbers of
    /// milliseconds.
    pub const fn of(size: Duration, slide: Duration) -> Self {
        Self(SlidingEventTimeWindows::of(size, slide))
    }

    /// Shifts the windows: they begin `offset`, a whole number of milliseconds, after the multiples of `slide`.
    #[must_use]
    pub fn offset(self, offset: Duration) -> Self {
        Self(self.0.offset(offset))
    }
}

impl<T> WindowAssigner<T> for SlidingProcessingTimeWindows {
    type Window = TimeWindow;

    const TIME: Option<TimeDomain> = Some(TimeDomain::ProcessingTime);

    fn kind(&self) -> &'static str {
        "Sliding windows"
    }

    fn problem(&self) -> Option<String> {
        WindowAssigner::<T>::problem(&self.0)
    }

    fn assign(&mut self, record: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        self.0.assign(record, timestamp)
    }
}
