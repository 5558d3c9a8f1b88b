//! FLOOR and CEIL of points in time.
//!
//! Flink's CEIL to units of a day and more looks at the date only. Its answers are kept: midday on the first of a month
//! is rounded up to that day's midnight, the first day of a later quarter to the next one, and a decade, century or
//! millennium always goes to the next one.

use super::{CivilDate, MILLIS_PER_DAY, first_of_year};
use crate::parser::ast::TimeUnit;

/// The latest point in time, not after this one, at which a unit begins; both in milliseconds. Weeks begin on Sunday.
///
/// `None` for units that FLOOR does not take (only MILLENNIUM to MILLISECOND, without those that are positions in
/// others), and beyond 64 bits.
///
/// ```
/// use millstream_sql::parser::ast::TimeUnit;
/// use millstream_sql::types::calendar::floor_millis;
///
/// assert_eq!(floor_millis(TimeUnit::Hour, 7_199_999), Some(3_600_000));
/// assert_eq!(floor_millis(TimeUnit::Epoch, 7_199_999), None);
/// ```
pub fn floor_millis(unit: TimeUnit, millis: i64) -> Option<i64> {
    match clock_unit(unit) {
        Some(step) => millis.checked_sub(millis.rem_euclid(step)),
        None => floor_days(unit, millis.div_euclid(MILLIS_PER_DAY))?.checked_mul(MILLIS_PER_DAY),
    }
}

/// The first point in time, not before this one, at which a unit begins; both in milliseconds. What holds for
/// [`floor_millis`] holds here; what Flink does differently with units above a day is done as in Flink: see the
/// examples.
///
/// ```
/// use millstream_sql::parser::ast::TimeUnit;
/// use millstream_sql::types::calendar::ceil_millis;
///
/// let (day, hour) = (86_400_000, 3_600_000);
/// assert_eq!(ceil_millis(TimeUnit::Month, day), Some(31 * day));
/// // The first of January, one o'clock: not February.
/// assert_eq!(ceil_millis(TimeUnit::Month, hour), Some(0));
/// ```
pub fn ceil_millis(unit: TimeUnit, millis: i64) -> Option<i64> {
    match clock_unit(unit) {
        Some(step) => match millis.rem_euclid(step) {
            0 => Some(millis),
            beyond => millis.checked_add(step - beyond),
        },
        None => ceil_days(unit, millis.div_euclid(MILLIS_PER_DAY))?.checked_mul(MILLIS_PER_DAY),
    }
}

/// [`floor_millis`] of a DATE, in days: units below a day leave it as it is.
pub fn floor_date(unit: TimeUnit, days: i32) -> Option<i32> {
    match clock_unit(unit) {
        Some(_) => Some(days),
        None => i32::try_from(floor_days(unit, i64::from(days))?).ok(),
    }
}

/// [`ceil_millis`] of a DATE, in days: units of a day and below leave it as it is.
pub fn ceil_date(unit: TimeUnit, days: i32) -> Option<i32> {
    match clock_unit(unit) {
        Some(_) => Some(days),
        None => i32::try_from(ceil_days(unit, i64::from(days))?).ok(),
    }
}

/// The length of units that are all of one length, in milliseconds.
fn clock_unit(unit: TimeUnit) -> Option<i64> {
    Some(match unit {
        TimeUnit::Day => MILLIS_PER_DAY,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1_000,
        TimeUnit::Millisecond => 1,
        _ => return None,
    })
}

fn floor_days(unit: TimeUnit, days: i64) -> Option<i64> {
    let date = CivilDate::from_days(days);
    let year = date.year();
    Some(match unit {
        TimeUnit::Year => first_of_year(year),
        TimeUnit::Quarter => first_of_month(year, (date.quarter() - 1) * 3 + 1),
        TimeUnit::Month => first_of_month(year, date.month()),
        TimeUnit::Week => days.saturating_sub(i64::from(date.day_of_week() - 1)),
        TimeUnit::Decade => first_of_year(year.div_euclid(10) * 10),
        TimeUnit::Century => first_of_year((year - 1).div_euclid(100) * 100 + 1),
        TimeUnit::Millennium => first_of_year((year - 1).div_euclid(1_000) * 1_000 + 1),
        _ => return None,
    })
}

fn ceil_days(unit: TimeUnit, days: i64) -> Option<i64> {
    let date = CivilDate::from_days(days);
    let year = date.year();
    let first_of_january = date.month() == 1 && date.day() == 1;
    Some(match unit {
        TimeUnit::Year | TimeUnit::Quarter if first_of_january => days,
        TimeUnit::Year => first_of_year(year + 1),
        TimeUnit::Quarter if date.quarter() == 4 => first_of_year(year + 1),
        TimeUnit::Quarter => first_of_month(year, date.quarter() * 3 + 1),
        TimeUnit::Month if date.day() == 1 => days,
        TimeUnit::Month if date.month() == 12 => first_of_year(year + 1),
        TimeUnit::Month => first_of_month(year, date.month() + 1),
        TimeUnit::Week => days.saturating_add((8 - i64::from(date.day_of_week())) % 7),
        TimeUnit::Decade => first_of_year(year.div_euclid(10) * 10 + 10),
        TimeUnit::Century => first_of_year((year - 1).div_euclid(100) * 100 + 101),
        TimeUnit::Millennium => first_of_year((year - 1).div_euclid(1_000) * 1_000 + 1_001),
        _ => return None,
    })
}

fn first_of_month(year: i32, month: u8) -> i64 {
    CivilDate { year, month, day: 1 }.days()
}
