//! The texts of literals, for which SQL has stricter rules than casts.

use super::scan::{Scanner, nanos_of_day, to_value};
use crate::types::calendar::CivilDate;

/// Reads the text of `TIMESTAMP '…'`: the value in the unit of its precision, and the precision, which is how many digits
/// the fraction has (9 at most, those beyond are cut off). The time may be left out; what stands there must exist.
///
/// Follows Calcite's `SqlParserUtil.parseTimestampLiteral`.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_timestamp_literal;
///
/// assert_eq!(parse_timestamp_literal("1970-01-01 00:00:01.50"), Some((1_500, 2)));
/// assert_eq!(parse_timestamp_literal("2020-02-30 00:00:00"), None);
/// ```
pub fn parse_timestamp_literal(text: &str) -> Option<(i64, u8)> {
    let mut scanner = Scanner::new(text);
    let date = date(&mut scanner)?;
    if scanner.is_at_end() {
        return Some((to_value(date, 0, 0)?, 0));
    }
    scanner.byte(b' ')?;
    while scanner.byte(b' ').is_some() {}
    let (nanos_of_day, precision) = clock(&mut scanner)?;
    Some((to_value(date, nanos_of_day, precision)?, precision))
}

/// Reads the text of `DATE '…'`, in days.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_date_literal;
///
/// assert_eq!((parse_date_literal("1970-1-2"), parse_date_literal("1970-1-2 10:00:00")), (Some(1), None));
/// ```
pub fn parse_date_literal(text: &str) -> Option<i32> {
    let mut scanner = Scanner::new(text);
    let date = date(&mut scanner)?;
    if scanner.is_at_end() { i32::try_from(date.days()).ok() } else { None }
}

/// Reads the text of `TIME '…'`: milliseconds since midnight, and the precision, which is how many digits the fraction has.
/// Digits beyond milliseconds are cut off.
///
/// ```
/// use millstream_sql::types::text::timestamp::parse_time_literal;
///
/// assert_eq!(parse_time_literal("00:00:01.5"), Some((1_500, 1)));
/// assert_eq!(parse_time_literal("00:01"), None);
/// ```
pub fn parse_time_literal(text: &str) -> Option<(i32, u8)> {
    let (nanos_of_day, precision) = clock(&mut Scanner::new(text))?;
    Some((i32::try_from(nanos_of_day / 1_000_000).ok()?, precision))
}

/// A date of the years 1 to 9999.
fn date(scanner: &mut Scanner<'_>) -> Option<CivilDate> {
    let year = scanner.number(1, 4).filter(|year| *year > 0)?;
    scanner.byte(b'-')?;
    let month = scanner.small(1, 2)?;
    scanner.byte(b'-')?;
    CivilDate::new(i32::try_from(year).ok()?, month, scanner.small(1, 2)?)
}

/// Hours, minutes, seconds and a fraction up to the end: nanoseconds since midnight, and the fraction's digits.
fn clock(scanner: &mut Scanner<'_>) -> Option<(i64, u8)> {
    let hour = scanner.small(1, 2)?;
    scanner.byte(b':')?;
    let minute = scanner.small(1, 2)?;
    scanner.byte(b':')?;
    let second = scanner.small(1, 2)?;
    let (nanos, digits) = if scanner.is_at_end() { (0, 0) } else { scanner.long_fraction()? };
    if !scanner.is_at_end() {
        return None;
    }
    Some((nanos_of_day(hour, minute, second, nanos)?, digits))
}
