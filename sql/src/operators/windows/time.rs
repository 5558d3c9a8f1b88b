//! Windows are cut of what the clock shows: of instants in the session's time zone, of timestamps as they are.
//!
//! As Flink's `TimeWindowUtil`.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::types::zone::Zone;

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// The clock of windows: a time zone for instants, none for timestamps.
#[derive(Clone, Debug, Default)]
pub(in crate::operators) struct WindowClock {
    zone: Option<Zone>,
}

impl WindowClock {
    /// The clock of a zone; [`Zone::UTC`] for timestamps.
    pub(in crate::operators) fn of(zone: Zone) -> Self {
        Self { zone: (zone != Zone::UTC).then_some(zone) }
    }

    /// Whether it is never put forward or back.
    pub(in crate::operators) fn is_fixed(&self) -> bool {
        self.zone.as_ref().is_none_or(Zone::is_fixed)
    }

    /// What the clock shows at an instant; both in milliseconds.
    pub(in crate::operators) fn local(&self, instant: i64) -> i64 {
        self.zone.as_ref().and_then(|zone| zone.to_local(instant, 3)).unwrap_or(instant)
    }

    /// When the clock shows a time.
    pub(in crate::operators) fn instant(&self, local: i64) -> i64 {
        self.zone.as_ref().and_then(|zone| zone.to_instant(local, 3)).unwrap_or(local)
    }

    /// The instant at which a window is over that ends when the clock shows `end`: the watermark that lets it fire.
    ///
    /// In an hour that the clock shows twice, the second; in one that it jumps over, where that hour would begin.
    pub(in crate::operators) fn trigger(&self, end: i64) -> i64 {
        let last = end.saturating_sub(1);
        let Some(zone) = self.zone.as_ref().filter(|_| last != i64::MAX) else { return last };
        let first = self.instant(last);
        if zone.is_fixed() {
            return first;
        }
        let hour_later = self.instant(last.saturating_add(MILLIS_PER_HOUR));
        match hour_later - first {
            0 => first - first % MILLIS_PER_HOUR,
            later if later > MILLIS_PER_HOUR => first + MILLIS_PER_HOUR,
            _ => first,
        }
    }

    /// Whether a window that ends so is over at a watermark.
    pub(in crate::operators) fn is_over(&self, end: i64, watermark: i64) -> bool {
        watermark >= self.trigger(end)
    }
}

/// The times of a chunk's rows as the clock shows them.
pub(in crate::operators) struct LocalTimes {
    /// In milliseconds; anything where the row has no time.
    pub(in crate::operators) times: Vec<i64>,
    /// The column, for which rows have a time.
    column: ArrayRef,
}

impl LocalTimes {
    /// The times of a column of a time attribute.
    ///
    /// # Errors
    /// If it is no column of timestamps in milliseconds.
    pub(in crate::operators) fn of(column: &ArrayRef, clock: &WindowClock) -> Result<Self> {
        let values = column.as_primitive_opt::<TimestampMillisecondType>().ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("a time attribute of type {}", column.data_type()))
        })?;
        let mut times = values.values().to_vec();
        if clock.zone.is_some() {
            // Looking a zone up takes longer than all else, and the offset is one within a second.
            let mut known: Option<(i64, i64)> = None;
            for time in &mut times {
                let second = time.div_euclid(1_000);
                let ahead = match known {
                    Some((known, ahead)) if known == second => ahead,
                    _ => clock.local(*time).wrapping_sub(*time),
                };
                known = Some((second, ahead));
                *time = time.wrapping_add(ahead);
            }
        }
        Ok(Self { times, column: column.clone() })
    }

    /// Whether a row has a time.
    pub(in crate::operators) fn is_valid(&self, row: usize) -> bool {
        self.column.is_valid(row)
    }

    /// Whether all rows have one.
    pub(in crate::operators) fn are_all_valid(&self) -> bool {
        self.column.null_count() == 0
    }
}
