//! What a timestamp's number counts.

use super::{CivilDate, NANOS_PER_DAY};

/// What the number of a TIMESTAMP(p) or TIMESTAMP_LTZ(p) counts since 1970-01-01 00:00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampUnit {
    /// Precisions 0 to 3.
    Millisecond,
    /// Precisions 4 to 6.
    Microsecond,
    /// Precisions 7 to 9.
    Nanosecond,
}

impl TimestampUnit {
    /// The unit in which timestamps of this precision are kept.
    pub fn of_precision(precision: u8) -> Self {
        match precision {
            0..=3 => Self::Millisecond,
            4..=6 => Self::Microsecond,
            _ => Self::Nanosecond,
        }
    }

    /// Nanoseconds of one unit.
    pub fn nanos(self) -> i64 {
        match self {
            Self::Millisecond => 1_000_000,
            Self::Microsecond => 1_000,
            Self::Nanosecond => 1,
        }
    }

    /// The value in whole milliseconds, rounded down, and the nanoseconds beyond them.
    pub fn to_millis(self, value: i64) -> (i64, u32) {
        let per_milli = 1_000_000 / self.nanos();
        let rest = value.rem_euclid(per_milli) * self.nanos();
        (value.div_euclid(per_milli), rest as u32)
    }

    /// The value of milliseconds and nanoseconds beyond them, rounded down to the unit; `None` if out of its range.
    pub fn from_millis(self, millis: i64, nanos: u32) -> Option<i64> {
        millis.checked_mul(1_000_000 / self.nanos())?.checked_add(i64::from(nanos) / self.nanos())
    }
}

/// A reading of calendar and clock, without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDateTime {
    days: i64,
    nanos_of_day: i64,
}

impl CivilDateTime {
    /// The day, and the nanoseconds since its midnight: less than a day's.
    pub fn new(date: CivilDate, nanos_of_day: i64) -> Option<Self> {
        (0..NANOS_PER_DAY).contains(&nanos_of_day).then_some(Self { days: date.days(), nanos_of_day })
    }

    /// The reading `value` units after 1970-01-01 00:00:00.
    pub fn from_timestamp(value: i64, unit: TimestampUnit) -> Self {
        let per_day = NANOS_PER_DAY / unit.nanos();
        Self { days: value.div_euclid(per_day), nanos_of_day: value.rem_euclid(per_day) * unit.nanos() }
    }

    /// The reading so many milliseconds and nanoseconds after 1970-01-01 00:00:00.
    pub fn from_millis(millis: i64, nanos: u32) -> Self {
        let mut reading = Self::from_timestamp(millis, TimestampUnit::Millisecond);
        reading.nanos_of_day += i64::from(nanos % 1_000_000);
        reading
    }

    /// Units since 1970-01-01 00:00:00, rounded down; `None` if out of range: nanoseconds end in the year 2262.
    pub fn timestamp(self, unit: TimestampUnit) -> Option<i64> {
        let per_day = i128::from(NANOS_PER_DAY / unit.nanos());
        let value = i128::from(self.days) * per_day + i128::from(self.nanos_of_day / unit.nanos());
        i64::try_from(value).ok()
    }

    /// The day.
    pub fn date(self) -> CivilDate {
        CivilDate::from_days(self.days)
    }

    /// Nanoseconds since midnight.
    pub fn nanos_of_day(self) -> i64 {
        self.nanos_of_day
    }

    /// The same, without what of the second's fraction is beyond so many digits.
    pub fn truncated(self, digits: u8) -> Self {
        let step = 10_i64.pow(9 - u32::from(digits.min(9)));
        Self { nanos_of_day: self.nanos_of_day - self.nanos_of_day % step, ..self }
    }

    /// The same clock, days later.
    pub(in crate::types) fn plus_days(self, days: i64) -> Self {
        Self { days: self.days.saturating_add(days), ..self }
    }
}
