//! The fields of a point in time that patterns name.

use crate::types::calendar::{CivilDate, CivilDateTime, MILLIS_PER_DAY};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A field. Most are named as in `java.time.temporal.ChronoField`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    YearOfEra,
    Quarter,
    Month,
    WeekBasedYear,
    Week,
    Day,
    DayOfYear,
    /// From Monday, which is 1.
    DayOfWeek,
    /// 1 for the first seven days, and so on.
    DayOfWeekInMonth,
    /// The first has the month's first day.
    WeekOfMonth,
    /// 0 is AM.
    HalfOfDay,
    HourOfDay,
    ClockHourOfDay,
    HourOfHalf,
    ClockHourOfHalf,
    Minute,
    Second,
    Milli,
    Nano,
}

impl Field {
    /// How long the field stays the same at least, up to a day; `None` for less than a second.
    pub(super) const fn unit_millis(self) -> Option<i64> {
        match self {
            Self::Milli | Self::Nano => None,
            Self::Second => Some(1_000),
            Self::Minute => Some(60_000),
            Self::HalfOfDay
            | Self::HourOfDay
            | Self::ClockHourOfDay
            | Self::HourOfHalf
            | Self::ClockHourOfHalf => Some(3_600_000),
            _ => Some(MILLIS_PER_DAY),
        }
    }
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameStyle {
    Short,
    Full,
    Narrow,
}

/// A point in time whose fields can be asked for.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    date: CivilDate,
    nanos_of_day: i64,
}

impl Fields {
    pub(super) fn of(reading: CivilDateTime) -> Self {
        Self { date: reading.date(), nanos_of_day: reading.nanos_of_day() }
    }

    pub(super) fn get(self, field: Field) -> i64 {
        let hour = self.nanos_of_day / (3_600 * NANOS_PER_SECOND);
        let clock_hour = |hour: i64, hours: i64| if hour == 0 { hours } else { hour };
        match field {
            Field::HalfOfDay => hour / 12,
            Field::HourOfDay => hour,
            Field::ClockHourOfDay => clock_hour(hour, 24),
            Field::HourOfHalf => hour % 12,
            Field::ClockHourOfHalf => clock_hour(hour % 12, 12),
            Field::Minute => self.nanos_of_day / (60 * NANOS_PER_SECOND) % 60,
            Field::Second => self.nanos_of_day / NANOS_PER_SECOND % 60,
            Field::Milli => self.nanos_of_day / 1_000_000 % 1_000,
            Field::Nano => self.nanos_of_day % NANOS_PER_SECOND,
            date_field => date_value(self.date, date_field),
        }
    }
}

/// A field of a date; clock fields are 0.
pub(super) fn date_value(date: CivilDate, field: Field) -> i64 {
    let year = i64::from(date.year());
    match field {
        Field::Year => year,
        Field::YearOfEra if year > 0 => year,
        Field::YearOfEra => 1 - year,
        Field::Quarter => i64::from(date.quarter()),
        Field::Month => i64::from(date.month()),
        Field::WeekBasedYear => i64::from(last_of_week(date).year()),
        Field::Week => i64::from((last_of_week(date).day_of_year() - 1) / 7 + 1),
        Field::Day => i64::from(date.day()),
        Field::DayOfYear => i64::from(date.day_of_year()),
        Field::DayOfWeek => i64::from(date.iso_day_of_week()),
        Field::DayOfWeekInMonth => i64::from((date.day() - 1) / 7 + 1),
        // The weekday of the month's first, from Sunday as 0, is where its first week begins.
        Field::WeekOfMonth => {
            let first = CivilDate::from_days(date.days() + 1 - i64::from(date.day()));
            i64::from((date.day() - 1 + first.day_of_week() - 1) / 7 + 1)
        }
        _ => 0,
    }
}

/// The Saturday of the week: the week that has 1 January is the year's first, so the year of its last day decides.
fn last_of_week(date: CivilDate) -> CivilDate {
    CivilDate::from_days(date.days() + 7 - i64::from(date.day_of_week()))
}
