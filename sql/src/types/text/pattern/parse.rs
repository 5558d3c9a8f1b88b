//! Reading by a pattern: the fields as they stand in the text.

use super::field::Field;
use super::{Item, Number, NumberKind, names};

/// The fields that were read.
#[derive(Clone, Copy, Default)]
pub(super) struct Parsed {
    pub(super) year: Option<i64>,
    pub(super) year_of_era: Option<i64>,
    pub(super) quarter: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) week_based_year: Option<i64>,
    pub(super) week: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) day_of_year: Option<i64>,
    pub(super) day_of_week: Option<i64>,
    pub(super) half_of_day: Option<i64>,
    pub(super) hour_of_day: Option<i64>,
    pub(super) clock_hour_of_day: Option<i64>,
    pub(super) hour_of_half: Option<i64>,
    pub(super) clock_hour_of_half: Option<i64>,
    pub(super) minute: Option<i64>,
    pub(super) second: Option<i64>,
    pub(super) nano: Option<i64>,
}

impl Parsed {
    /// Sets a field; `None` if it was read before, with another value.
    fn set(&mut self, field: Field, value: i64) -> Option<()> {
        let slot = match field {
            Field::Year => &mut self.year,
            Field::YearOfEra => &mut self.year_of_era,
            Field::Quarter => &mut self.quarter,
            Field::Month => &mut self.month,
            Field::WeekBasedYear => &mut self.week_based_year,
            Field::Week => &mut self.week,
            Field::Day => &mut self.day,
            Field::DayOfYear => &mut self.day_of_year,
            Field::DayOfWeek => &mut self.day_of_week,
            Field::HalfOfDay => &mut self.half_of_day,
            Field::HourOfDay => &mut self.hour_of_day,
            Field::ClockHourOfDay => &mut self.clock_hour_of_day,
            Field::HourOfHalf => &mut self.hour_of_half,
            Field::ClockHourOfHalf => &mut self.clock_hour_of_half,
            Field::Minute => &mut self.minute,
            Field::Second => &mut self.second,
            Field::Nano => &mut self.nano,
            // Only `SimplePattern` has these.
            Field::Milli | Field::WeekOfMonth | Field::DayOfWeekInMonth => return None,
        };
        match *slot {
            Some(before) if before != value => None,
            _ => {
                *slot = Some(value);
                Some(())
            }
        }
    }
}

/// Reads a text from its first character to its last.
pub(super) fn parse(items: &[Item], text: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let rest = read_items(items, text, &mut parsed)?;
    rest.is_empty().then_some(parsed)
}

/// Reads the items from the beginning of the text; answers what is left of it.
fn read_items<'a>(items: &[Item], mut text: &'a str, parsed: &mut Parsed) -> Option<&'a str> {
    for item in items {
        text = match item {
            Item::Literal(literal) => text.strip_prefix(literal.as_ref())?,
            Item::Number(number) => read_number(*number, text, parsed)?,
            Item::Name(field, style) => {
                let (value, length) = names::find(*field, *style, text)?;
                parsed.set(*field, value)?;
                text.get(length..)?
            }
            Item::Optional(items) => {
                let mut attempt = *parsed;
                match read_items(items, text, &mut attempt) {
                    Some(rest) => {
                        *parsed = attempt;
                        rest
                    }
                    None => text,
                }
            }
        };
    }
    Some(text)
}

fn read_number<'a>(number: Number, text: &'a str, parsed: &mut Parsed) -> Option<&'a str> {
    let sign = text.bytes().next().filter(|byte| matches!(byte, b'+' | b'-'));
    let takes_sign = match sign {
        None => true,
        Some(b'-') => matches!(number.kind, NumberKind::Signed | NumberKind::PlusIfLonger),
        Some(_) => number.kind == NumberKind::PlusIfLonger,
    };
    if !takes_sign {
        return None;
    }
    let unsigned = text.get(usize::from(sign.is_some())..)?;
    let width = width(number, unsigned)?;
    let (digits, rest) = unsigned.split_at_checked(width)?;
    let magnitude: i64 = digits.parse().ok()?;
    let value = match number.kind {
        NumberKind::Fraction => magnitude * 10_i64.checked_pow(9_u32.saturating_sub(width as u32))?,
        NumberKind::Reduced => magnitude + 2_000,
        _ if sign == Some(b'-') => (magnitude != 0).then_some(-magnitude)?,
        // A plus says that there are more digits than usual, and nothing else does.
        NumberKind::PlusIfLonger if (sign.is_some()) != (width > number.min) => return None,
        _ => magnitude,
    };
    parsed.set(number.field, value)?;
    Some(rest)
}

/// How many digits the number takes.
fn width(number: Number, text: &str) -> Option<usize> {
    let digits = text.bytes().take(number.max + number.reserved).take_while(u8::is_ascii_digit).count();
    let width = digits.saturating_sub(number.reserved).max(number.min);
    (digits >= number.min && width <= digits).then_some(width)
}
