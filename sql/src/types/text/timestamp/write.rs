//! Points in time to text.

use super::super::pad::{write_fraction, write_padded, write_year};
use crate::types::calendar::{CivilDate, CivilDateTime, NANOS_PER_DAY, TimestampUnit};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A DATE, in days: `2020-10-10`. SQL text and row text are the same.
pub fn write_date(days: i32, out: &mut String) {
    write_civil_date(CivilDate::from_days(i64::from(days)), out);
}

/// SQL text of a TIME(`precision`), in milliseconds since midnight: as in Flink, the fraction ends with its last digit
/// that is not 0, but has one digit at least if the type has any.
///
/// ```
/// use millstream_sql::types::text::timestamp::write_time;
///
/// let mut text = String::new();
/// write_time(36_000_500, 3, &mut text);
/// assert_eq!(text, "10:00:00.5");
/// ```
pub fn write_time(millis: i32, precision: u8, out: &mut String) {
    let nanos = nanos_of_time(millis);
    write_clock(nanos, out);
    if precision > 0 {
        let millis = nanos % NANOS_PER_SECOND / 1_000_000;
        let digits = if millis % 100 == 0 { 1 } else { 3 - u8::from(millis % 10 == 0) };
        out.push('.');
        write_fraction((nanos % NANOS_PER_SECOND) as u32, digits.min(precision), out);
    }
}

/// Row text of a TIME, in milliseconds since midnight, as `java.time.LocalTime.toString`: `10:00`, `10:00:05.500`.
pub fn write_time_row(millis: i32, out: &mut String) {
    write_short_clock(nanos_of_time(millis), out);
}

/// SQL text of a TIMESTAMP(`precision`): so many digits behind the point as the precision.
///
/// For a TIMESTAMP_LTZ, the value is first moved to the session's zone.
///
/// ```
/// use millstream_sql::types::text::timestamp::write_timestamp;
///
/// let mut text = String::new();
/// write_timestamp(1_602_288_005_120, 3, &mut text);
/// assert_eq!(text, "2020-10-10 00:00:05.120");
/// ```
pub fn write_timestamp(value: i64, precision: u8, out: &mut String) {
    let reading = CivilDateTime::from_timestamp(value, TimestampUnit::of_precision(precision));
    write_civil_date(reading.date(), out);
    out.push(' ');
    write_clock(reading.nanos_of_day(), out);
    if precision > 0 {
        out.push('.');
        write_fraction((reading.nanos_of_day() % NANOS_PER_SECOND) as u32, precision, out);
    }
}

/// Row text of a TIMESTAMP(`precision`), as `java.time.LocalDateTime.toString`: without seconds if there are none, and
/// with 0, 3, 6 or 9 digits of a fraction.
///
/// ```
/// use millstream_sql::types::text::timestamp::write_timestamp_row;
///
/// let mut text = String::new();
/// write_timestamp_row(1_602_288_000_000, 3, &mut text);
/// assert_eq!(text, "2020-10-10T00:00");
/// ```
pub fn write_timestamp_row(value: i64, precision: u8, out: &mut String) {
    let reading = CivilDateTime::from_timestamp(value, TimestampUnit::of_precision(precision));
    write_civil_date(reading.date(), out);
    out.push('T');
    write_short_clock(reading.nanos_of_day(), out);
}

/// Row text of a TIMESTAMP_LTZ(`precision`), as `java.time.Instant.toString`: in UTC, always with seconds.
///
/// ```
/// use millstream_sql::types::text::timestamp::write_instant_row;
///
/// let mut text = String::new();
/// write_instant_row(1_602_288_000_000, 3, &mut text);
/// assert_eq!(text, "2020-10-10T00:00:00Z");
/// ```
pub fn write_instant_row(value: i64, precision: u8, out: &mut String) {
    let reading = CivilDateTime::from_timestamp(value, TimestampUnit::of_precision(precision));
    write_civil_date(reading.date(), out);
    out.push('T');
    write_clock(reading.nanos_of_day(), out);
    write_short_fraction(reading.nanos_of_day(), out);
    out.push('Z');
}

/// A TIME's nanoseconds; as in Flink, those outside of a day are on the day before or after.
fn nanos_of_time(millis: i32) -> i64 {
    (i64::from(millis) * 1_000_000).rem_euclid(NANOS_PER_DAY)
}

fn write_civil_date(date: CivilDate, out: &mut String) {
    write_year(date.year(), out);
    out.push('-');
    write_padded(u64::from(date.month()), 2, out);
    out.push('-');
    write_padded(u64::from(date.day()), 2, out);
}

pub(super) fn write_clock(nanos_of_day: i64, out: &mut String) {
    let seconds = (nanos_of_day / NANOS_PER_SECOND) as u64;
    write_padded(seconds / 3_600, 2, out);
    out.push(':');
    write_padded(seconds / 60 % 60, 2, out);
    out.push(':');
    write_padded(seconds % 60, 2, out);
}

fn write_short_clock(nanos_of_day: i64, out: &mut String) {
    if nanos_of_day % (60 * NANOS_PER_SECOND) != 0 {
        write_clock(nanos_of_day, out);
        return write_short_fraction(nanos_of_day, out);
    }
    let minutes = (nanos_of_day / NANOS_PER_SECOND / 60) as u64;
    write_padded(minutes / 60, 2, out);
    out.push(':');
    write_padded(minutes % 60, 2, out);
}

/// The fraction of a second in groups of three digits, or nothing.
fn write_short_fraction(nanos_of_day: i64, out: &mut String) {
    let nanos = (nanos_of_day % NANOS_PER_SECOND) as u32;
    let digits = match nanos {
        0 => return,
        _ if nanos.is_multiple_of(1_000_000) => 3,
        _ if nanos.is_multiple_of(1_000) => 6,
        _ => 9,
    };
    out.push('.');
    write_fraction(nanos, digits, out);
}
