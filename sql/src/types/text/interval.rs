//! INTERVAL YEAR TO MONTH, in months, and INTERVAL DAY TO SECOND, in milliseconds, as text; and the texts of interval
//! literals.

mod literal;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

pub use literal::{Interval, IntervalError, parse_interval};

use super::pad::{write_fraction, write_padded};

/// Which parts an interval of months is printed in: those of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearMonthResolution {
    /// INTERVAL YEAR.
    Year,
    /// INTERVAL YEAR TO MONTH.
    YearToMonth,
    /// INTERVAL MONTH.
    Month,
}

/// SQL text of months: `+1-06`.
pub fn write_year_month(months: i32, out: &mut String) {
    let magnitude = months.unsigned_abs();
    // Writing to a string cannot fail.
    let _ = write!(out, "{}{}-", if months < 0 { '-' } else { '+' }, magnitude / 12);
    write_padded(u64::from(magnitude % 12), 2, out);
}

/// Row text of months, as `java.time.Period.toString`: `P1Y6M`, `P0D`.
///
/// ```
/// use millstream_sql::types::text::interval::{YearMonthResolution, write_year_month_row};
///
/// let mut text = String::new();
/// write_year_month_row(18, YearMonthResolution::YearToMonth, &mut text);
/// assert_eq!(text, "P1Y6M");
/// ```
pub fn write_year_month_row(months: i32, resolution: YearMonthResolution, out: &mut String) {
    let (years, months) = match resolution {
        YearMonthResolution::Year => (months / 12, 0),
        YearMonthResolution::YearToMonth => (months / 12, months % 12),
        YearMonthResolution::Month => (0, months),
    };
    // Writing to a string cannot fail.
    let _ = match (years, months) {
        (0, 0) => write!(out, "P0D"),
        (years, 0) => write!(out, "P{years}Y"),
        (0, months) => write!(out, "P{months}M"),
        (years, months) => write!(out, "P{years}Y{months}M"),
    };
}

/// SQL text of milliseconds: `+1 10:30:00.500`.
pub fn write_day_time(millis: i64, out: &mut String) {
    let magnitude = millis.unsigned_abs();
    let seconds = magnitude / 1_000;
    // Writing to a string cannot fail.
    let _ = write!(out, "{}{} ", if millis < 0 { '-' } else { '+' }, seconds / 86_400);
    write_padded(seconds / 3_600 % 24, 2, out);
    out.push(':');
    write_padded(seconds / 60 % 60, 2, out);
    out.push(':');
    write_padded(seconds % 60, 2, out);
    out.push('.');
    write_padded(magnitude % 1_000, 3, out);
}

/// Row text of milliseconds, as `java.time.Duration.toString`: hours are not counted in days, each part has its sign, and
/// parts that are 0 are left out.
///
/// ```
/// use millstream_sql::types::text::interval::write_day_time_row;
///
/// let mut text = String::new();
/// write_day_time_row(86_400_500, &mut text);
/// assert_eq!(text, "PT24H0.5S");
/// ```
pub fn write_day_time_row(millis: i64, out: &mut String) {
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, fraction) = (millis / 1_000 % 60, (millis % 1_000).unsigned_abs() as u32);
    out.push_str("PT");
    // Writing to a string cannot fail.
    if hours != 0 {
        let _ = write!(out, "{hours}H");
    }
    if minutes != 0 {
        let _ = write!(out, "{minutes}M");
    }
    if seconds == 0 && fraction == 0 && millis != 0 {
        return;
    }
    if seconds == 0 && millis < 0 {
        out.push('-');
    }
    let _ = write!(out, "{seconds}");
    if fraction != 0 {
        let digits = if fraction % 100 == 0 { 1 } else { 3 - u8::from(fraction % 10 == 0) };
        out.push('.');
        write_fraction(fraction * 1_000_000, digits, out);
    }
    out.push('S');
}
