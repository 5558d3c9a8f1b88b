//! The format of JDBC, in which TO_TIMESTAMP tries texts that its pattern does not read.

use crate::types::calendar::{CivilDate, CivilDateTime, MILLIS_PER_DAY, TimestampUnit};

/// Reads `yyyy-M-d H:m:s.f`, or a date only, as a TIMESTAMP(`precision`): as `java.sql.Timestamp.valueOf` and
/// `java.sql.Date.valueOf`, which let days, hours, minutes and seconds beyond their range run over into the next
/// larger unit. Fractions have up to nine digits; those beyond the precision's unit are cut off. There is no year 0, and February
/// is that of today's calendar at all times.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_timestamp_jdbc;
///
/// assert_eq!(parse_timestamp_jdbc("1970-1-1 0:90:0", 3), Some(5_400_000));
/// ```
pub fn parse_timestamp_jdbc(text: &str, precision: u8) -> Option<i64> {
    let text = text.trim_matches(|character| character <= ' ');
    let (date, clock) = match text.split_once(' ') {
        Some((date, clock)) => (date, clock_millis(clock)?),
        None => (text, (0, 0)),
    };
    let millis = days(date)?.checked_mul(MILLIS_PER_DAY)?.checked_add(clock.0)?;
    let reading = CivilDateTime::from_millis(millis, 0);
    let reading = CivilDateTime::new(reading.date(), reading.nanos_of_day() + i64::from(clock.1))?;
    reading.timestamp(TimestampUnit::of_precision(precision))
}

fn days(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let (month, day) = (u8::try_from(signed(month)?).ok()?, signed(day)?);
    let year = signed(year).filter(|year| *year > 0)?;
    let first = CivilDate::new(year, month, 1)?;
    (1..=31).contains(&day).then(|| first.days() + i64::from(day) - 1)
}

/// Milliseconds of whole seconds, and the nanoseconds of the fraction.
fn clock_millis(text: &str) -> Option<(i64, u32)> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute, second) = (signed(parts.next()?)?, signed(parts.next()?)?, parts.next()?);
    let (second, nanos) = match second.split_once('.') {
        Some((second, fraction)) => (second, fraction_nanos(fraction)?),
        None => (second, 0),
    };
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(signed(second)?);
    Some((seconds * 1_000, nanos))
}

fn fraction_nanos(digits: &str) -> Option<u32> {
    let is_fraction = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_fraction {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    Some(number * 10_u32.pow(9 - digits.len() as u32))
}

/// As `Integer.parseInt`: a sign may stand in front.
fn signed(text: &str) -> Option<i32> {
    text.parse().ok()
}
