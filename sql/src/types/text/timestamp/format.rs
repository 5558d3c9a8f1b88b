//! Points in time as the formats `json` and `csv` have them: as the formatters of Flink's `TimeFormats` write and read.
//!
//! Between date and time stands a blank (SQL) or a `T` (ISO 8601); the fraction of a second has as many digits as it
//! needs and nine at most.

use super::scan::{Scanner, nanos_of_day, to_value};
use super::write::{write_clock, write_date};
use crate::types::calendar::{CivilDate, CivilDateTime, NANOS_PER_DAY, TimestampUnit};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What stands between date and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// A blank: `2020-10-10 00:00:05.12`. Seconds must be there.
    #[default]
    Sql,
    /// A `T`: `2020-10-10T00:00:05.12`. Seconds may be left out.
    Iso8601,
}

impl TimestampFormat {
    const fn separator(self) -> u8 {
        match self {
            Self::Sql => b' ',
            Self::Iso8601 => b'T',
        }
    }
}

/// Reads a date of `ISO_LOCAL_DATE`, in days: `2020-10-10`.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_format_date;
///
/// assert_eq!(parse_format_date("1970-01-02"), Some(1));
/// assert_eq!(parse_format_date("1970-1-2"), None);
/// ```
pub fn parse_format_date(text: &str) -> Option<i32> {
    let mut scanner = Scanner::new(text);
    let date = date(&mut scanner)?;
    if scanner.is_at_end() { i32::try_from(date.days()).ok() } else { None }
}

/// Reads a time of the day, in milliseconds: `00:00:05.12`; as `ISO_LOCAL_TIME` for [`TimestampFormat::Iso8601`], which lets
/// seconds be left out. Digits beyond the precision are cut off.
pub fn parse_format_time(text: &str, precision: u8, format: TimestampFormat) -> Option<i32> {
    let mut scanner = Scanner::new(text);
    let nanos = clock(&mut scanner, format)?;
    let step = 1_000_000 * [1_000, 100, 10].get(usize::from(precision)).copied().unwrap_or(1);
    if scanner.is_at_end() { i32::try_from((nanos - nanos % step) / 1_000_000).ok() } else { None }
}

/// Reads a TIMESTAMP(`precision`); digits beyond the precision are cut off.
///
/// ```
/// use millstream_sql::types::text::timestamp::{TimestampFormat, parse_format_timestamp};
///
/// assert_eq!(parse_format_timestamp("1970-01-01 00:00:05.12", 3, TimestampFormat::Sql), Some(5_120));
/// assert_eq!(parse_format_timestamp("1970-01-01T00:01", 3, TimestampFormat::Iso8601), Some(60_000));
/// ```
pub fn parse_format_timestamp(text: &str, precision: u8, format: TimestampFormat) -> Option<i64> {
    let mut scanner = Scanner::new(text);
    let date = date(&mut scanner)?;
    scanner.byte(format.separator())?;
    let nanos = clock(&mut scanner, format)?;
    if scanner.is_at_end() { to_value(date, nanos, precision) } else { None }
}

/// Reads a TIMESTAMP_LTZ(`precision`), which is a timestamp in UTC with a `Z` behind.
pub fn parse_format_instant(text: &str, precision: u8, format: TimestampFormat) -> Option<i64> {
    parse_format_timestamp(text.strip_suffix('Z')?, precision, format)
}

fn date(scanner: &mut Scanner<'_>) -> Option<CivilDate> {
    let year = scanner.year()?;
    scanner.byte(b'-')?;
    let month = scanner.small(2, 2)?;
    scanner.byte(b'-')?;
    CivilDate::new(year, month, scanner.small(2, 2)?)
}

fn clock(scanner: &mut Scanner<'_>, format: TimestampFormat) -> Option<i64> {
    let hour = scanner.small(2, 2)?;
    scanner.byte(b':')?;
    let minute = scanner.small(2, 2)?;
    if format == TimestampFormat::Iso8601 && scanner.byte(b':').is_none() {
        return nanos_of_day(hour, minute, 0, 0);
    }
    if format == TimestampFormat::Sql {
        scanner.byte(b':')?;
    }
    let second = scanner.small(2, 2)?;
    nanos_of_day(hour, minute, second, scanner.fraction().unwrap_or(0))
}

/// Writes a time of the day, in milliseconds: `00:00:05.12`.
pub fn write_format_time(millis: i32, out: &mut String) {
    write_nanos((i64::from(millis) * 1_000_000).rem_euclid(NANOS_PER_DAY), out);
}

/// Writes a TIMESTAMP(`precision`).
///
/// ```
/// use millstream_sql::types::text::timestamp::{TimestampFormat, write_format_timestamp};
///
/// let mut text = String::new();
/// write_format_timestamp(1_602_288_005_120, 3, TimestampFormat::Sql, &mut text);
/// assert_eq!(text, "2020-10-10 00:00:05.12");
/// ```
pub fn write_format_timestamp(value: i64, precision: u8, format: TimestampFormat, out: &mut String) {
    let reading = CivilDateTime::from_timestamp(value, TimestampUnit::of_precision(precision));
    // A timestamp's 64 bits span fewer days than 32 bits count, except in milliseconds, where `java.time` ends sooner too.
    write_date(i32::try_from(reading.date().days()).unwrap_or(i32::MAX), out);
    out.push(char::from(format.separator()));
    write_nanos(reading.nanos_of_day(), out);
}

/// Writes a TIMESTAMP_LTZ(`precision`): in UTC, with a `Z` behind.
pub fn write_format_instant(value: i64, precision: u8, format: TimestampFormat, out: &mut String) {
    write_format_timestamp(value, precision, format, out);
    out.push('Z');
}

fn write_nanos(nanos_of_day: i64, out: &mut String) {
    write_clock(nanos_of_day, out);
    let fraction = nanos_of_day % NANOS_PER_SECOND;
    if fraction != 0 {
        out.push('.');
        super::super::pad::write_fraction(fraction as u32, 9, out);
        let digits = out.trim_end_matches('0').len();
        out.truncate(digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        // (text in SQL format, precision, value)
        let cases = [
            ("1970-01-01 00:00:00", 3, 0),
            ("2020-10-10 00:00:05.12", 3, 1_602_288_005_120),
            ("2020-10-10 00:00:05.000001", 6, 1_602_288_005_000_001),
            ("1969-12-31 23:59:59.999999999", 9, -1),
        ];
        for (sql, precision, value) in cases {
            for format in [TimestampFormat::Sql, TimestampFormat::Iso8601] {
                let text =
                    if format == TimestampFormat::Sql { sql.to_owned() } else { sql.replace(' ', "T") };
                let mut written = String::new();
                write_format_timestamp(value, precision, format, &mut written);
                assert_eq!(written, text);
                assert_eq!(parse_format_timestamp(&text, precision, format), Some(value), "{text}");
                assert_eq!(
                    parse_format_instant(&format!("{text}Z"), precision, format),
                    Some(value),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_java_refuses_is_refused() {
        let sql = [
            "",
            "2020-10-10",
            "2020-10-10T00:00:00",
            "2020-10-10 00:00",
            "2020-10-10 24:00:00",
            "2020-02-30 00:00:00",
        ];
        for text in sql {
            assert_eq!(parse_format_timestamp(text, 3, TimestampFormat::Sql), None, "{text}");
        }
        for text in ["2020-10-10 00:00:00", "2020-10-10T", "2020-10-10T00:00:00Z", "2020-10-10T0:00"] {
            assert_eq!(parse_format_timestamp(text, 3, TimestampFormat::Iso8601), None, "{text}");
        }
        assert_eq!(parse_format_instant("2020-10-10 00:00:00", 3, TimestampFormat::Sql), None);
        assert_eq!(parse_format_time("10:00", 0, TimestampFormat::Sql), None);
        assert_eq!(parse_format_time("10:00", 0, TimestampFormat::Iso8601), Some(36_000_000));
        assert_eq!(parse_format_time("10:00:00.987", 1, TimestampFormat::Sql), Some(36_000_900));
    }
}
