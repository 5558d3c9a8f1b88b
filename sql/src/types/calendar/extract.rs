//! EXTRACT and the functions that are short for it: YEAR, WEEK, DAYOFWEEK…

use super::{CivilDate, NANOS_PER_DAY, TimestampUnit};
use crate::parser::ast::TimeUnit;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A field of a timestamp: `value` counts the unit of its precision.
///
/// WEEK and ISOYEAR are those of ISO 8601; the DAYOFWEEK of Sunday is 1; SECOND is whole, and MILLISECOND,
/// MICROSECOND and NANOSECOND are the second's fraction; EPOCH is in seconds, rounded down.
///
/// ```
/// use millstream_sql::parser::ast::TimeUnit;
/// use millstream_sql::types::calendar::extract_timestamp;
///
/// let new_year = 1_609_459_200_123; // 2021-01-01 00:00:00.123
/// assert_eq!(extract_timestamp(TimeUnit::Week, new_year, 3), 53);
/// assert_eq!(extract_timestamp(TimeUnit::Microsecond, new_year, 3), 123_000);
/// ```
pub fn extract_timestamp(unit: TimeUnit, value: i64, precision: u8) -> i64 {
    let resolution = TimestampUnit::of_precision(precision);
    if unit == TimeUnit::Epoch {
        return value.div_euclid(NANOS_PER_SECOND / resolution.nanos());
    }
    // Most are of the clock: those need no calendar.
    let per_day = NANOS_PER_DAY / resolution.nanos();
    let nanos_of_day = value.rem_euclid(per_day) * resolution.nanos();
    clock_field(unit, nanos_of_day)
        .unwrap_or_else(|| date_field(unit, CivilDate::from_days(value.div_euclid(per_day))))
}

/// A field of a DATE in days since 1970-01-01, as [`extract_timestamp`] of its midnight.
pub fn extract_date(unit: TimeUnit, days: i32) -> i64 {
    match unit {
        TimeUnit::Epoch => i64::from(days) * 86_400,
        _ => clock_field(unit, 0).unwrap_or_else(|| date_field(unit, CivilDate::from_days(i64::from(days)))),
    }
}

/// A field of a TIME in milliseconds since midnight. `None` for fields that only dates have, and for EPOCH.
pub fn extract_time(unit: TimeUnit, millis: i32) -> Option<i64> {
    clock_field(unit, (i64::from(millis) * 1_000_000).rem_euclid(NANOS_PER_DAY))
}

fn clock_field(unit: TimeUnit, nanos_of_day: i64) -> Option<i64> {
    let seconds = nanos_of_day / NANOS_PER_SECOND;
    let fraction = nanos_of_day % NANOS_PER_SECOND;
    Some(match unit {
        TimeUnit::Hour => seconds / 3_600,
        TimeUnit::Minute => seconds / 60 % 60,
        TimeUnit::Second => seconds % 60,
        TimeUnit::Millisecond => fraction / 1_000_000,
        TimeUnit::Microsecond => fraction / 1_000,
        TimeUnit::Nanosecond => fraction,
        _ => return None,
    })
}

fn date_field(unit: TimeUnit, date: CivilDate) -> i64 {
    let year = i64::from(date.year());
    match unit {
        TimeUnit::Year => year,
        TimeUnit::Quarter => i64::from(date.quarter()),
        TimeUnit::Month => i64::from(date.month()),
        TimeUnit::Week => i64::from(date.iso_week().1),
        TimeUnit::Day => i64::from(date.day()),
        TimeUnit::DayOfWeek => i64::from(date.day_of_week()),
        TimeUnit::DayOfYear => i64::from(date.day_of_year()),
        TimeUnit::IsoDayOfWeek => i64::from(date.iso_day_of_week()),
        TimeUnit::IsoYear => i64::from(date.iso_week().0),
        TimeUnit::Decade => year.div_euclid(10),
        TimeUnit::Century => ordinal(year, 100),
        TimeUnit::Millennium => ordinal(year, 1_000),
        TimeUnit::Epoch => date.days() * 86_400,
        TimeUnit::Hour
        | TimeUnit::Minute
        | TimeUnit::Second
        | TimeUnit::Millisecond
        | TimeUnit::Microsecond
        | TimeUnit::Nanosecond => 0,
    }
}

/// Which century or millennium: the first begins with the year 1, and there is none with the number 0.
fn ordinal(year: i64, length: i64) -> i64 {
    if year > 0 { (year + length - 1) / length } else { (year - (length - 1)) / length }
}
