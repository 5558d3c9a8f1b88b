//! Reading as `SimpleDateFormat.parse` and a lenient `GregorianCalendar` do.

use super::super::field::Field;
use super::super::names;
use super::{Item, is_name};
use crate::types::calendar::{CivilDate, CivilDateTime, MILLIS_PER_DAY};

/// Years before the current one that two digits may mean.
const YEARS_BACK: i32 = 80;
/// Beyond this no timestamp reaches, so nothing needs to be added up exactly.
const MAX_DAYS: i64 = i64::MAX / MILLIS_PER_DAY;

/// The fields that were read, as they stand in the text.
#[derive(Clone, Copy, Default)]
struct Read {
    is_before_christ: bool,
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    day_of_year: Option<i32>,
    /// Whether the day of the year was read after the day of the month: the last one counts.
    is_by_day_of_year: bool,
    week_based_year: Option<i32>,
    week: Option<i32>,
    day_of_week: Option<i32>,
    hour_of_day: Option<i32>,
    hour_of_half: Option<i32>,
    half_of_day: Option<i32>,
    /// Whether the hour by half days was complete after the hour of the day was read.
    is_by_half: bool,
    minute: i32,
    second: i32,
    milli: i32,
}

/// Reads a text that begins in the pattern's form.
pub(super) fn parse(items: &[Item], current_year: i32, text: &str) -> Option<CivilDateTime> {
    let mut read = Read::default();
    let mut rest = text;
    let mut items = items.iter().peekable();
    while let Some(item) = items.next() {
        // Numbers next to others have as many digits as letters.
        let is_adjacent = items.peek().is_some_and(|next| next.is_number());
        rest = match item {
            Item::Literal(literal) => rest.strip_prefix(literal.as_ref())?,
            Item::Era => {
                let (era, behind) = rest.split_at_checked(2)?;
                read.is_before_christ = era.eq_ignore_ascii_case("BC");
                let is_known = read.is_before_christ || era.eq_ignore_ascii_case("AD");
                Some(behind).filter(|_| is_known)?
            }
            Item::DayNumber(letters) => {
                let (value, rest) = number(rest, is_adjacent.then_some(*letters))?;
                // Java takes others as the calendar's days, of which Sunday is 1.
                let is_known = (1..=7).contains(&value);
                read.day_of_week = Some(if is_known { value } else { value.saturating_sub(1) });
                rest
            }
            Item::Field(field, letters) if is_name(*field, *letters) => {
                let (value, length) = names::find_any(*field, rest)?;
                read.set(*field, value as i32)?;
                rest.get(length..)?
            }
            Item::Field(field, letters) => {
                let (value, behind) = number(rest, is_adjacent.then_some(*letters))?;
                let is_year = matches!(field, Field::YearOfEra | Field::WeekBasedYear);
                let has_two_digits = without_blanks(rest).len() - behind.len() == 2 && value >= 0;
                let is_short = is_year && *letters <= 2 && has_two_digits;
                read.set(*field, if is_short { in_window(value, current_year) } else { value })?;
                behind
            }
        };
    }
    read.resolve()
}

fn without_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// A number with an optional minus, of so many characters at most, blanks in front of it included.
fn number(text: &str, width: Option<usize>) -> Option<(i32, &str)> {
    let field = match width {
        Some(width) => text.get(..width)?,
        None => text,
    };
    let unsigned = without_blanks(field);
    let digits = unsigned.strip_prefix('-').unwrap_or(unsigned);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    // Java takes the low bits of numbers that are too large; nobody writes such dates.
    let value: i32 = digits.get(..length)?.parse().ok()?;
    let behind = text.get(field.len() - digits.len() + length..)?;
    Some((if digits.len() < unsigned.len() { -value } else { value }, behind))
}

/// The year with these last two digits from 80 years before the current one.
fn in_window(digits: i32, current_year: i32) -> i32 {
    let start = current_year.saturating_sub(YEARS_BACK);
    start.saturating_add(digits.wrapping_sub(start.rem_euclid(100)).rem_euclid(100))
}

impl Read {
    /// Sets a field; `None` for those that no date can be made of.
    fn set(&mut self, field: Field, value: i32) -> Option<()> {
        match field {
            Field::YearOfEra => self.year = Some(value),
            Field::WeekBasedYear => self.week_based_year = Some(value),
            Field::Week => self.week = Some(value),
            Field::Month => self.month = Some(value),
            Field::Day => (self.day, self.is_by_day_of_year) = (Some(value), false),
            Field::DayOfYear => (self.day_of_year, self.is_by_day_of_year) = (Some(value), true),
            Field::DayOfWeek => self.day_of_week = Some(value),
            Field::HalfOfDay => self.half_of_day = Some(value),
            Field::HourOfDay => self.hour_of_day = Some(value),
            Field::ClockHourOfDay => self.hour_of_day = Some(if value == 24 { 0 } else { value }),
            Field::HourOfHalf => self.hour_of_half = Some(value),
            Field::ClockHourOfHalf => self.hour_of_half = Some(if value == 12 { 0 } else { value }),
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
            Field::Milli => self.milli = value,
            _ => return None,
        }
        match field {
            Field::HourOfDay | Field::ClockHourOfDay => self.is_by_half = false,
            Field::HalfOfDay | Field::HourOfHalf | Field::ClockHourOfHalf => {
                self.is_by_half = self.half_of_day.is_some() && self.hour_of_half.is_some();
            }
            _ => {}
        }
        Some(())
    }

    fn resolve(&self) -> Option<CivilDateTime> {
        let hour = match self.hour_of_day {
            Some(hour) if !self.is_by_half => i64::from(hour),
            _ => i64::from(self.hour_of_half.unwrap_or(0)) + i64::from(self.half_of_day.unwrap_or(0)) * 12,
        };
        let seconds = (hour * 60 + i64::from(self.minute)) * 60 + i64::from(self.second);
        let millis = seconds * 1_000 + i64::from(self.milli);
        let days = self.days()?;
        if days.abs() > MAX_DAYS {
            return None;
        }
        Some(CivilDateTime::from_millis((days * MILLIS_PER_DAY).checked_add(millis)?, 0))
    }

    fn days(&self) -> Option<i64> {
        if let Some(year) = self.week_based_year {
            return self.days_of_week(year);
        }
        if self.week.is_some() {
            return None;
        }
        let year = i64::from(self.year.unwrap_or(1970));
        let year = if self.is_before_christ { 1 - year } else { year };
        if self.is_by_day_of_year {
            let first = CivilDate::new(i32::try_from(year).ok()?, 1, 1)?;
            return Some(first.days() + i64::from(self.day_of_year.unwrap_or(1)) - 1);
        }
        let month = year * 12 + i64::from(self.month.unwrap_or(1)) - 1;
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        let first = CivilDate::new(year, (month.rem_euclid(12) + 1) as u8, 1)?;
        let day = match (self.day, self.day_of_week) {
            (Some(day), _) => i64::from(day),
            // The first one of the month.
            (None, Some(weekday)) => {
                1 + (i64::from(weekday) - i64::from(first.iso_day_of_week())).rem_euclid(7)
            }
            (None, None) => 1,
        };
        Some(first.days() + day - 1)
    }

    /// A year's week, the first without one, and its day, Sunday without one.
    fn days_of_week(&self, year: i32) -> Option<i64> {
        let first = CivilDate::new(year, 1, 1)?;
        let first_sunday = first.days() + 1 - i64::from(first.day_of_week());
        let weeks = i64::from(self.week.unwrap_or(1)) - 1;
        // Monday is 1 and Sunday 7, which begins the week.
        let day = i64::from(self.day_of_week.unwrap_or(7)).rem_euclid(7);
        Some(first_sunday + weeks * 7 + day)
    }
}
