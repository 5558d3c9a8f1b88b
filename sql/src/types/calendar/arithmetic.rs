//! Months are not all of one length: adding them, and counting those between two points in time.

use super::{CivilDate, MAX_YEAR, MILLIS_PER_DAY, days_in_month};
use crate::parser::ast::TimeUnit;

impl CivilDate {
    /// The day so many months later: the month's last if it has no such day, and the last or first year's at the end
    /// of the calendar.
    ///
    /// ```
    /// use millstream_sql::types::calendar::CivilDate;
    ///
    /// let end_of_january = CivilDate::new(2024, 1, 31).unwrap();
    /// assert_eq!(Some(end_of_january.plus_months(1)), CivilDate::new(2024, 2, 29));
    /// ```
    pub fn plus_months(self, months: i64) -> Self {
        let month = (i64::from(self.year) * 12 + i64::from(self.month) - 1).saturating_add(months);
        let year = month.div_euclid(12).clamp(-MAX_YEAR, MAX_YEAR) as i32;
        let month = (month.rem_euclid(12) + 1) as u8;
        Self { year, month, day: self.day.min(days_in_month(year, month)) }
    }
}

/// The timestamp so many months later, in milliseconds, as [`CivilDate::plus_months`]; `None` beyond 64 bits.
pub fn add_months(millis: i64, months: i64) -> Option<i64> {
    let date = CivilDate::from_days(millis.div_euclid(MILLIS_PER_DAY)).plus_months(months);
    date.days().checked_mul(MILLIS_PER_DAY)?.checked_add(millis.rem_euclid(MILLIS_PER_DAY))
}

/// Whole months from one timestamp to another, both in milliseconds.
///
/// As Flink's `subtractMonths`, also where that is odd: backwards, a month less a few hours counts as one more.
///
/// ```
/// use millstream_sql::types::calendar::months_between;
///
/// let day = 86_400_000;
/// assert_eq!((months_between(0, 31 * day), months_between(1, 31 * day)), (1, 0));
/// ```
pub fn months_between(from: i64, to: i64) -> i64 {
    let from_date = CivilDate::from_days(from.div_euclid(MILLIS_PER_DAY));
    let to_date = CivilDate::from_days(to.div_euclid(MILLIS_PER_DAY));
    let months = if to_date < from_date {
        -months_forward(to_date, from_date)
    } else {
        months_forward(from_date, to_date)
    };
    let clock_is_behind = to.rem_euclid(MILLIS_PER_DAY) < from.rem_euclid(MILLIS_PER_DAY);
    months - i64::from(clock_is_behind && from_date.plus_months(months) == to_date)
}

/// Whole months from a day to a later one.
fn months_forward(from: CivilDate, to: CivilDate) -> i64 {
    let months =
        (i64::from(to.year) - i64::from(from.year)) * 12 + i64::from(to.month) - i64::from(from.month);
    months - i64::from(from.plus_months(months) > to)
}

/// How many whole units lie between two timestamps in milliseconds, as TIMESTAMPDIFF counts them: negative if `to` is
/// before `from`, truncated towards zero. `None` for units that TIMESTAMPDIFF does not take: only YEAR, QUARTER,
/// MONTH, WEEK, DAY, HOUR, MINUTE, SECOND and MILLISECOND are.
///
/// ```
/// use millstream_sql::parser::ast::TimeUnit;
/// use millstream_sql::types::calendar::difference;
///
/// assert_eq!(difference(TimeUnit::Minute, 0, 119_999), Some(1));
/// assert_eq!(difference(TimeUnit::Decade, 0, 119_999), None);
/// ```
pub fn difference(unit: TimeUnit, from: i64, to: i64) -> Option<i64> {
    let millis = match unit {
        TimeUnit::Year => return Some(months_between(from, to) / 12),
        TimeUnit::Quarter => return Some(months_between(from, to) / 3),
        TimeUnit::Month => return Some(months_between(from, to)),
        TimeUnit::Week => 7 * MILLIS_PER_DAY,
        TimeUnit::Day => MILLIS_PER_DAY,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1_000,
        TimeUnit::Millisecond => 1,
        _ => return None,
    };
    Some(to.saturating_sub(from) / millis)
}
