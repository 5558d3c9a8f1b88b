//! Patterns of `java.text.SimpleDateFormat`.

mod parse;
#[cfg(test)]
mod tests;

use super::super::pad::write_padded;
use super::PatternError;
use super::compile::{quoted, run};
use super::field::{Field, Fields, NameStyle};
use super::names;
use crate::types::calendar::CivilDateTime;

/// More letters of one field are a mistake, and would be so many zeros in every text.
const MAX_LETTERS: usize = 255;

/// A compiled pattern of `java.text.SimpleDateFormat`, which Flink's older functions take.
///
/// The letters are those of [`Pattern`](super::Pattern) but for `Q`, `q`, `n` and brackets, and: `y` of any number of letters
/// but two is a year with so many digits at least; `S` is the millisecond as a number, not a fraction; `u` is the day of the
/// week, from Monday as 1; `W` is the week of the month, and `F` counts the weekday in its month; `G` is the era.
///
/// Reading is lenient. Values beyond their range run over into the next larger unit, blanks in front of numbers are skipped,
/// names are taken short or long in upper or lower case, and what follows after the pattern's end is not looked at.
///
/// Dates are those of the calendar of today at all times: Java's are in the Julian calendar before 15 October 1582.
///
/// ```
/// use millstream_sql::types::text::pattern::{PatternError, SimplePattern};
///
/// let pattern = SimplePattern::compile("yyyy-MM-dd HH:mm", 2026)?;
/// let mut text = String::new();
/// pattern.format(1_602_338_645_000, &mut text);
/// assert_eq!(text, "2020-10-10 14:04");
/// assert_eq!(pattern.parse("2020-10-10 14:04:05"), pattern.parse("2020-10-09 38:4"));
/// # Ok::<(), PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimplePattern {
    items: Vec<Item>,
    current_year: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(Box<str>),
    /// A field, and how many letters it has.
    Field(Field, usize),
    /// The day of the week as a number of so many digits at least.
    DayNumber(usize),
    Era,
}

impl Item {
    fn is_number(&self) -> bool {
        match self {
            Self::Field(field, letters) => !is_name(*field, *letters),
            Self::DayNumber(_) => true,
            Self::Literal(_) | Self::Era => false,
        }
    }
}

impl SimplePattern {
    /// Compiles a pattern. Years of two digits are read as 80 years before `current_year` to 19 years after it.
    ///
    /// # Errors
    ///
    /// The text has a letter that is not supported, or is no pattern of Java.
    pub fn compile(text: &str, current_year: i32) -> Result<Self, PatternError> {
        let mut items = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            items.push(match character {
                'a'..='z' | 'A'..='Z' => item(character, run(character, &mut characters))?,
                '\'' => Item::Literal(quoted(&mut characters)?.into()),
                other => Item::Literal(other.to_string().into()),
            });
        }
        Ok(Self { items, current_year })
    }

    /// Writes the clock's reading so many milliseconds after 1970-01-01 00:00:00.
    pub fn format(&self, millis: i64, out: &mut String) {
        let fields = Fields::of(CivilDateTime::from_millis(millis, 0));
        for item in &self.items {
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Era => out.push_str(if fields.get(Field::Year) > 0 { "AD" } else { "BC" }),
                Item::DayNumber(letters) => {
                    write_padded(fields.get(Field::DayOfWeek).unsigned_abs(), *letters, out);
                }
                Item::Field(field, letters) => write_field(*field, *letters, fields, out),
            }
        }
    }

    /// Reads a text that begins in the pattern's form; what the pattern does not have is taken from 1970-01-01 00:00:00.
    /// `None` for other texts, for times beyond 64 bits of milliseconds, and for all texts if the pattern has `F`, `W` or,
    /// without `Y`, `w`.
    pub fn parse(&self, text: &str) -> Option<CivilDateTime> {
        parse::parse(&self.items, self.current_year, text)
    }
}

fn item(letter: char, count: usize) -> Result<Item, PatternError> {
    if count > MAX_LETTERS {
        return Err(PatternError::TooMany(letter));
    }
    let field = match letter {
        'y' => Field::YearOfEra,
        'Y' => Field::WeekBasedYear,
        'M' | 'L' => Field::Month,
        'w' => Field::Week,
        'W' => Field::WeekOfMonth,
        'D' => Field::DayOfYear,
        'd' => Field::Day,
        'F' => Field::DayOfWeekInMonth,

        'E' => Field::DayOfWeek,
        'u' => return Ok(Item::DayNumber(count)),
        'a' => Field::HalfOfDay,
        'H' => Field::HourOfDay,
        'k' => Field::ClockHourOfDay,
        'K' => Field::HourOfHalf,
        'h' => Field::ClockHourOfHalf,
        'm' => Field::Minute,
        's' => Field::Second,
        'S' => Field::Milli,
        'G' => return Ok(Item::Era),
        'z' | 'Z' | 'X' => return Err(PatternError::Unsupported(letter)),
        _ => return Err(PatternError::UnknownLetter(letter)),
    };
    Ok(Item::Field(field, count))
}

/// Whether the field is written as a name.
fn is_name(field: Field, letters: usize) -> bool {
    match field {
        Field::Month => letters >= 3,
        Field::DayOfWeek | Field::HalfOfDay => true,
        _ => false,
    }
}

fn write_field(field: Field, letters: usize, fields: Fields, out: &mut String) {
    let value = fields.get(field);
    if is_name(field, letters) {
        let style = if letters >= 4 { NameStyle::Full } else { NameStyle::Short };
        return out.push_str(names::name(field, style, value));
    }
    if value < 0 {
        out.push('-');
    }
    match field {
        Field::YearOfEra | Field::WeekBasedYear if letters == 2 => {
            write_padded(value.unsigned_abs() % 100, 2, out);
        }
        _ => write_padded(value.unsigned_abs(), letters, out),
    }
}
