//! The pieces of a format, and values in them.

mod float;

use self::float::{exponential, fixed};
use super::Value;

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FormatError {
    Invalid,
    /// The conversion.
    Unsupported(String),
}

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Value(Spec),
}

/// `%[index$][flags][width][.precision]conversion`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    /// Which value, from 0 on.
    index: usize,
    flags: Flags,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    left: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    group: bool,
    parentheses: bool,
    alternate: bool,
}

/// Takes a format apart.
pub(super) fn parse(format: &str) -> Result<Vec<Piece>, FormatError> {
    let mut pieces = Vec::new();
    let mut next_index = 0;
    let mut rest = format;
    while let Some(place) = rest.find('%') {
        let (text, from) = rest.split_at(place);
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        let mut reader = Reader { rest: from.get(1..).unwrap_or_default() };
        match reader.spec(&mut next_index)? {
            Some(spec) => pieces.push(Piece::Value(spec)),
            None => pieces.push(Piece::Text("\n".to_owned())),
        }
        rest = reader.rest;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<usize> {
        let end = self.rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let number = digits.parse().ok()?;
        self.rest = rest;
        Some(number)
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    /// `None` for the end of a line.
    fn spec(&mut self, next_index: &mut usize) -> Result<Option<Spec>, FormatError> {
        let begin = self.rest;
        let mut explicit = None;
        match self.number() {
            Some(number) if self.rest.starts_with('$') => {
                self.next();
                explicit = Some(number.checked_sub(1).ok_or(FormatError::Invalid)?);
            }
            _ => self.rest = begin,
        }
        let mut flags = Flags::default();
        loop {
            let flag = match self.rest.chars().next() {
                Some('-') => &mut flags.left,
                Some('+') => &mut flags.plus,
                Some(' ') => &mut flags.blank,
                Some('0') => &mut flags.zero,
                Some(',') => &mut flags.group,
                Some('(') => &mut flags.parentheses,
                Some('#') => &mut flags.alternate,
                _ => break,
            };
            if std::mem::replace(flag, true) {
                return Err(FormatError::Invalid);
            }
            self.next();
        }
        let width = self.number();
        let precision = match self.rest.strip_prefix('.') {
            Some(rest) => {
                self.rest = rest;
                Some(self.number().ok_or(FormatError::Invalid)?)
            }
            None => None,
        };
        let conversion = self.next().ok_or(FormatError::Invalid)?;
        let contradicts = flags.plus && flags.blank || flags.left && flags.zero;
        if contradicts || (flags.left || flags.zero) && width.is_none() {
            return Err(FormatError::Invalid);
        }
        let width = width.unwrap_or_default();
        match conversion {
            'n' => return Ok(None),
            '%' | 's' | 'S' | 'b' | 'B' | 'c' | 'C' | 'd' | 'x' | 'X' | 'o' | 'e' | 'E' | 'f' => {}
            'g' | 'G' | 'a' | 'A' | 'h' | 'H' | 't' | 'T' => {
                return Err(FormatError::Unsupported(format!("%{conversion}")));
            }
            _ => return Err(FormatError::Invalid),
        }
        let index = match explicit {
            Some(index) => index,
            None if conversion == '%' => 0,
            None => {
                *next_index += 1;
                *next_index - 1
            }
        };
        Ok(Some(Spec { index, flags, width, precision, conversion }))
    }
}

/// Appends the values in the format; `None` if one does not fit.
pub(super) fn write(pieces: &[Piece], values: &[Value], out: &mut String) -> Option<()> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(spec) if spec.conversion == '%' => spec.pad("%", out),
            Piece::Value(spec) => spec.write(values.get(spec.index)?, out)?,
        }
    }
    Some(())
}

impl Spec {
    fn write(&self, value: &Value, out: &mut String) -> Option<()> {
        match self.conversion {
            's' | 'S' | 'b' | 'B' => {
                let text = match (self.conversion.to_ascii_lowercase(), value) {
                    ('b', Value::Null) => "false".to_owned(),
                    ('b', Value::Boolean(value)) => value.to_string(),
                    ('b', _) => "true".to_owned(),
                    _ => value.text(),
                };
                self.write_text(&text, out);
                Some(())
            }
            _ if *value == Value::Null => {
                self.write_text("null", out);
                Some(())
            }
            'c' | 'C' => match value {
                Value::Integer(code, bits) if *bits <= 32 => {
                    let character = char::from_u32(u32::try_from(*code).ok()?)?;
                    self.write_text(&character.to_string(), out);
                    Some(())
                }
                _ => None,
            },
            'd' => {
                let Value::Integer(value, _) = value else { return None };
                let digits = value.unsigned_abs().to_string();
                self.write_number(*value < 0, &digits, "", out)
            }
            'x' | 'X' | 'o' => {
                let Value::Integer(value, bits) = value else { return None };
                // Negative numbers are those of their type's bits.
                let mask = u64::MAX >> (64 - bits);
                let bits = value.cast_unsigned() & mask;
                let text = if self.conversion == 'o' { format!("{bits:o}") } else { format!("{bits:x}") };
                let missing = if self.flags.zero { self.width.saturating_sub(text.len()) } else { 0 };
                self.write_text(&("0".repeat(missing) + &text), out);
                Some(())
            }
            'e' | 'E' | 'f' => {
                let Value::Float(value) = value else { return None };
                if !value.is_finite() {
                    let text = if value.is_nan() {
                        "NaN"
                    } else if *value < 0.0 {
                        "-Infinity"
                    } else {
                        "Infinity"
                    };
                    self.write_text(text, out);
                    return Some(());
                }
                let precision = self.precision.unwrap_or(6);
                let negative = value.is_sign_negative();
                if self.conversion == 'f' {
                    let text = fixed(value.abs(), precision);
                    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
                    return self.write_number(negative, whole, fraction, out);
                }
                let text = exponential(value.abs(), precision);
                self.write_number(negative, &text, "", out)
            }
            _ => None,
        }
    }

    /// A text, cut to the precision.
    fn write_text(&self, text: &str, out: &mut String) {
        let cut: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        if self.conversion.is_ascii_uppercase() {
            self.pad(&cut.to_uppercase(), out)
        } else {
            self.pad(&cut, out)
        }
    }

    /// A number with its sign, zeros and commas.
    fn write_number(&self, negative: bool, whole: &str, fraction: &str, out: &mut String) -> Option<()> {
        let mut body = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if self.flags.group && index > 0 && (whole.len() - index).is_multiple_of(3) {
                body.push(',');
            }
            body.push(digit);
        }
        body.push_str(fraction);
        let (before, after) = match (negative, self.flags) {
            (true, Flags { parentheses: true, .. }) => ("(", ")"),
            (true, _) => ("-", ""),
            (false, Flags { plus: true, .. }) => ("+", ""),
            (false, Flags { blank: true, .. }) => (" ", ""),
            _ => ("", ""),
        };
        let length = before.len() + body.len() + after.len();
        let zeros = if self.flags.zero { self.width.saturating_sub(length) } else { 0 };
        let text = format!("{before}{}{body}{after}", "0".repeat(zeros));
        if self.conversion.is_ascii_uppercase() {
            self.pad(&text.to_uppercase(), out)
        } else {
            self.pad(&text, out)
        }
        Some(())
    }

    fn pad(&self, text: &str, out: &mut String) {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.flags.left {
            out.push_str(text);
        }
        (0..missing).for_each(|_| out.push(' '));
        if !self.flags.left {
            out.push_str(text);
        }
    }
}
