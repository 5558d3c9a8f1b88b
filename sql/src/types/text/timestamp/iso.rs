//! The formats of ISO 8601, in which rows are printed and JSON may have its timestamps.

use super::scan::{Scanner, nanos_of_day, to_value};
use crate::types::calendar::CivilDate;

/// Reads `2020-10-10T00:00:05.123` as a TIMESTAMP(`precision`): as `java.time.LocalDateTime.parse`, seconds may be left out.
/// Digits beyond the precision are cut off.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_timestamp_iso;
///
/// assert_eq!(parse_timestamp_iso("1970-01-01T00:01", 3), Some(60_000));
/// assert_eq!(parse_timestamp_iso("1970-1-1 00:01", 3), None);
/// ```
pub fn parse_timestamp_iso(text: &str, precision: u8) -> Option<i64> {
    let mut scanner = Scanner::new(text);
    let year = scanner.year()?;
    scanner.byte(b'-')?;
    let month = scanner.small(2, 2)?;
    scanner.byte(b'-')?;
    let date = CivilDate::new(year, month, scanner.small(2, 2)?)?;
    scanner.byte(b'T')?;
    let hour = scanner.small(2, 2)?;
    scanner.byte(b':')?;
    let minute = scanner.small(2, 2)?;
    let second = if scanner.byte(b':').is_some() { Some(scanner.small(2, 2)?) } else { None };
    let nanos = match second {
        Some(_) if !scanner.is_at_end() => scanner.fraction()?,
        _ => 0,
    };
    if !scanner.is_at_end() {
        return None;
    }
    to_value(date, nanos_of_day(hour, minute, second.unwrap_or(0), nanos)?, precision)
}

/// Reads `2020-10-10T00:00:05.123Z` as a TIMESTAMP_LTZ(`precision`), as [`parse_timestamp_iso`] with the `Z` of UTC behind.
pub fn parse_instant_iso(text: &str, precision: u8) -> Option<i64> {
    parse_timestamp_iso(text.strip_suffix('Z')?, precision)
}
