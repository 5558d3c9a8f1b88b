//! Constructors of rows, arrays, maps and multisets.

use crate::parser::ast::{Expression, ExpressionKind, Query};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::error::{ParseError, ParseErrorKind};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// A constructor, if one is next.
    pub fn collection(&mut self) -> Parsed<Option<ExpressionKind>> {
        let brackets = self.symbol_at(1, Symbol::LeftBracket);
        let parentheses = self.symbol_at(1, Symbol::LeftParenthesis);
        let kind = match self.which(&["ROW", "ARRAY", "MULTISET", "MAP"]) {
            Some("ROW") if parentheses => {
                self.advance();
                ExpressionKind::Row(self.row_values()?)
            }
            Some("ARRAY") if brackets => ExpressionKind::Array(self.items()?),
            Some("ARRAY") if parentheses => ExpressionKind::ArrayQuery(self.query_of_constructor()?),
            Some("MULTISET") if brackets => ExpressionKind::Multiset(self.items()?),
            Some("MULTISET") if parentheses => ExpressionKind::MultisetQuery(self.query_of_constructor()?),
            Some("MAP") if brackets => self.map()?,
            Some("MAP") if parentheses && self.query_at(2) => {
                ExpressionKind::MapQuery(self.query_of_constructor()?)
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// `(a, b)`, behind ROW; the parentheses may be empty.
    pub fn row_values(&mut self) -> Parsed<Vec<Expression>> {
        self.parenthesized(|parser| {
            if parser.symbol_at(0, Symbol::RightParenthesis) {
                return Ok(Vec::new());
            }
            parser.comma_separated(Self::expression)
        })
    }

    fn items(&mut self) -> Parsed<Vec<Expression>> {
        self.advance();
        self.enclosed(Symbol::LeftBracket, Symbol::RightBracket, |parser| {
            if parser.symbol_at(0, Symbol::RightBracket) {
                return Ok(Vec::new());
            }
            parser.comma_separated(Self::expression)
        })
    }

    fn query_of_constructor(&mut self) -> Parsed<Box<Query>> {
        self.advance();
        Ok(Box::new(self.parenthesized(Self::query)?))
    }

    fn map(&mut self) -> Parsed<ExpressionKind> {
        let start = self.span();
        let mut items = self.items()?.into_iter();
        let mut pairs = Vec::new();
        while let Some(key) = items.next() {
            match items.next() {
                Some(value) => pairs.push((key, value)),
                None => {
                    let message = "MAP[…] makes a map, and needs a value behind each key";
                    let error = ParseError::new(ParseErrorKind::Invalid, message, self.since(start));
                    return Err(error.with_hint("the item of a column of this name is `map`[…]"));
                }
            }
        }
        Ok(ExpressionKind::Map(pairs))
    }
}
