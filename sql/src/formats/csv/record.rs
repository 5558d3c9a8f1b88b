//! The fields of a row, and where a row ends whose fields may contain newlines.

use super::Dialect;

/// Why a row is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordError {
    /// A quote was opened and not closed.
    Unclosed,
    /// Something stands between the closing quote and the delimiter.
    BehindQuote,
}

impl RecordError {
    pub(super) const fn problem(self) -> &'static str {
        match self {
            Self::Unclosed => "a quote is not closed",
            Self::BehindQuote => "there is text between a closing quote and the delimiter",
        }
    }
}

/// The fields of a row, kept for its memory.
#[derive(Default)]
pub(super) struct Record {
    /// The fields' text, without quotes and escapes, one behind the other.
    text: String,
    ends: Vec<usize>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.text.get(start..*self.ends.get(index)?)
    }

    /// Takes a row apart, which comes without its line end.
    pub(super) fn split(&mut self, row: &str, dialect: Dialect) -> Result<(), RecordError> {
        self.text.clear();
        self.ends.clear();
        let mut rest = row;
        loop {
            // Blanks in front of a quote do not make it text, as in Jackson.
            let opened = dialect.quote.and_then(|quote| {
                let inside = dialect.trimmed(rest).strip_prefix(char::from(quote))?;
                Some((quote, inside))
            });
            let more = match opened {
                Some((quote, inside)) => self.quoted(inside, quote, dialect)?,
                None => self.plain(rest, dialect),
            };
            self.ends.push(self.text.len());
            match more {
                Some(more) => rest = more,
                None => return Ok(()),
            }
        }
    }

    /// Takes a field without quotes; what follows the delimiter, if there is one.
    fn plain<'a>(&mut self, mut rest: &'a str, dialect: Dialect) -> Option<&'a str> {
        loop {
            let stop =
                rest.bytes().position(|byte| byte == dialect.delimiter || Some(byte) == dialect.escape);
            let Some(stop) = stop else {
                self.text.push_str(rest);
                return None;
            };
            let (head, tail) = rest.split_at_checked(stop)?;
            self.text.push_str(head);
            let mut behind = tail.chars();
            if behind.next().is_some_and(|found| found == char::from(dialect.delimiter)) {
                return Some(behind.as_str());
            }
            if let Some(escaped) = behind.next() {
                self.text.push(unescaped(escaped));
            }
            rest = behind.as_str();
        }
    }

    fn quoted<'a>(
        &mut self,
        mut rest: &'a str,
        quote: u8,
        dialect: Dialect,
    ) -> Result<Option<&'a str>, RecordError> {
        loop {
            let stop = rest.bytes().position(|byte| byte == quote || Some(byte) == dialect.escape);
            let (head, tail) =
                stop.and_then(|stop| rest.split_at_checked(stop)).ok_or(RecordError::Unclosed)?;
            self.text.push_str(head);
            let mut behind = tail.chars();
            let is_quote = behind.next().is_some_and(|found| found == char::from(quote));
            rest = behind.as_str();
            if !is_quote || dialect.escape == Some(quote) && rest.starts_with(char::from(quote)) {
                let mut behind = rest.chars();
                self.text.push(behind.next().map_or_else(|| '\\', unescaped));
                rest = behind.as_str();
            } else if let Some(more) = rest.strip_prefix(char::from(quote)) {
                self.text.push(char::from(quote));
                rest = more;
            } else {
                let behind = dialect.trimmed(rest);
                return match behind.strip_prefix(char::from(dialect.delimiter)) {
                    Some(more) => Ok(Some(more)),
                    None if behind.is_empty() => Ok(None),
                    None => Err(RecordError::BehindQuote),
                };
            }
        }
    }
}

impl Dialect {
    /// Without the blanks in front, unless they are delimiters.
    fn trimmed(self, text: &str) -> &str {
        if self.delimiter == b' ' { text } else { text.trim_start_matches(' ') }
    }
}

/// What a character means behind the escape character.
const fn unescaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        other => other,
    }
}

/// The length of the first row including its line end; `None` if it does not end in `bytes`. Quotes mean here what they
/// mean to [`Record::split`].
pub(super) fn quoted_row_length(bytes: &[u8], quote: u8, dialect: Dialect) -> Option<usize> {
    let (mut starts, mut inside, mut escaped) = (true, false, false);
    for (at, byte) in bytes.iter().copied().enumerate() {
        if escaped {
            escaped = false;
        } else if Some(byte) == dialect.escape && byte != quote {
            (starts, escaped) = (false, true);
        } else if inside {
            // A doubled quote closes and opens again, which comes to the same.
            inside = byte != quote;
            starts = !inside;
        } else if byte == b'\n' {
            return Some(at + 1);
        } else if byte == quote && starts {
            inside = true;
        } else {
            starts = byte == dialect.delimiter || byte == b' ' && starts;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), escape: None };
    const ESCAPED: Dialect = Dialect { escape: Some(b'\\'), ..USUAL };

    fn split(row: &str, dialect: Dialect) -> Result<Vec<String>, RecordError> {
        let mut record = Record::default();
        record.split(row, dialect)?;
        Ok((0..record.len()).map(|index| record.get(index).unwrap().to_owned()).collect())
    }

    #[test]
    fn rows_are_taken_apart() {
        let bare = Dialect { quote: None, ..USUAL };
        let cases: [(&str, Dialect, &[&str]); 13] = [
            ("", USUAL, &[""]),
            ("a,b", USUAL, &["a", "b"]),
            (",", USUAL, &["", ""]),
            ("\"a,b\",c", USUAL, &["a,b", "c"]),
            ("\"a\"\"b\"", USUAL, &["a\"b"]),
            ("\"\",\"\"", USUAL, &["", ""]),
            ("\"a\nb\", c ", USUAL, &["a\nb", " c "]),
            ("a\"b,c", USUAL, &["a\"b", "c"]),
            ("  \"a\" ,b", USUAL, &["a", "b"]),
            ("\"a,b\"", bare, &["\"a", "b\""]),
            ("a\\,b,c", ESCAPED, &["a,b", "c"]),
            ("\"a\\\"b\",c", ESCAPED, &["a\"b", "c"]),
            ("a|b", Dialect { delimiter: b'|', ..USUAL }, &["a", "b"]),
        ];
        for (row, dialect, fields) in cases {
            assert_eq!(
                split(row, dialect),
                Ok(fields.iter().map(|field| (*field).to_owned()).collect()),
                "{row}"
            );
        }
    }

    #[test]
    fn quotes_must_be_closed_before_the_delimiter() {
        assert_eq!(split("\"a", USUAL), Err(RecordError::Unclosed));
        assert_eq!(split("a,\"b\"\"", USUAL), Err(RecordError::Unclosed));
        assert_eq!(split("\"a\"b", USUAL), Err(RecordError::BehindQuote));
        assert_eq!(split("\"a\\\"", ESCAPED), Err(RecordError::Unclosed));
    }

    #[test]
    fn a_row_ends_at_a_newline_outside_of_quotes() {
        let cases = [
            ("a,b\nc", Some(4)),
            ("\"a\nb\",c\nd", Some(8)),
            ("a\"b\nc\"\n", Some(4)),
            ("\"a\"\"\nb\"\nc", Some(8)),
            ("x, \"a\nb\"\n", Some(9)),
            ("\"a\n", None),
            ("abc", None),
        ];
        for (bytes, length) in cases {
            assert_eq!(quoted_row_length(bytes.as_bytes(), b'"', USUAL), length, "{bytes:?}");
        }
        assert_eq!(quoted_row_length(b"\"a\\\"\nb\"\n", b'"', ESCAPED), Some(8));
    }
}
