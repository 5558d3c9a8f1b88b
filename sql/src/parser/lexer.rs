//! From text to tokens, by Flink's lexical rules: names in backticks, text in single quotes, `''` for a quote in
//! it, comments `--`, `//` and `/* */` (which do not nest), hints `/*+ … */`.

use super::error::{ParseError, ParseErrorKind};
use super::span::Span;
use super::token::{SYMBOLS, Token, TokenKind};

/// Operators of other languages, and what they are called here.
const FOREIGN: &[(&str, &str)] = &[
    ("!=", "write `<>`"),
    ("==", "write `=`"),
    ("::", "write CAST(value AS type)"),
    ("&&", "write AND"),
    ("!", "write NOT"),
];

/// The tokens of a text one by one. Behind an error it goes on with the next sign, so that a caller who only wants
/// to know where statements end can pass over it.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    /// Takes characters as long as `belongs` holds, and gives how many bytes they were.
    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.position += length;
        length
    }

    fn error(&self, kind: ParseErrorKind, start: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(kind, message, Span::new(start, self.position))
    }

    /// Passes over blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), ParseError> {
        loop {
            self.skip_while(char::is_whitespace);
            let (rest, start) = (self.rest(), self.position);
            if rest.starts_with("--") || rest.starts_with("//") {
                self.skip_while(|character| character != '\n');
            } else if rest.starts_with("/*") && !rest.starts_with("/*+") {
                let Some(length) = rest.find("*/") else {
                    self.position = self.text.len();
                    let message = "this comment is not closed: `*/` is missing";
                    return Err(ParseError::new(
                        ParseErrorKind::UnterminatedComment,
                        message,
                        Span::new(start, start + 2),
                    ));
                };
                self.position += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    /// The next token; at the end of the text [`TokenKind::End`], again and again.
    pub fn next_token(&mut self) -> Result<Token, ParseError> {
        self.skip_blanks()?;
        let start = self.position;
        let kind = self.kind(start)?;
        Ok(Token { kind, span: Span::new(start, self.position) })
    }

    fn kind(&mut self, start: usize) -> Result<TokenKind, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(TokenKind::End) };
        let second = rest.chars().nth(1);
        match (first, second) {
            ('\'', _) => {
                let value = self.quoted('\'', start)?;
                Ok(TokenKind::String { value, character_set: None })
            }
            ('`', _) => match self.quoted('`', start)? {
                name if name.is_empty() => Err(self.error(
                    ParseErrorKind::InvalidName,
                    start,
                    "a name in backticks must not be empty",
                )),
                name => Ok(TokenKind::QuotedIdentifier(name)),
            },
            ('"', _) => Err(self.double_quotes(start)),
            ('x' | 'X', Some('\'')) => self.binary(start),
            ('n' | 'N', Some('\'')) => {
                self.position += 1;
                let value = self.quoted('\'', start)?;
                Ok(TokenKind::String { value, character_set: Some("N".into()) })
            }
            ('u' | 'U', Some('&')) if rest.get(2..).is_some_and(|rest| rest.starts_with('\'')) => {
                self.position += 2;
                Ok(TokenKind::UnicodeString(self.quoted('\'', start)?))
            }
            ('_', _) if character_set(rest).is_some() => {
                let name = character_set(rest).unwrap_or_default();
                self.position += 1 + name.len();
                let value = self.quoted('\'', start)?;
                Ok(TokenKind::String { value, character_set: Some(name.into()) })
            }
            ('0'..='9', _) | ('.', Some('0'..='9')) => {
                self.number();
                Ok(TokenKind::Number)
            }
            _ if starts_word(first) => {
                self.skip_while(continues_word);
                Ok(TokenKind::Word)
            }
            _ => self.symbol(rest, start, first),
        }
    }

    fn symbol(&mut self, rest: &str, start: usize, first: char) -> Result<TokenKind, ParseError> {
        for (text, kind) in [("/*+", TokenKind::HintStart), ("*/", TokenKind::HintEnd)] {
            if rest.starts_with(text) {
                self.position += text.len();
                return Ok(kind);
            }
        }
        if let Some((operator, hint)) = FOREIGN.iter().find(|(operator, _)| rest.starts_with(operator)) {
            self.position += operator.len();
            let message = format!("`{operator}` is no operator of Flink SQL");
            return Err(self.error(ParseErrorKind::InvalidCharacter, start, message).with_hint(*hint));
        }
        if let Some((text, symbol)) = SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)) {
            self.position += text.len();
            return Ok(TokenKind::Symbol(*symbol));
        }
        self.position += first.len_utf8();
        let message = format!("the character {first:?} has no meaning here");
        let error = self.error(ParseErrorKind::InvalidCharacter, start, message);
        Err(match first {
            '‘' | '’' | '“' | '”' | '´' => {
                error.with_hint("text stands in straight single quotes: 'text'")
            }
            _ => error,
        })
    }

    /// Text from the quote that stands here to the next that is not doubled.
    fn quoted(&mut self, quote: char, start: usize) -> Result<String, ParseError> {
        let opened = self.position;
        self.position += quote.len_utf8();
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let Some(length) = rest.find(quote) else {
                self.position = self.text.len();
                let (kind, what) = match quote {
                    '`' => (ParseErrorKind::UnterminatedName, "name"),
                    _ => (ParseErrorKind::UnterminatedString, "text"),
                };
                let message = format!("this {what} is not closed: the second {quote} is missing");
                return Err(ParseError::new(kind, message, Span::new(start, opened + quote.len_utf8())));
            };
            value.push_str(rest.get(..length).unwrap_or(""));
            self.position += length + quote.len_utf8();
            if !self.rest().starts_with(quote) {
                return Ok(value);
            }
            value.push(quote);
            self.position += quote.len_utf8();
        }
    }

    fn double_quotes(&mut self, start: usize) -> ParseError {
        // Whatever is in them, a reader sees one thing; so it is passed over as one.
        let inner = match self.quoted('"', start) {
            Ok(inner) => inner,
            Err(error) => return error.with_hint("Flink SQL has no double quotes: `name`, 'text'"),
        };
        let error =
            self.error(ParseErrorKind::DoubleQuotes, start, "double quotes have no meaning in Flink SQL");
        let shown = inner.chars().take(40).collect::<String>();
        error.with_hint(format!("write `{shown}` for a name, '{shown}' for text"))
    }

    fn binary(&mut self, start: usize) -> Result<TokenKind, ParseError> {
        self.position += 1;
        let digits = self.quoted('\'', start)?;
        let hexadecimal = digits.chars().all(|digit| digit.is_ascii_hexdigit());
        if !hexadecimal || !digits.len().is_multiple_of(2) {
            let message = "a binary literal needs an even number of hexadecimal digits";
            return Err(self.error(ParseErrorKind::InvalidLiteral, start, message));
        }
        Ok(TokenKind::Binary(digits.to_ascii_uppercase()))
    }

    fn number(&mut self) {
        let digit = |character: char| character.is_ascii_digit();
        self.skip_while(digit);
        if self.rest().starts_with('.') {
            self.position += 1;
            self.skip_while(digit);
        }
        let before_exponent = self.position;
        if self.rest().starts_with(['e', 'E']) {
            self.position += 1;
            if self.rest().starts_with(['+', '-']) {
                self.position += 1;
            }
            if self.skip_while(digit) == 0 {
                self.position = before_exponent;
            }
        }
    }
}

/// The name between `_` and `'` of a text with a character set, as in `_UTF16'text'`.
fn character_set(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('_')?;
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, ':' | '.' | '-' | '_');
    let (name, behind) = rest.split_at_checked(rest.find(|character| !allowed(character))?)?;
    let valid = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    (valid && behind.starts_with('\'')).then_some(name)
}

/// Whether a name without backticks may begin so.
pub(super) fn starts_word(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '$')
}

/// Whether a name without backticks may go on so.
pub(super) fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}
