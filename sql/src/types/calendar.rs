//! Days, months and years, without a time zone: the proleptic Gregorian calendar of ISO 8601 and of `java.time`.
//!
//! A date is the number of days since 1970-01-01, as in Flink's `DATE`; [`CivilDate`] is the same day as year, month
//! and day. Timestamps are milliseconds since 1970-01-01 00:00:00 on the clock they belong to; finer ones are taken
//! apart by [`TimestampUnit`].
//!
//! Flink calculates some of this with divisions that truncate towards zero and, before 1582, in the Julian calendar.
//! From 1970 on the answers here are Flink's (its `DateTimeUtils`); before that they are the calendar's.

mod arithmetic;
mod extract;
mod rounding;
#[cfg(test)]
mod tests;
mod unit;

pub use arithmetic::{add_months, difference, months_between};
pub use extract::{extract_date, extract_time, extract_timestamp};
pub use rounding::{ceil_date, ceil_millis, floor_date, floor_millis};
pub use unit::{CivilDateTime, TimestampUnit};

/// Milliseconds of a day.
pub const MILLIS_PER_DAY: i64 = 86_400_000;
/// Nanoseconds of a day.
pub const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// The largest year, as of `java.time.Year`; the smallest is its negative.
const MAX_YEAR: i64 = 999_999_999;
/// -999999999-01-01.
const MIN_DAYS: i64 = -365_243_219_162;
/// 999999999-12-31.
const MAX_DAYS: i64 = 365_241_780_471;

/// A day of the calendar. Years are astronomical: 0 is 1 BC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    year: i32,
    month: u8,
    day: u8,
}

impl CivilDate {
    /// The day, if there is such a one: years from -999,999,999 to 999,999,999, months and days from 1.
    ///
    /// ```
    /// use millstream_sql::types::calendar::CivilDate;
    ///
    /// assert_eq!(CivilDate::new(2024, 2, 29).map(CivilDate::days), Some(19_782));
    /// assert_eq!(CivilDate::new(2023, 2, 29), None);
    /// ```
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let known = i64::from(year).abs() <= MAX_YEAR && (1..=12).contains(&month);
        (known && day >= 1 && day <= days_in_month(year, month)).then_some(Self { year, month, day })
    }

    /// The day as of `java.time`'s smart resolution: days up to the 31st that a month does not have are its last.
    pub(in crate::types) fn clamped(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(1..=31).contains(&day) || !(1..=12).contains(&month) {
            return None;
        }
        Self::new(year, month, day.min(days_in_month(year, month)))
    }

    /// The day that is `days` after 1970-01-01. Days beyond the years that there are become the first or last one.
    pub fn from_days(days: i64) -> Self {
        // The algorithm counts years from March, so that the leap day is a year's last
        // (http://howardhinnant.github.io/date_algorithms.html).
        let shifted = days.clamp(MIN_DAYS, MAX_DAYS) + DAYS_TO_EPOCH;
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self { year: year as i32, month: month as u8, day: day as u8 }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH
    }

    /// The year: 0 is 1 BC.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, from 1.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The quarter, from 1.
    pub fn quarter(self) -> u8 {
        self.month.saturating_sub(1) / 3 + 1
    }

    /// The day of the year, from 1.
    pub fn day_of_year(self) -> u16 {
        (self.days() - first_of_year(self.year) + 1) as u16
    }

    /// The day of the week: Sunday is 1, as in Flink's DAYOFWEEK.
    pub fn day_of_week(self) -> u8 {
        // 1970-01-01 was a Thursday.
        ((self.days() + 4).rem_euclid(7) + 1) as u8
    }

    /// The day of the week: Monday is 1, as in ISO 8601.
    pub fn iso_day_of_week(self) -> u8 {
        ((self.days() + 3).rem_euclid(7) + 1) as u8
    }

    /// The week and the year it belongs to: weeks begin on Monday, and the first is that with the year's first Thursday.
    pub fn iso_week(self) -> (i32, u8) {
        let thursday = Self::from_days(self.days() - i64::from(self.iso_day_of_week()) + 4);
        (thursday.year, ((thursday.day_of_year() - 1) / 7 + 1) as u8)
    }
}

/// Whether the year has 366 days.
pub fn is_leap_year(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days the month has; 31 for months that there are not.
pub fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The year's first day, in days since 1970-01-01.
fn first_of_year(year: i32) -> i64 {
    CivilDate { year, month: 1, day: 1 }.days()
}
