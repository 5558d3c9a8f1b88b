//! Pattern text to items.

use std::iter::Peekable;
use std::str::Chars;

use super::field::{Field, NameStyle};
use super::{Item, Number, NumberKind, PatternError};

/// The most digits that Java gives a number.
const MAX_WIDTH: usize = 19;

/// Compiles a pattern's text.
pub(super) fn compile(text: &str) -> Result<Vec<Item>, PatternError> {
    let mut compiler = Compiler { open: Vec::new(), current: Section::default() };
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            'a'..='z' | 'A'..='Z' => compiler.field(character, run(character, &mut characters))?,
            '\'' => compiler.literal(&quoted(&mut characters)?),
            '[' => compiler.open.push(std::mem::take(&mut compiler.current)),
            ']' => compiler.close()?,
            '{' | '}' | '#' => return Err(PatternError::Reserved(character)),
            other => compiler.literal(other.encode_utf8(&mut [0; 4])),
        }
    }
    // Java closes what is still open at the end.
    while !compiler.open.is_empty() {
        compiler.close()?;
    }
    Ok(compiler.current.items)
}

/// How often the letter stands here.
pub(super) fn run(letter: char, characters: &mut Peekable<Chars<'_>>) -> usize {
    let mut count = 1;
    while characters.next_if_eq(&letter).is_some() {
        count += 1;
    }
    count
}

/// Text up to the closing quote; two quotes are one.
pub(super) fn quoted(characters: &mut Peekable<Chars<'_>>) -> Result<String, PatternError> {
    let mut text = String::new();
    loop {
        match characters.next() {
            Some('\'') if characters.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') if text.is_empty() => return Ok("'".to_owned()),
            Some('\'') => return Ok(text),
            Some(character) => text.push(character),
            None => return Err(PatternError::UnclosedQuote),
        }
    }
}

/// The items of one level of brackets.
#[derive(Default)]
struct Section {
    items: Vec<Item>,
    /// Where the number stands to which others are adjacent.
    number: Option<usize>,
}

struct Compiler {
    /// The sections around the current one, from the outside.
    open: Vec<Section>,
    current: Section,
}

impl Compiler {
    fn close(&mut self) -> Result<(), PatternError> {
        let outer = self.open.pop().ok_or(PatternError::UnopenedOptional)?;
        let section = std::mem::replace(&mut self.current, outer);
        self.push(Item::Optional(section.items));
        Ok(())
    }

    fn push(&mut self, item: Item) {
        self.current.items.push(item);
        self.current.number = None;
    }

    fn literal(&mut self, text: &str) {
        self.push(Item::Literal(text.into()));
    }

    fn field(&mut self, letter: char, count: usize) -> Result<(), PatternError> {
        let limited = |most: usize| if count <= most { Ok(()) } else { Err(PatternError::TooMany(letter)) };
        let (field, most) = match letter {
            'u' => return self.year(Field::Year, letter, count),
            'y' => return self.year(Field::YearOfEra, letter, count),
            'Y' => return self.year(Field::WeekBasedYear, letter, count),
            'M' | 'L' => return self.number_or_name(Field::Month, letter, count),
            'Q' | 'q' => return self.number_or_name(Field::Quarter, letter, count),
            'E' => {
                self.push(Item::Name(Field::DayOfWeek, name_style(letter, count)?));
                return Ok(());
            }
            'a' => {
                limited(1)?;
                self.push(Item::Name(Field::HalfOfDay, NameStyle::Short));
                return Ok(());
            }
            'S' => {
                limited(9)?;
                self.number(Field::Nano, count, count, NumberKind::Fraction);
                return Ok(());
            }
            'n' => {
                limited(MAX_WIDTH)?;
                self.number(Field::Nano, count, MAX_WIDTH, NumberKind::Signed);
                return Ok(());
            }
            'w' => {
                limited(2)?;
                self.number(Field::Week, count, 2, NumberKind::Unsigned);
                return Ok(());
            }
            'D' => (Field::DayOfYear, 3),
            'd' => (Field::Day, 2),
            'H' => (Field::HourOfDay, 2),
            'k' => (Field::ClockHourOfDay, 2),
            'K' => (Field::HourOfHalf, 2),
            'h' => (Field::ClockHourOfHalf, 2),
            'm' => (Field::Minute, 2),
            's' => (Field::Second, 2),
            'G' | 'g' | 'c' | 'e' | 'F' | 'W' | 'B' | 'A' | 'N' | 'V' | 'v' | 'z' | 'O' | 'X' | 'x' | 'Z'
            | 'p' => {
                return Err(PatternError::Unsupported(letter));
            }
            _ => return Err(PatternError::UnknownLetter(letter)),
        };
        limited(most)?;
        if count == 1 {
            self.number(field, 1, MAX_WIDTH, NumberKind::Signed);
        } else {
            self.number(field, count, most, NumberKind::Unsigned);
        }
        Ok(())
    }

    fn year(&mut self, field: Field, letter: char, count: usize) -> Result<(), PatternError> {
        match count {
            2 => self.number(field, 2, 2, NumberKind::Reduced),
            1 | 3 => self.number(field, count, MAX_WIDTH, NumberKind::Signed),
            4..=MAX_WIDTH => self.number(field, count, MAX_WIDTH, NumberKind::PlusIfLonger),
            _ => return Err(PatternError::TooMany(letter)),
        }
        Ok(())
    }

    fn number_or_name(&mut self, field: Field, letter: char, count: usize) -> Result<(), PatternError> {
        match count {
            1 => self.number(field, 1, MAX_WIDTH, NumberKind::Signed),
            2 => self.number(field, 2, 2, NumberKind::Unsigned),
            _ => self.push(Item::Name(field, name_style(letter, count)?)),
        }
        Ok(())
    }

    /// Adds a number. If it has a fixed width and follows another one directly, that one leaves it its digits, as
    /// `DateTimeFormatterBuilder.appendValue` says under "adjacent value parsing".
    fn number(&mut self, field: Field, min: usize, max: usize, kind: NumberKind) {
        let has_fixed_width = min == max && !matches!(kind, NumberKind::Signed | NumberKind::PlusIfLonger);
        let base = self.current.number.and_then(|at| self.current.items.get_mut(at));
        let is_reserved_for = match base {
            Some(Item::Number(base)) if has_fixed_width => {
                base.reserved += max;
                true
            }
            // Without a width there is nothing to leave: then it takes all digits.
            Some(Item::Number(base)) => {
                base.reserved = 0;
                false
            }
            _ => false,
        };
        if !is_reserved_for {
            self.current.number = Some(self.current.items.len());
        }
        self.current.items.push(Item::Number(Number { field, min, max, kind, reserved: 0 }));
    }
}

fn name_style(letter: char, count: usize) -> Result<NameStyle, PatternError> {
    match count {
        1..=3 => Ok(NameStyle::Short),
        4 => Ok(NameStyle::Full),
        5 => Ok(NameStyle::Narrow),
        _ => Err(PatternError::TooMany(letter)),
    }
}
