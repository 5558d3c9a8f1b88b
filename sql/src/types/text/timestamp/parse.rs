//! Text to points in time, as casts take it.

use super::scan::{Scanner, nanos_of_day, to_value};
use crate::types::calendar::{CivilDate, MILLIS_PER_DAY};

/// No clock is further from Greenwich's.
const MAX_OFFSET_MINUTES: i64 = 18 * 60;

/// Reads a TIMESTAMP(`precision`) as CAST and TO_TIMESTAMP do: `2020-10-10 00:00:05.123`, or only the date. Months, days,
/// hours, minutes and seconds may have one digit or none, the fraction up to nine; those beyond the precision are cut
/// off.
///
/// Follows the formatter in Flink's `DateTimeUtils`, with what Java makes of it: the 31st of a shorter month is its last
/// day, 24:00:00 is the next midnight, and there is no year 0. The `T` of ISO 8601 is not taken
/// ([`parse_timestamp_iso`](super::parse_timestamp_iso) takes it).
///
/// For a TIMESTAMP_LTZ, the value is on the clock of the session's zone.
///
/// `None` if the text is none of that, or the value is out of range.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_timestamp;
///
/// assert_eq!(parse_timestamp("1970-1-1 0:00:01.5", 3), Some(1_500));
/// assert_eq!(parse_timestamp("1970-01-01T00:00:01", 3), None);
/// ```
pub fn parse_timestamp(text: &str, precision: u8) -> Option<i64> {
    scan_usual(text).or_else(|| scan(text))?.resolve(precision)
}

/// A timestamp's fields as they stand in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    year: i32,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
}

impl Written {
    fn resolve(self, precision: u8) -> Option<i64> {
        if self.year <= 0 {
            return None;
        }
        let date = CivilDate::clamped(self.year, self.month, self.day)?;
        if (self.hour, self.minute, self.second, self.nanos) == (24, 0, 0, 0) {
            return to_value(CivilDate::from_days(date.days() + 1), 0, precision);
        }
        to_value(date, nanos_of_day(self.hour, self.minute, self.second, self.nanos)?, precision)
    }
}

/// `yyyy-MM-dd HH:mm:ss` and a fraction, which is what nearly all texts are.
pub(super) fn scan_usual(text: &str) -> Option<Written> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2, fraction @ ..] =
        text.as_bytes()
    else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    if !digits.iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |tens: &u8, ones: &u8| (tens - b'0') * 10 + (ones - b'0');
    Some(Written {
        year: i32::from(pair(y1, y2)) * 100 + i32::from(pair(y3, y4)),
        month: pair(m1, m2),
        day: pair(d1, d2),
        hour: pair(h1, h2),
        minute: pair(n1, n2),
        second: pair(s1, s2),
        nanos: match fraction {
            [] => 0,
            [b'.', digits @ ..] => fraction_nanos(digits)?,
            _ => return None,
        },
    })
}

/// Nanoseconds of up to nine digits behind the point.
fn fraction_nanos(digits: &[u8]) -> Option<u32> {
    if digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    Some(number * 10_u32.pow(9 - digits.len() as u32))
}

/// All forms, one field after the other.
pub(super) fn scan(text: &str) -> Option<Written> {
    let mut scanner = Scanner::new(text);
    let year = scanner.year()?;
    scanner.byte(b'-')?;
    let month = scanner.field()?.unwrap_or(1);
    scanner.byte(b'-')?;
    let day = scanner.field()?.unwrap_or(1);
    let date = Written { year, month, day, hour: 0, minute: 0, second: 0, nanos: 0 };
    if scanner.is_at_end() {
        return Some(date);
    }
    scanner.byte(b' ')?;
    let hour = scanner.field()?.unwrap_or(0);
    scanner.byte(b':')?;
    let minute = scanner.field()?.unwrap_or(0);
    scanner.byte(b':')?;
    let second = scanner.field()?.unwrap_or(0);
    let nanos = if scanner.is_at_end() { 0 } else { scanner.fraction()? };
    scanner.is_at_end().then_some(Written { hour, minute, second, nanos, ..date })
}

/// Reads a DATE as CAST does, in days: year, month and day with or without zeros in front, blanks around each; month and
/// day may be left out, and what follows after a blank is not looked at. Years are 0 to 9999.
///
/// Follows Flink's `DateTimeUtils.parseDate`.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_date;
///
/// assert_eq!(parse_date("1970-1-2 10:00:00"), Some(1));
/// assert_eq!(parse_date("1970-02-30"), None);
/// ```
pub fn parse_date(text: &str) -> Option<i32> {
    // A blank in front of everything ends nothing.
    let date = match text.find(' ') {
        Some(end @ 1..) => text.get(..end)?,
        _ => text,
    };
    let mut parts = date.splitn(3, '-');
    let year = whole_number(parts.next()?)?;
    let month = parts.next().map_or(Some(1), whole_number)?;
    let day = parts.next().map_or(Some(1), whole_number)?;
    if year > 9_999 {
        return None;
    }
    let date = CivilDate::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    i32::try_from(date.days()).ok()
}

/// Reads a TIME(`precision`) as CAST does, in milliseconds since midnight: hour, minute and second, of which the last may
/// be left out, a fraction of a second, and an offset that is added (`+02:00` behind seconds, or `+2`). Digits beyond milliseconds are rounded,
/// then those beyond the precision are cut off.
///
/// Follows Flink's `DateTimeUtils.parseTime`, except that times which an offset takes out of the day come back into it, and
/// offsets of more than 18 hours are refused: `+0200` would be 200.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_time;
///
/// assert_eq!(parse_time("10:00:00.5", 3), Some(36_000_500));
/// assert_eq!(parse_time("10:60", 3), None);
/// ```
pub fn parse_time(text: &str, precision: u8) -> Option<i32> {
    let sign = text.find('-').or_else(|| text.find('+'));
    let (clock, offset) = match sign {
        Some(at) => (text.get(..at)?, offset_millis(text.get(at..)?)?),
        None => (text, 0),
    };
    let (hour, rest) = split(clock, ':');
    let (minute, rest) = rest.map_or((None, None), |rest| {
        let (minute, rest) = split(rest, ':');
        (Some(minute), rest)
    });
    let (second, fraction) = rest.map_or((None, None), |rest| {
        let (second, fraction) = split(rest, '.');
        (Some(second), fraction)
    });
    if second.is_none() && sign.is_some_and(|at| text.get(at..).is_some_and(|offset| offset.contains(':'))) {
        // Flink then takes the offset's colon for the clock's.
        return None;
    }
    let hour = whole_number(hour)?;
    let minute = minute.map_or(Some(0), whole_number)?;
    let second = second.map_or(Some(0), whole_number)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let millis = fraction.map_or(0, |fraction| fraction_millis(trimmed(fraction)));
    let time = i64::from((hour * 60 + minute) * 60 + second) * 1_000 + i64::from(millis) + offset;
    let step = [1_000, 100, 10].get(usize::from(precision)).copied().unwrap_or(1);
    i32::try_from((time - time % step).rem_euclid(MILLIS_PER_DAY)).ok()
}

fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(head, tail)| (head, Some(tail)))
}

/// A sign, hours, and minutes if there is a colon.
fn offset_millis(text: &str) -> Option<i64> {
    let negative = text.starts_with('-');
    let (hours, minutes) = split(text.get(1..)?, ':');
    let minutes = i64::from(whole_number(hours)?) * 60 + i64::from(minutes.map_or(Some(0), whole_number)?);
    if minutes > MAX_OFFSET_MINUTES {
        return None;
    }
    Some(if negative { -minutes } else { minutes } * 60_000)
}

/// Milliseconds of a fraction's digits, rounded by the fourth; what is no digit counts as 0.
fn fraction_millis(digits: &str) -> i32 {
    let digit = |byte: u8| if byte.is_ascii_digit() { i32::from(byte - b'0') } else { 0 };
    let mut bytes = digits.bytes();
    let mut millis = 0;
    for place in [100, 10, 1] {
        millis += place * bytes.next().map_or(0, digit);
    }
    millis + i32::from(bytes.next().is_some_and(|byte| byte >= b'5'))
}

/// A number of decimal digits with blanks around it, in the range of an `int`.
fn whole_number(text: &str) -> Option<i32> {
    let digits = trimmed(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// What Java's `trim` leaves.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}
