//! Windows of one length that overlap.

use std::iter;
use std::time::Duration;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record, Timestamp};

use super::function::WindowFunction;
use super::lateness::Lateness;
use super::length::{length_problem, span_problem};
use super::tumbling::start_of;
use super::{TimeWindow, WindowAssigner};

mod firing;
mod grid;
mod late;
mod panes;
mod restore;
mod running;
mod slice_operator;
mod sum;
mod switch;

use switch::SlidingOperator;

/// Event-time windows of one length that begin at regular intervals, and overlap where the interval
/// is shorter than the length. As Flink's `SlidingEventTimeWindows`.
///
/// Where windows overlap, records that are counted, reduced or aggregated (also with a process function) are
/// gathered by slices: each is added once, to the stretch of time between two points where windows begin or
/// end, and a window that fires [merges](millstream_state::AggregateFunction::merge) what its slices have come
/// to. So a record costs the same however many windows it belongs to. The functions must give the same whether
/// records are combined one by one or in groups, and in whatever order they came. Windows that keep
/// all their records ([`process`](super::WindowedStream::process)) put each into every window.
///
/// ```
/// use std::time::Duration;
/// use millstream::Timestamp;
/// use millstream::window::{SlidingEventTimeWindows, WindowAssigner};
///
/// let (size, slide) = (Duration::from_millis(10), Duration::from_millis(5));
/// let mut windows = SlidingEventTimeWindows::of(size, slide);
/// let starts: Vec<_> =
///     windows.assign(&"a record", Timestamp::from_millis(12)).map(|window| window.start.as_millis()).collect();
/// assert_eq!(starts, [5, 10]);
/// ```
#[derive(Clone, Debug)]
pub struct SlidingEventTimeWindows {
    size: Duration,
    slide: Duration,
    offset: Duration,
    /// The windows of the record before, and the stretch of time all of which belongs to just these:
    /// the next record mostly lies in it too, and comparing is quicker than dividing.
    last: Vec<TimeWindow>,
    last_holds: TimeWindow,
}

impl SlidingEventTimeWindows {
    /// Windows of length `size`, one beginning every `slide`, aligned to the Unix epoch. Both are whole
    /// numbers of milliseconds.
    pub const fn of(size: Duration, slide: Duration) -> Self {
        // Empty, so that no record lies in it.
        let last_holds = TimeWindow::new(Timestamp::MAX, Timestamp::MIN);
        Self { size, slide, offset: Duration::ZERO, last: Vec::new(), last_holds }
    }

    /// Shifts the windows: they begin `offset`, a whole number of milliseconds, after the multiples of
    /// `slide`.
    #[must_use]
    pub const fn offset(mut self, offset: Duration) -> Self {
        self.offset = offset;
        self
    }
}

impl SlidingEventTimeWindows {
    /// Finds the windows of a record.
    #[cold]
    fn place(&mut self, timestamp: Timestamp) {
        let (size, slide) = (self.size, self.slide);
        // The first window that has not ended yet is the one that begins in the `slide` after
        // `timestamp - size`.
        let before = start_of(timestamp.saturating_sub(size), slide, self.offset);
        let first = before.saturating_add(slide);
        let starts = iter::successors(Some(first), move |start| {
            // At the end of time starts would repeat for ever.
            Some(start.saturating_add(slide)).filter(|next| next > start)
        });
        let starts = starts.take_while(move |start| *start <= timestamp);
        self.last.clear();
        self.last.extend(starts.map(move |start| TimeWindow::new(start, start.saturating_add(size))));
        // Other windows come in where the next one begins, and where the one before the first ends.
        let begun = start_of(timestamp, slide, self.offset);
        self.last_holds = TimeWindow::new(
            begun.max(before.saturating_add(size)),
            begun.saturating_add(slide).min(first.saturating_add(size)),
        );
    }
}

impl<T> WindowAssigner<T> for SlidingEventTimeWindows {
    type Window = TimeWindow;

    fn kind(&self) -> &'static str {
        "Sliding windows"
    }

    fn problem(&self) -> Option<String> {
        let size = length_problem("the size of sliding windows", self.size);
        size.or_else(|| length_problem("the slide of sliding windows", self.slide))
            .or_else(|| span_problem("the offset of sliding windows", self.offset))
    }

    #[inline]
    fn assign(&mut self, _: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        if !self.last_holds.contains(timestamp) {
            self.place(timestamp);
        }
        self.last.iter().copied()
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
        SlidingOperator::new(self, function, lateness, info)
    }
}

#[cfg(test)]
mod tests;
