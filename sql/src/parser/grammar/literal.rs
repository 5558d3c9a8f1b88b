//! Constants, intervals and units of time.

use crate::parser::ast::{Expression, ExpressionKind, IntervalQualifier, Literal, TimeUnit};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::error::{ParseError, ParseErrorKind};
use crate::parser::span::Span;
use crate::parser::token::{Symbol, TokenKind};

/// The units that an interval can have.
const INTERVAL_UNITS: &[(&str, TimeUnit)] = &[
    ("YEAR", TimeUnit::Year),
    ("QUARTER", TimeUnit::Quarter),
    ("MONTH", TimeUnit::Month),
    ("WEEK", TimeUnit::Week),
    ("DAY", TimeUnit::Day),
    ("HOUR", TimeUnit::Hour),
    ("MINUTE", TimeUnit::Minute),
    ("SECOND", TimeUnit::Second),
];

/// The units that only functions take, and other names of the units above.
const FUNCTION_UNITS: &[(&str, TimeUnit)] = &[
    ("MILLISECOND", TimeUnit::Millisecond),
    ("MICROSECOND", TimeUnit::Microsecond),
    ("NANOSECOND", TimeUnit::Nanosecond),
    ("EPOCH", TimeUnit::Epoch),
    ("DOW", TimeUnit::DayOfWeek),
    ("DOY", TimeUnit::DayOfYear),
    ("ISODOW", TimeUnit::IsoDayOfWeek),
    ("ISOYEAR", TimeUnit::IsoYear),
    ("DECADE", TimeUnit::Decade),
    ("CENTURY", TimeUnit::Century),
    ("MILLENNIUM", TimeUnit::Millennium),
    ("DAYOFWEEK", TimeUnit::DayOfWeek),
    ("DAYOFYEAR", TimeUnit::DayOfYear),
    ("SQL_TSI_YEAR", TimeUnit::Year),
    ("SQL_TSI_QUARTER", TimeUnit::Quarter),
    ("SQL_TSI_MONTH", TimeUnit::Month),
    ("SQL_TSI_WEEK", TimeUnit::Week),
    ("SQL_TSI_DAY", TimeUnit::Day),
    ("SQL_TSI_HOUR", TimeUnit::Hour),
    ("SQL_TSI_MINUTE", TimeUnit::Minute),
    ("SQL_TSI_SECOND", TimeUnit::Second),
    ("SQL_TSI_FRAC_SECOND", TimeUnit::Nanosecond),
    ("SQL_TSI_MICROSECOND", TimeUnit::Microsecond),
    ("FRAC_SECOND", TimeUnit::Nanosecond),
];

impl TimeUnit {
    /// The keyword that is printed for it.
    pub(in crate::parser) fn keyword(self) -> &'static str {
        let mut units = INTERVAL_UNITS.iter().chain(FUNCTION_UNITS);
        units.find(|(_, unit)| *unit == self).map_or("", |(keyword, _)| *keyword)
    }
}

impl Parser<'_> {
    /// A constant where the grammar wants no other expression; numbers may have a sign there.
    pub fn constant(&mut self) -> Parsed<Literal> {
        let negative = match self.kind_at(0) {
            TokenKind::Symbol(Symbol::Minus) => true,
            TokenKind::Symbol(Symbol::Plus) => false,
            _ => {
                return match self.literal()? {
                    Some(literal) => Ok(literal),
                    None => self.unexpected("a constant"),
                };
            }
        };
        self.advance();
        let number = self.number("a number behind the sign")?;
        Ok(Literal::Number(if negative { format!("-{number}") } else { number }))
    }

    /// A constant if one is next.
    pub fn literal(&mut self) -> Parsed<Option<Literal>> {
        let literal = match self.kind_at(0) {
            TokenKind::Number => Literal::Number(self.number("a number")?),
            TokenKind::String { .. } => self.text_literal(),
            TokenKind::UnicodeString(_) => self.unicode_literal()?,
            TokenKind::Binary(_) => self.binary_literal(),
            TokenKind::Word => return self.word_literal(),
            _ => return Ok(None),
        };
        Ok(Some(literal))
    }

    fn word_literal(&mut self) -> Parsed<Option<Literal>> {
        let text_at = |ahead| matches!(self.kind_at(ahead), TokenKind::String { .. });
        let literal = match self.which(&["NULL", "TRUE", "FALSE", "UNKNOWN", "DATE", "TIME", "TIMESTAMP"]) {
            Some("NULL") => Literal::Null,
            Some("TRUE") => Literal::Boolean(true),
            Some("FALSE") => Literal::Boolean(false),
            Some("UNKNOWN") => Literal::Unknown,
            Some("DATE") if text_at(1) => return self.time_literal(1, Literal::Date),
            Some("TIME") if text_at(1) => return self.time_literal(1, Literal::Time),
            Some("TIMESTAMP") if text_at(1) => return self.time_literal(1, Literal::Timestamp),
            Some("TIMESTAMP") if self.at(&["TIMESTAMP", "WITH", "LOCAL", "TIME", "ZONE"]) => {
                return self.time_literal(5, Literal::TimestampWithLocalTimeZone);
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(literal))
    }

    fn time_literal(&mut self, keywords: usize, make: fn(String) -> Literal) -> Parsed<Option<Literal>> {
        for _ in 0..keywords {
            self.advance();
        }
        Ok(Some(make(self.string("a date or time")?.value)))
    }

    /// Text, and the texts behind it that go on with it: `'a' 'b'` is `'ab'`.
    fn text_literal(&mut self) -> Literal {
        let (mut whole, mut set) = (String::new(), None);
        let mut first = true;
        while let TokenKind::String { value, character_set } = self.kind_at(0) {
            if !first && character_set.is_some() {
                break;
            }
            whole.push_str(value);
            if first {
                set.clone_from(character_set);
            }
            first = false;
            self.advance();
        }
        Literal::String { value: whole, character_set: set }
    }

    fn binary_literal(&mut self) -> Literal {
        let mut whole = String::new();
        while let TokenKind::Binary(digits) = self.kind_at(0) {
            whole.push_str(digits);
            self.advance();
        }
        Literal::Binary(whole)
    }

    fn unicode_literal(&mut self) -> Parsed<Literal> {
        let TokenKind::UnicodeString(text) = self.kind_at(0) else { return self.unexpected("text") };
        let text = text.clone();
        let span = self.advance();
        let mut escape = '\\';
        if self.eat(&["UESCAPE"]) {
            let place = self.span();
            let given = self.string("an escape character")?.value;
            let mut characters = given.chars();
            escape = match (characters.next(), characters.next()) {
                (Some(character), None) if !character.is_ascii_hexdigit() && !"+'\" ".contains(character) => {
                    character
                }
                _ => {
                    let message =
                        "UESCAPE takes one character that is no hexadecimal digit, sign, quote or blank";
                    return Err(ParseError::new(ParseErrorKind::InvalidLiteral, message, place));
                }
            };
        }
        match unescape(&text, escape) {
            Some(value) => Ok(Literal::String { value, character_set: None }),
            None => {
                let message = format!("{escape} must be followed by four hexadecimal digits of a character");
                Err(ParseError::new(ParseErrorKind::InvalidLiteral, message, span))
            }
        }
    }

    /// `INTERVAL [-] value unit`, from the INTERVAL on.
    pub fn interval(&mut self) -> Parsed<Expression> {
        let start = self.span();
        self.expect(&["INTERVAL"])?;
        let negative = !self.eat_symbol(Symbol::Plus) && self.eat_symbol(Symbol::Minus);
        let place = self.span();
        let value = match self.kind_at(0) {
            TokenKind::String { .. } => {
                let value = self.string("a value")?.value;
                let literal = Literal::String { value, character_set: None };
                self.expression_since(place, ExpressionKind::Literal(literal))
            }
            TokenKind::Number => {
                let number = Literal::Number(self.number("a number")?);
                self.expression_since(place, ExpressionKind::Literal(number))
            }
            TokenKind::Symbol(Symbol::LeftParenthesis) => self.parenthesized(Self::expression)?,
            _ if self.name_at(0) => {
                let name = self.object_name("a column")?;
                self.expression_since(place, ExpressionKind::Column(name))
            }
            _ => return self.unexpected("a value in single quotes, as in INTERVAL '1' DAY"),
        };
        let qualifier = self.interval_qualifier()?;
        self.wrap()?;
        let kind = ExpressionKind::Interval { negative, value: Box::new(value), qualifier };
        Ok(self.expression_since(start, kind))
    }

    /// `DAY(2) TO SECOND(3)`
    pub fn interval_qualifier(&mut self) -> Parsed<IntervalQualifier> {
        let start = self.interval_unit()?;
        let (mut precision, mut fraction) = (None, None);
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            (precision, fraction) = self.parenthesized(|parser| {
                let precision = parser.whole_number("a precision")?;
                let second = start == TimeUnit::Second && parser.eat_symbol(Symbol::Comma);
                let fraction = second.then(|| parser.whole_number("a precision")).transpose()?;
                Ok((Some(precision), fraction))
            })?;
        }
        if !self.eat(&["TO"]) {
            return Ok(IntervalQualifier { start, precision, end: None, fraction });
        }
        let place = self.span();
        let end = self.interval_unit()?;
        if !follows(start, end) {
            let message = format!("an interval cannot go from {} to {}", start.keyword(), end.keyword());
            return self.invalid(place, message);
        }
        if end == TimeUnit::Second && self.symbol_at(0, Symbol::LeftParenthesis) {
            fraction = Some(self.parenthesized(|parser| parser.whole_number("a precision"))?);
        }
        Ok(IntervalQualifier { start, precision, end: Some(end), fraction })
    }

    /// A unit, in the singular or the plural: `INTERVAL '10' MINUTES`.
    fn interval_unit(&mut self) -> Parsed<TimeUnit> {
        let word = self.word_at(0).unwrap_or("");
        let singular = word.strip_suffix(['s', 'S']).unwrap_or(word);
        for (keyword, unit) in INTERVAL_UNITS {
            if singular.eq_ignore_ascii_case(keyword) {
                self.advance();
                return Ok(*unit);
            }
        }
        self.unexpected("a unit: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND")
    }

    /// A unit of a function.
    pub fn time_unit(&mut self) -> Parsed<TimeUnit> {
        for (keyword, unit) in INTERVAL_UNITS.iter().chain(FUNCTION_UNITS) {
            if self.eat(&[keyword]) {
                return Ok(*unit);
            }
        }
        self.unexpected("a unit of time, as DAY or HOUR")
    }

    /// An expression that began at `start` and ends with the last token taken.
    pub fn expression_since(&self, start: Span, kind: ExpressionKind) -> Expression {
        Expression { kind, span: self.since(start).into() }
    }
}

/// Whether an interval may go from one unit to the other.
fn follows(start: TimeUnit, end: TimeUnit) -> bool {
    use TimeUnit::{Day, Hour, Minute, Month, Second, Year};
    matches!(
        (start, end),
        (Year, Month) | (Day, Hour | Minute | Second) | (Hour, Minute | Second) | (Minute, Second)
    )
}

/// Replaces `\0041` by its character and `\\` by `\`. None if an escape is no character.
fn unescape(text: &str, escape: char) -> Option<String> {
    let mut units = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let mut unit = [0; 2];
        if character != escape {
            units.extend_from_slice(character.encode_utf16(&mut unit));
        } else if rest.as_str().starts_with(escape) {
            rest.next();
            units.extend_from_slice(character.encode_utf16(&mut unit));
        } else {
            let (digits, behind) = rest.as_str().split_at_checked(4)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            units.push(u16::from_str_radix(digits, 16).ok()?);
            rest = behind.chars();
        }
    }
    String::from_utf16(&units).ok()
}
