//! All windows that a time is in, in the order in which Flink's assigners name them.

use super::slicing::start;
use crate::plan::WindowKind;

/// Assigns windows to times. All are what the clock shows, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::operators) struct WindowAssigner {
    /// Where windows begin, and how far apart.
    offset: i64,
    kind: WindowKind,
}

impl WindowAssigner {
    /// For windows of a kind; `None` for sessions, which are not known from one time.
    pub(in crate::operators) const fn of(kind: WindowKind, offset: i64) -> Option<Self> {
        match kind {
            WindowKind::Session { .. } => None,
            kind => Some(Self { offset, kind }),
        }
    }

    /// How many windows a time may be in.
    pub(in crate::operators) const fn count(self) -> i64 {
        match self.kind {
            WindowKind::Tumble { .. } | WindowKind::Session { .. } => 1,
            WindowKind::Hop { slide: part, size } | WindowKind::Cumulate { step: part, size } => {
                size / part + (size % part != 0) as i64
            }
        }
    }

    /// The window of this number, from 0 to [`count`](Self::count), that a time is in: start and end; `None` if there is
    /// none of that number.
    ///
    /// Windows that hop come with the last first, windows that cumulate with the shortest first.
    pub(in crate::operators) fn window(self, time: i64, number: i64) -> Option<(i64, i64)> {
        match self.kind {
            WindowKind::Tumble { size } => {
                let start = start(time, self.offset, size);
                (number == 0).then_some((start, start.saturating_add(size)))
            }
            WindowKind::Hop { slide, size } => {
                let start = start(time, self.offset, slide).saturating_sub(number * slide);
                let end = start.saturating_add(size);
                (end > time).then_some((start, end))
            }
            WindowKind::Cumulate { step, size } => {
                let start = start(time, self.offset, size);
                let first = (time - start) / step;
                let length = (first + number + 1) * step;
                (length <= size).then_some((start, start.saturating_add(length)))
            }
            WindowKind::Session { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(kind: WindowKind, offset: i64, time: i64) -> Vec<(i64, i64)> {
        let assigner = WindowAssigner::of(kind, offset).unwrap();
        (0..assigner.count()).map_while(|number| assigner.window(time, number)).collect()
    }

    /// From Flink's `WindowAssigner` tests: tumbling, sliding and cumulating, before 1970 too.
    #[test]
    fn windows_are_those_of_flinks_assigners() {
        let tumble = WindowKind::Tumble { size: 5_000 };
        assert_eq!(windows(tumble, 0, 4_999), [(0, 5_000)]);
        assert_eq!(windows(tumble, 100, 5_099), [(100, 5_100)]);
        assert_eq!(windows(tumble, 0, -1), [(-5_000, 0)]);
        let hop = WindowKind::Hop { slide: 1_000, size: 5_000 };
        let all = [(4_000, 9_000), (3_000, 8_000), (2_000, 7_000), (1_000, 6_000), (0, 5_000)];
        assert_eq!(windows(hop, 0, 4_999), all);
        assert_eq!(windows(hop, 0, 5_000)[0], (5_000, 10_000));
        // Between windows there may be times that are in none, and not all are in as many.
        let sparse = WindowKind::Hop { slide: 3_000, size: 1_000 };
        assert_eq!(windows(sparse, 0, 999), [(0, 1_000)]);
        assert_eq!(windows(sparse, 0, 1_000), []);
        let uneven = WindowKind::Hop { slide: 2_000, size: 3_000 };
        assert_eq!(windows(uneven, 0, 2_500), [(2_000, 5_000), (0, 3_000)]);
        assert_eq!(windows(uneven, 0, 3_500), [(2_000, 5_000)]);
        let cumulate = WindowKind::Cumulate { step: 1_000, size: 3_000 };
        assert_eq!(windows(cumulate, 0, 0), [(0, 1_000), (0, 2_000), (0, 3_000)]);
        assert_eq!(windows(cumulate, 0, 2_000), [(0, 3_000)]);
        assert_eq!(windows(cumulate, 500, -501), [(-2_500, -500), (-2_500, 500)]);
    }
}
