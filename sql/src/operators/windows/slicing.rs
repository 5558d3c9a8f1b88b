//! Slices of time, of which windows consist: as Flink's `SliceAssigners`.

use crate::plan::WindowKind;

/// How time is cut into slices, and windows are put together of them. All times are what the clock shows, in milliseconds.
///
/// A slice and a window are named by their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operators) enum Slicing {
    /// A window is a slice.
    Tumble { size: i64, offset: i64 },
    /// A window is as many slices as the slide goes into the size.
    Hop { slide: i64, size: i64, offset: i64 },
    /// A window is all slices since its start.
    Cumulate { step: i64, size: i64, offset: i64 },
    /// Rows say themselves when their window ends.
    Attached,
}

impl Slicing {
    /// The slices of windows; `None` for sessions, which have none, and for sizes that are no multiple of the slide.
    pub(in crate::operators) const fn of(kind: WindowKind, offset: i64) -> Option<Self> {
        match kind {
            WindowKind::Tumble { size } => Some(Self::Tumble { size, offset }),
            WindowKind::Hop { slide, size } if size % slide == 0 => Some(Self::Hop { slide, size, offset }),
            WindowKind::Cumulate { step, size } => Some(Self::Cumulate { step, size, offset }),
            _ => None,
        }
    }

    /// Whether a slice belongs to several windows.
    pub(in crate::operators) const fn overlaps(self) -> bool {
        matches!(self, Self::Hop { .. } | Self::Cumulate { .. })
    }

    /// The slice that a time is in. Of what is [attached](Self::Attached), the time is the end of the window.
    pub(in crate::operators) fn slice_of(self, time: i64) -> i64 {
        match self {
            Self::Tumble { size: length, offset }
            | Self::Hop { slide: length, offset, .. }
            | Self::Cumulate { step: length, offset, .. } => {
                start(time, offset, length).saturating_add(length)
            }
            Self::Attached => time,
        }
    }

    /// Puts in the place of each time the slice that it is in.
    pub(in crate::operators) fn slices_of(self, times: &mut [i64]) {
        let (Self::Tumble { size: length, .. }
        | Self::Hop { slide: length, .. }
        | Self::Cumulate { step: length, .. }) = self
        else {
            return;
        };
        // Most rows are in the slice of the row before, and a division takes longer than all else.
        let (mut start, mut end) = (i64::MAX, i64::MIN);
        for time in times {
            if *time < start || *time >= end {
                end = self.slice_of(*time);
                start = end.saturating_sub(length);
            }
            *time = end;
        }
    }

    /// The last window that a slice is in.
    pub(in crate::operators) fn last_window_of(self, slice: i64) -> i64 {
        match self {
            Self::Tumble { .. } | Self::Attached => slice,
            Self::Hop { slide, size, .. } => slice.saturating_add(size - slide),
            Self::Cumulate { size, .. } => self.window_start(slice).saturating_add(size),
        }
    }

    /// The start of a window. Of what is [attached](Self::Attached), it is not known here.
    pub(in crate::operators) fn window_start(self, window: i64) -> i64 {
        match self {
            Self::Tumble { size, .. } | Self::Hop { size, .. } => window.saturating_sub(size),
            Self::Cumulate { size, offset, .. } => start(window.saturating_sub(1), offset, size),
            Self::Attached => window,
        }
    }

    /// How long after a window the next ends; `None` where windows have nothing in common.
    pub(in crate::operators) const fn interval(self) -> Option<i64> {
        match self {
            Self::Hop { slide: interval, .. } | Self::Cumulate { step: interval, .. } => Some(interval),
            Self::Tumble { .. } | Self::Attached => None,
        }
    }
}

/// The last point before or at a time at which a window of this length begins.
pub(in crate::operators) fn start(time: i64, offset: i64, length: i64) -> i64 {
    time.saturating_sub(time.saturating_sub(offset).rem_euclid(length.max(1)))
}
