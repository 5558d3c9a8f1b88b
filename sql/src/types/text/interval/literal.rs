//! The texts of interval literals.

use crate::parser::ast::{IntervalQualifier, TimeUnit};

/// The digits of an interval's first unit that Calcite allows without a precision.
const DEFAULT_PRECISION: u32 = 2;
/// The digits of a second's fraction that Calcite allows without a precision.
const DEFAULT_FRACTION: u32 = 6;

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interval {
    /// Of years and months.
    Months(i32),
    /// Of days and what they are made of.
    Millis(i64),
}

/// Why a text is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// The text does not have the parts that its qualifier says.
    #[error(
        "the text does not have the form of its units: write '1' DAY, '1 10:30:00.5' DAY TO SECOND, '1-6' YEAR TO MONTH"
    )]
    Format,
    /// A part after the first has no such value: hours go to 23, minutes and seconds to 59, months to 11.
    #[error("{value} is out of the range of {unit:?}: count it in the unit before")]
    Range {
        /// The part's unit.
        unit: TimeUnit,
        /// What was found.
        value: u32,
    },
    /// The first part has more digits than its precision.
    #[error(
        "{value} has more digits than the precision of {unit:?}, which is {precision}: write {unit:?}(p) with a larger p"
    )]
    Precision {
        /// The first unit.
        unit: TimeUnit,
        /// What was found.
        value: u32,
        /// The digits allowed, 2 by default.
        precision: u32,
    },
    /// No interval goes from the one unit to the other, or the precision is none.
    #[error("there is no interval of these units or precisions")]
    Qualifier,
    /// The interval is longer than its type can hold.
    #[error("the interval is too long for its type")]
    Overflow,
}

/// Reads the text of an interval literal: a sign, and the parts that the qualifier names. Milliseconds are cut off a
/// fraction that has more digits.
///
/// Follows Calcite's `SqlIntervalQualifier.evaluateIntervalLiteral` with Flink's precisions.
///
/// # Errors
///
/// The text has not the qualifier's form, or one of its parts is too large.
///
/// ```
/// use millstream_sql::parser::ast::{IntervalQualifier, TimeUnit};
/// use millstream_sql::types::text::interval::{Interval, parse_interval};
///
/// let qualifier =
///     IntervalQualifier { start: TimeUnit::Year, precision: None, end: Some(TimeUnit::Month), fraction: None };
/// assert_eq!(parse_interval("-1-6", qualifier), Ok(Interval::Months(-18)));
/// ```
pub fn parse_interval(text: &str, qualifier: IntervalQualifier) -> Result<Interval, IntervalError> {
    let text = text.trim();
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let units = units(qualifier).ok_or(IntervalError::Qualifier)?;
    let fraction = qualifier.fraction.unwrap_or(DEFAULT_FRACTION);
    if !(1..=9).contains(&fraction) {
        return Err(IntervalError::Qualifier);
    }
    let mut rest = unsigned;
    let mut total = 0_i64;
    for (index, unit) in units.iter().enumerate() {
        let (part, behind) = match (units.get(index + 1), unit) {
            (Some(_), _) => rest.split_once(separator(*unit)).ok_or(IntervalError::Format)?,
            (None, TimeUnit::Second) => rest.split_once('.').unwrap_or((rest, "0")),
            (None, _) => (rest, ""),
        };
        let value = number(part)?;
        if index == 0 {
            check_precision(value, *unit, qualifier.precision.unwrap_or(DEFAULT_PRECISION))?;
        } else if part.len() > 2 {
            return Err(IntervalError::Format);
        } else if value >= limit(*unit) {
            return Err(IntervalError::Range { unit: *unit, value });
        }
        let length = i64::from(value).checked_mul(length(*unit)).ok_or(IntervalError::Overflow)?;
        total = total.checked_add(length).ok_or(IntervalError::Overflow)?;
        rest = behind;
    }
    if units.last() == Some(&TimeUnit::Second) {
        total += millis_of_fraction(rest, fraction)?;
    }
    let total = if negative { -total } else { total };
    if matches!(qualifier.start, TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month) {
        i32::try_from(total).map(Interval::Months).map_err(|_| IntervalError::Overflow)
    } else {
        Ok(Interval::Millis(total))
    }
}

/// The units from the qualifier's first to its last, if there is such an interval.
fn units(qualifier: IntervalQualifier) -> Option<&'static [TimeUnit]> {
    use TimeUnit::{Day, Hour, Minute, Month, Quarter, Second, Week, Year};

    const PERIODS: &[TimeUnit] = &[Year, Month];
    const DURATIONS: &[TimeUnit] = &[Day, Hour, Minute, Second];
    let end = qualifier.end.unwrap_or(qualifier.start);
    let all = match qualifier.start {
        Quarter if end == Quarter => return Some(&[Quarter]),
        Week if end == Week => return Some(&[Week]),
        Year | Month => PERIODS,
        _ => DURATIONS,
    };
    let position = |wanted| all.iter().position(|unit| *unit == wanted);
    all.get(position(qualifier.start)?..=position(end)?)
}

/// What stands behind a part that another one follows.
fn separator(unit: TimeUnit) -> char {
    match unit {
        TimeUnit::Year => '-',
        TimeUnit::Day => ' ',
        _ => ':',
    }
}

/// How many of a unit make one of the unit before it.
fn limit(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Month => 12,
        TimeUnit::Hour => 24,
        _ => 60,
    }
}

/// In months or milliseconds.
fn length(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Year => 12,
        TimeUnit::Quarter => 3,
        TimeUnit::Month => 1,
        TimeUnit::Week => 604_800_000,
        TimeUnit::Day => 86_400_000,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        _ => 1_000,
    }
}

/// A number of digits only, up to the largest `int`.
fn number(text: &str) -> Result<u32, IntervalError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IntervalError::Format);
    }
    let number: i32 = text.parse().map_err(|_| IntervalError::Overflow)?;
    u32::try_from(number).map_err(|_| IntervalError::Overflow)
}

fn check_precision(value: u32, unit: TimeUnit, precision: u32) -> Result<(), IntervalError> {
    match 10_u64.checked_pow(precision) {
        Some(limit) if u64::from(value) >= limit => Err(IntervalError::Precision { unit, value, precision }),
        _ => Ok(()),
    }
}

fn millis_of_fraction(digits: &str, precision: u32) -> Result<i64, IntervalError> {
    if digits.len() > precision as usize {
        return Err(IntervalError::Format);
    }
    let value = i64::from(number(digits)?);
    Ok(value * 1_000 / 10_i64.pow(digits.len() as u32))
}
