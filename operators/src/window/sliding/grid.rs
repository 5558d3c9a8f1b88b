//! Where sliding windows begin and end, and the slices that they cut time into.

use std::time::Duration;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use crate::window::TimeWindow;

/// The windows of one size and slide. They overlap: the size is above the slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grid {
    size: i64,
    slide: i64,
    offset: i64,
}

/// A stretch of time in which no window begins or ends: its points belong to the same windows.
///
/// There are at most two for each slide. The greatest common divisor of size and slide would give slices of
/// one length, but up to as many for each slide as that has milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) span: TimeWindow,
    /// The end of the first window that it belongs to.
    pub(super) first_end: Timestamp,
    /// The end of the last window that it belongs to.
    pub(super) last_end: Timestamp,
}

impl Grid {
    /// `None` where windows do not overlap, or are longer than time.
    pub(super) fn new(size: Duration, slide: Duration, offset: Duration) -> Option<Self> {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).ok();
        let (size, slide) = (millis(size)?, millis(slide).filter(|slide| *slide > 0)?);
        let offset = i64::try_from(offset.as_millis() % slide.unsigned_abs() as u128).ok()?;
        (size > slide).then_some(Self { size, slide, offset })
    }

    /// The slice that a point in time lies in. `None` near the ends of time, where windows are cut off.
    pub(super) fn slice_at(&self, time: Timestamp) -> Option<Slice> {
        let time = time.as_millis();
        let begun = self.start_before(time)?;
        let over = self.start_before(time.checked_sub(self.size)?)?.checked_add(self.size)?;
        let last_end = begun.checked_add(self.size).filter(|end| *end < i64::MAX)?;
        let [start, end] =
            [begun.max(over), begun.checked_add(self.slide)?.min(over.checked_add(self.slide)?)];
        Some(Slice {
            span: TimeWindow::new(Timestamp::from_millis(start), Timestamp::from_millis(end)),
            first_end: Timestamp::from_millis(over.checked_add(self.slide)?),
            last_end: Timestamp::from_millis(last_end),
        })
    }

    /// The latest start of a window at or before `time`.
    fn start_before(&self, time: i64) -> Option<i64> {
        let since = time.rem_euclid(self.slide) - self.offset;
        time.checked_sub(if since < 0 { since + self.slide } else { since })
    }

    /// The window that ends at `end`.
    pub(super) fn window_to(&self, end: Timestamp) -> TimeWindow {
        TimeWindow::new(end.saturating_sub(self.size()), end)
    }

    /// Whether a window is one of these.
    pub(super) fn has(&self, window: &TimeWindow) -> bool {
        let (start, end) = (window.start.as_millis(), window.end.as_millis());
        start.checked_add(self.size) == Some(end) && self.start_before(start) == Some(start)
    }

    /// The windows of a slice that end after `after` and not after `until`, as their ends.
    pub(super) fn ends(
        &self,
        slice: &Slice,
        after: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Timestamp> + use<> {
        let (first, slide) = (slice.first_end.as_millis(), self.slide);
        // In 128 bits nothing overflows.
        let behind = i128::from(after.as_millis()) - i128::from(first);
        let passed = if behind < 0 { 0 } else { behind / i128::from(slide) + 1 };
        let first = i64::try_from(i128::from(first) + passed * i128::from(slide)).unwrap_or(i64::MAX);
        let last = slice.last_end.min(until).as_millis();
        let ends = std::iter::successors(Some(first), move |end| end.checked_add(slide));
        ends.take_while(move |end| *end <= last).map(Timestamp::from_millis)
    }

    /// Whether no other window ends between the end of one and `until`.
    pub(super) fn is_last_end(&self, end: Timestamp, until: Timestamp) -> bool {
        end.as_millis().checked_add(self.slide).is_none_or(|next| next > until.as_millis())
    }

    pub(super) fn size(&self) -> Duration {
        Duration::from_millis(self.size.unsigned_abs())
    }

    /// The least window that may hold points at or after `time` among those in order: slices that end after
    /// it are not less.
    pub(super) const fn from(time: Timestamp) -> TimeWindow {
        TimeWindow::new(Timestamp::MIN, Timestamp::from_millis(time.as_millis().saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{SlidingEventTimeWindows, WindowAssigner};

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn grid(size: u64, slide: u64, offset: u64) -> Option<Grid> {
        let [size, slide, offset] = [size, slide, offset].map(Duration::from_millis);
        Grid::new(size, slide, offset)
    }

    #[test]
    fn a_slice_belongs_to_the_windows_of_each_of_its_points() {
        for (size, slide, offset) in [(10, 5, 0), (10, 3, 2), (7, 6, 20), (60, 1, 0), (1_000, 999, 5)] {
            let grid = grid(size, slide, offset).unwrap();
            let [long, step, shift] = [size, slide, offset].map(Duration::from_millis);
            let mut windows = SlidingEventTimeWindows::of(long, step).offset(shift);
            for time in (-2_500..2_500).map(at) {
                let slice = grid.slice_at(time).unwrap();
                assert!(slice.span.contains(time), "{slice:?} {time}");
                assert_eq!(grid.slice_at(slice.span.start), Some(slice));
                let ends = grid.ends(&slice, Timestamp::MIN, Timestamp::MAX);
                let found: Vec<_> = ends.map(|end| grid.window_to(end)).collect();
                assert_eq!(found, windows.assign(&0, time).collect::<Vec<_>>(), "{time}");
                assert!(found.iter().all(|window| grid.has(window)));
                assert_eq!((found[0].end, found[found.len() - 1].end), (slice.first_end, slice.last_end));
            }
        }
    }

    #[test]
    fn there_are_at_most_two_slices_for_each_slide() {
        let grid = grid(1_000, 999, 0).unwrap();
        let mut starts: Vec<_> = (0..9_990).map(|time| grid.slice_at(at(time)).unwrap().span.start).collect();
        starts.dedup();
        assert_eq!(starts.len(), 20);
    }

    #[test]
    fn windows_of_a_slice_are_cut_to_a_stretch_of_ends() {
        let grid = grid(10, 3, 0).unwrap();
        let slice = grid.slice_at(at(0)).unwrap();
        let ends = |after, until| -> Vec<i64> {
            grid.ends(&slice, after, until).map(Timestamp::as_millis).collect()
        };
        assert_eq!(ends(Timestamp::MIN, Timestamp::MAX), [1, 4, 7, 10]);
        assert_eq!((ends(at(1), at(7)), ends(at(2), at(6))), (vec![4, 7], vec![4]));
        assert_eq!(ends(at(10), Timestamp::MAX), [0; 0]);
    }

    #[test]
    fn there_are_none_near_the_ends_of_time() {
        let grid = grid(10, 3, 0).unwrap();
        for time in [i64::MIN, i64::MIN + 11, i64::MAX - 7, i64::MAX] {
            assert_eq!(grid.slice_at(at(time)), None, "{time}");
        }
        for time in (0..30).flat_map(|distance| [i64::MIN + distance, i64::MAX - distance]) {
            let Some(slice) = grid.slice_at(at(time)) else { continue };
            assert!(slice.span.contains(at(time)) && slice.last_end < Timestamp::MAX);
            assert_eq!(grid.slice_at(slice.span.start), Some(slice), "{time}");
        }
        assert!([i64::MIN + 15, i64::MAX - 15].iter().all(|time| grid.slice_at(at(*time)).is_some()));
    }

    #[test]
    fn windows_that_do_not_overlap_have_none() {
        assert_eq!([grid(5, 5, 0), grid(5, 7, 0), grid(5, 0, 0), grid(u64::MAX, 5, 0)], [None; 4]);
        assert!(!grid(10, 3, 0).unwrap().has(&TimeWindow::new(at(1), at(11))));
        assert!(!grid(10, 3, 0).unwrap().has(&TimeWindow::new(at(0), at(9))));
    }
}
