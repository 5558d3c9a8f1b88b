//! Names, texts, options, numbers.

use crate::parser::ast::{Identifier, Literal, ObjectName, SqlOption, StringLiteral};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::error::{ParseError, ParseErrorKind};
use crate::parser::keywords;
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// Whether the token `ahead` tokens from here can be a name.
    pub fn name_at(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            TokenKind::QuotedIdentifier(_) => true,
            TokenKind::Word => self.word_at(ahead).is_some_and(|word| !keywords::is_reserved(word)),
            _ => false,
        }
    }

    /// A name of one part; `what` it names is said when it is missing.
    pub fn identifier(&mut self, what: &str) -> Parsed<Identifier> {
        if !self.name_at(0) {
            return Err(self.missing_name(what));
        }
        Ok(self.any_word())
    }

    /// The next token as a name, also if it is a reserved word.
    pub fn any_word(&mut self) -> Identifier {
        let quoted = match self.kind_at(0) {
            TokenKind::QuotedIdentifier(name) => Some(name.clone()),
            _ => None,
        };
        let span = self.advance();
        let name = quoted.unwrap_or_else(|| self.text_of(span).to_owned());
        Identifier { name, span: span.into() }
    }

    /// A name of one or more parts.
    pub fn object_name(&mut self, what: &str) -> Parsed<ObjectName> {
        let start = self.span();
        let mut parts = vec![self.identifier(what)?];
        while self.eat_symbol(Symbol::Dot) {
            parts.push(self.identifier("a name behind the dot")?);
        }
        Ok(ObjectName { parts, span: self.since(start).into() })
    }

    /// `(name, …)`
    pub fn identifiers(&mut self, what: &str) -> Parsed<Vec<Identifier>> {
        self.parenthesized(|parser| parser.comma_separated(|parser| parser.identifier(what)))
    }

    /// `(name, …)` if a parenthesis is next.
    pub fn optional_identifiers(&mut self, what: &str) -> Parsed<Vec<Identifier>> {
        if self.symbol_at(0, Symbol::LeftParenthesis) { self.identifiers(what) } else { Ok(Vec::new()) }
    }

    /// Text in single quotes.
    pub fn string(&mut self, what: &str) -> Parsed<StringLiteral> {
        let TokenKind::String { value, character_set: None } = self.kind_at(0) else {
            let error = self.mistake(&format!("{what} in single quotes"));
            return Err(match self.kind_at(0) {
                TokenKind::Word | TokenKind::QuotedIdentifier(_) if error.hint().is_none() => {
                    error.with_hint("text stands in single quotes: 'text'")
                }
                _ => error,
            });
        };
        let value = value.clone();
        Ok(StringLiteral { value, span: self.advance().into() })
    }

    /// `COMMENT 'text'` if it is next.
    pub fn comment(&mut self) -> Parsed<Option<StringLiteral>> {
        if self.eat(&["COMMENT"]) { self.string("a comment").map(Some) } else { Ok(None) }
    }

    /// `('key' = 'value', …)`, or nothing in the parentheses.
    pub fn options(&mut self) -> Parsed<Vec<SqlOption>> {
        self.parenthesized(|parser| {
            if parser.symbol_at(0, Symbol::RightParenthesis) {
                return Ok(Vec::new());
            }
            parser.comma_separated(Self::option)
        })
    }

    /// `'key' = 'value'`
    pub fn option(&mut self) -> Parsed<SqlOption> {
        let start = self.span();
        let key = self.string("a key")?;
        self.expect_symbol(Symbol::Equal)?;
        let value = self.string("a value")?;
        Ok(SqlOption { key, value, span: self.since(start).into() })
    }

    /// `WITH (…)` if it is next.
    pub fn with_options(&mut self) -> Parsed<Vec<SqlOption>> {
        if self.eat(&["WITH"]) { self.options() } else { Ok(Vec::new()) }
    }

    /// `('key', …)`
    pub fn option_keys(&mut self) -> Parsed<Vec<StringLiteral>> {
        self.parenthesized(|parser| {
            if parser.symbol_at(0, Symbol::RightParenthesis) {
                return Ok(Vec::new());
            }
            parser.comma_separated(|parser| parser.string("a key"))
        })
    }

    /// `(column = value, …)`, behind PARTITION.
    pub fn partition_values(&mut self) -> Parsed<Vec<(Identifier, Literal)>> {
        self.parenthesized(|parser| {
            parser.comma_separated(|parser| {
                let column = parser.identifier("a partition column")?;
                parser.expect_symbol(Symbol::Equal)?;
                Ok((column, parser.constant()?))
            })
        })
    }

    /// An unsigned number as it is written.
    pub fn number(&mut self, what: &str) -> Parsed<String> {
        if *self.kind_at(0) != TokenKind::Number {
            return self.unexpected(what);
        }
        let span = self.advance();
        Ok(self.text_of(span).to_owned())
    }

    /// An unsigned whole number.
    pub fn whole_number(&mut self, what: &str) -> Parsed<u32> {
        let span = self.span();
        let number = self.number(what)?;
        number.parse().map_err(|_| {
            let message = format!("expected {what}, a whole number up to {}, found `{number}`", u32::MAX);
            ParseError::new(ParseErrorKind::InvalidLiteral, message, span)
        })
    }

    /// `IF NOT EXISTS`
    pub fn if_not_exists(&mut self) -> bool {
        self.eat(&["IF", "NOT", "EXISTS"])
    }

    /// `IF EXISTS`
    pub fn if_exists(&mut self) -> bool {
        self.eat(&["IF", "EXISTS"])
    }
}
