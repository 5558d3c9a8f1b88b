//! Reads JSON, as Jackson does: strictly, and only the first value of a text.

use super::number::big_decimal;
use super::value::Json;

/// How many arrays and objects may stand in one another; Jackson's limit.
const DEPTH: usize = 1000;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonError {
    pub(super) message: &'static str,
    /// In bytes from the beginning.
    pub(super) place: usize,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParseException: {} at byte {}",
            self.message, self.place
        )
    }
}

type Parsed<T> = Result<T, JsonError>;

/// The first value of a text.
pub(super) fn parse(text: &str) -> Parsed<Json> {
    let mut parser = Parser { text, place: 0 };
    let value = parser.value(0)?;
    // A word or number at the top ends with a blank or the text.
    if matches!(value, Json::Null | Json::Boolean(_) | Json::Integer(_) | Json::Decimal(_))
        && parser.peek().is_some_and(|next| !next.is_ascii_whitespace())
    {
        return parser.fail("a value goes on where it should end");
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    place: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn fail<T>(&self, message: &'static str) -> Parsed<T> {
        Err(JsonError { message, place: self.place })
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.place += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.place += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Parsed<Json> {
        self.blanks();
        if depth > DEPTH {
            return self.fail("more than 1000 arrays and objects in one another");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Boolean(true)),
            Some(b'f') => self.word("false", Json::Boolean(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => self.fail("a value was expected"),
            None => self.fail("the text ends where a value was expected"),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Parsed<Json> {
        let rest = self.text.get(self.place..).unwrap_or_default();
        let goes_on = |rest: &str| rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        match rest.strip_prefix(word) {
            Some(behind) if !goes_on(behind) => {
                self.place += word.len();
                Ok(value)
            }
            _ => self.fail("an unknown word"),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.place;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.place += 1;
        }
        self.place - start
    }

    fn number(&mut self) -> Parsed<Json> {
        let start = self.place;
        self.eat(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || leading_zero && whole > 1 {
            return self.fail("a number without digits, or with a zero in front");
        }
        let mut is_integer = true;
        if self.eat(b'.') {
            is_integer = false;
            if self.digits() == 0 {
                return self.fail("a point without digits behind it");
            }
        }
        if self.eat(b'e') || self.eat(b'E') {
            is_integer = false;
            if !self.eat(b'-') {
                self.eat(b'+');
            }
            if self.digits() == 0 {
                return self.fail("an exponent without digits");
            }
        }
        let text = self.text.get(start..self.place).unwrap_or_default();
        if is_integer {
            return Ok(Json::Integer(if text == "-0" { "0" } else { text }.to_owned()));
        }
        match big_decimal(text) {
            Some(decimal) => Ok(Json::Decimal(decimal)),
            None => self.fail("an exponent that is out of range"),
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.place += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.place..).unwrap_or_default();
            let plain = rest.find(|next: char| next == '"' || next == '\\' || next < ' ');
            let Some(plain) = plain else {
                self.place = self.text.len();
                return self.fail("a text without a quote at its end");
            };
            out.push_str(rest.get(..plain).unwrap_or_default());
            self.place += plain;
            if self.eat(b'"') {
                return Ok(out);
            }
            if !self.eat(b'\\') {
                return self.fail("a control character in a text");
            }
            self.escape(&mut out)?;
        }
    }

    fn escape(&mut self, out: &mut String) -> Parsed<()> {
        let Some(kind) = self.peek() else { return self.fail("the text ends behind a backslash") };
        self.place += 1;
        out.push(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(out),
            _ => return self.fail("an unknown escape"),
        });
        Ok(())
    }

    fn unit(&mut self) -> Parsed<u16> {
        let digits = self.text.get(self.place..self.place + 4);
        match digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            Some(digits) => {
                self.place += 4;
                u16::from_str_radix(digits, 16).or_else(|_| self.fail("an escape that is none"))
            }
            None => self.fail("an escape without four hexadecimal digits"),
        }
    }

    /// Two halves of a character follow one another; one alone becomes U+FFFD.
    fn unicode(&mut self, out: &mut String) -> Parsed<()> {
        let mut units = vec![self.unit()?];
        while matches!(units.last(), Some(0xD800..=0xDBFF))
            && self.text.get(self.place..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            self.place += 2;
            units.push(self.unit()?);
        }
        out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Parsed<Json> {
        self.place += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.eat(b']') {
                return Ok(Json::Array(items));
            }
            if !self.eat(b',') {
                return self.fail("a comma or ] was expected");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Json> {
        self.place += 1;
        let mut fields: Vec<(String, Json)> = Vec::new();
        self.blanks();
        if self.eat(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return self.fail("a key in quotes was expected");
            }
            let key = self.string()?;
            self.blanks();
            if !self.eat(b':') {
                return self.fail("a colon was expected");
            }
            let value = self.value(depth + 1)?;
            // Of equal keys, the last counts, at the place of the first.
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => fields.push((key, value)),
            }
            self.blanks();
            if self.eat(b'}') {
                return Ok(Json::Object(fields));
            }
            if !self.eat(b',') {
                return self.fail("a comma or } was expected");
            }
        }
    }
}

#[cfg(test)]
mod tests;
