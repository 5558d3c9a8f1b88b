//! The fields that were read to a point in time, as `java.time.format.Parsed` in its smart style does, and then Flink's
//! `DateTimeUtils.fromTemporalAccessor`.

use super::field::{Field, date_value};
use super::parse::Parsed;
use crate::types::calendar::{CivilDate, CivilDateTime};

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// The largest year of `java.time.Year`.
const MAX_YEAR: i64 = 999_999_999;

/// The point in time that the fields name; `None` if a field has no such value, or two contradict each other.
pub(super) fn resolve(mut parsed: Parsed) -> Option<CivilDateTime> {
    resolve_year(&mut parsed)?;
    resolve_hours(&mut parsed)?;
    let date = resolve_date(&parsed)?;
    if let Some(date) = date {
        cross_check_date(&parsed, date)?;
    }
    let (nanos_of_day, is_next_day) = resolve_clock(&parsed)?;
    let reading = match date {
        Some(date) => CivilDateTime::new(date, nanos_of_day)?.plus_days(i64::from(is_next_day)),
        None => CivilDateTime::new(incomplete_date(&parsed)?, nanos_of_day)?,
    };
    Some(reading)
}

fn within(value: Option<i64>, least: i64, most: i64) -> Option<()> {
    value.is_none_or(|value| (least..=most).contains(&value)).then_some(())
}

/// Sets a field that follows from others; `None` if it has another value.
fn agree(field: &mut Option<i64>, value: i64) -> Option<()> {
    match *field {
        Some(before) if before != value => None,
        _ => {
            *field = Some(value);
            Some(())
        }
    }
}

/// Years of the era are those after Christ.
fn resolve_year(parsed: &mut Parsed) -> Option<()> {
    if let Some(year) = parsed.year_of_era {
        within(Some(year), 1, MAX_YEAR)?;
        match parsed.year {
            // Before Christ if the year says so.
            Some(known) if known <= 0 => agree(&mut parsed.year, 1 - year)?,
            _ => agree(&mut parsed.year, year)?,
        }
    }
    within(parsed.year, -MAX_YEAR, MAX_YEAR)
}

/// All ways to give the hour become the hour of the day, if they are complete.
fn resolve_hours(parsed: &mut Parsed) -> Option<()> {
    if let Some(hour) = parsed.clock_hour_of_day {
        within(Some(hour), 0, 24)?;
        agree(&mut parsed.hour_of_day, hour % 24)?;
    }
    if let Some(hour) = parsed.clock_hour_of_half {
        within(Some(hour), 0, 12)?;
        agree(&mut parsed.hour_of_half, hour % 12)?;
    }
    within(parsed.hour_of_half, 0, 11)?;
    if let (Some(half), Some(hour)) = (parsed.half_of_day, parsed.hour_of_half) {
        agree(&mut parsed.hour_of_day, half * 12 + hour)?;
        // They have become the hour: there is nothing left to check them against.
        (parsed.half_of_day, parsed.hour_of_half) = (None, None);
    }
    let is_half_alone =
        [parsed.hour_of_day, parsed.minute, parsed.second, parsed.nano].iter().all(Option::is_none);
    if let (Some(half), true) = (parsed.half_of_day, is_half_alone) {
        // The middle of the half, since Java 16.
        parsed.hour_of_day = Some(half * 12 + 6);
    }
    Some(())
}

/// The date, if there is enough for one.
fn resolve_date(parsed: &Parsed) -> Option<Option<CivilDate>> {
    let Some(year) = parsed.year else { return resolve_week_date(parsed) };
    let year = i32::try_from(year).ok()?;
    if let (Some(month), Some(day)) = (parsed.month, parsed.day) {
        let date = CivilDate::clamped(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        return date.map(Some);
    }
    let Some(day_of_year) = parsed.day_of_year else { return Some(None) };
    within(Some(day_of_year), 1, 366)?;
    let date = CivilDate::from_days(CivilDate::new(year, 1, 1)?.days() + day_of_year - 1);
    (date.year() == year).then_some(Some(date))
}

/// The date of a week and its day, which only counts if there is no other year: weeks that the year does not have are its last.
fn resolve_week_date(parsed: &Parsed) -> Option<Option<CivilDate>> {
    let (Some(year), Some(week), Some(day)) = (parsed.week_based_year, parsed.week, parsed.day_of_week)
    else {
        return Some(None);
    };
    within(Some(week), 1, 53)?;
    let year = i32::try_from(year).ok()?;
    let first_sunday = |year: i32| {
        let first = CivilDate::new(year, 1, 1)?;
        Some(first.days() + 1 - i64::from(first.day_of_week()))
    };
    let start = first_sunday(year)?;
    let weeks = (first_sunday(year.checked_add(1)?)? - start) / 7;
    // Monday is 1 and Sunday 7, which begins the week.
    Some(Some(CivilDate::from_days(start + (week.min(weeks) - 1) * 7 + day.rem_euclid(7))))
}

fn cross_check_date(parsed: &Parsed, date: CivilDate) -> Option<()> {
    let agrees = |value: Option<i64>, field| value.is_none_or(|value| value == date_value(date, field));
    let others_agree = agrees(parsed.quarter, Field::Quarter)
        && agrees(parsed.day_of_year, Field::DayOfYear)
        && agrees(parsed.day_of_week, Field::DayOfWeek);
    // What the date was made of may be a day or a week that there is not.
    let is_by_week = parsed.year.is_none();
    let is_by_month = !is_by_week && parsed.month.is_some() && parsed.day.is_some();
    let week_agrees = is_by_week
        || (agrees(parsed.week, Field::Week) && agrees(parsed.week_based_year, Field::WeekBasedYear));
    let month_agrees = is_by_month || (agrees(parsed.month, Field::Month) && agrees(parsed.day, Field::Day));
    (others_agree && week_agrees && month_agrees).then_some(())
}

/// What is missing is that of 1970-01-01.
fn incomplete_date(parsed: &Parsed) -> Option<CivilDate> {
    let year = i32::try_from(parsed.year.unwrap_or(1970)).ok()?;
    let month = u8::try_from(parsed.month.unwrap_or(1)).ok()?;
    CivilDate::new(year, month, u8::try_from(parsed.day.unwrap_or(1)).ok()?)
}

/// Nanoseconds since midnight, and whether that midnight is the next one. What is missing is 0.
fn resolve_clock(parsed: &Parsed) -> Option<(i64, bool)> {
    within(parsed.minute, 0, 59)?;
    within(parsed.second, 0, 59)?;
    within(parsed.nano, 0, NANOS_PER_SECOND - 1)?;
    let (minute, second, nano) =
        (parsed.minute.unwrap_or(0), parsed.second.unwrap_or(0), parsed.nano.unwrap_or(0));
    // A clock without gaps between its fields, which Java then makes a time of.
    let has_gap = (parsed.minute.is_none() && (parsed.second.is_some() || parsed.nano.is_some()))
        || (parsed.second.is_none() && parsed.nano.is_some());
    let mut hour = parsed.hour_of_day.unwrap_or(0);
    let is_next_day = hour == 24 && !has_gap && (minute, second, nano) == (0, 0, 0);
    if is_next_day {
        hour = 0;
    }
    within(Some(hour), 0, 23)?;
    if parsed.hour_of_day.is_some() && !has_gap {
        let half_agrees = parsed.half_of_day.is_none_or(|half| half == hour / 12);
        let hour_agrees = parsed.hour_of_half.is_none_or(|in_half| in_half == hour % 12);
        if !half_agrees || !hour_agrees {
            return None;
        }
    }
    Some((((hour * 60 + minute) * 60 + second) * NANOS_PER_SECOND + nano, is_next_day))
}
