//! Hints: `/*+ NAME(arguments), … */`

use crate::parser::ast::{Hint, HintArguments, HintValue};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// The hints that are next; none if there are none.
    pub fn hints(&mut self) -> Parsed<Vec<Hint>> {
        if *self.kind_at(0) != TokenKind::HintStart {
            return Ok(Vec::new());
        }
        self.advance();
        let hints = self.comma_separated(Self::hint)?;
        if *self.kind_at(0) != TokenKind::HintEnd {
            return self.unexpected("`,` or `*/` at the end of the hints");
        }
        self.advance();
        Ok(hints)
    }

    fn hint(&mut self) -> Parsed<Hint> {
        let start = self.span();
        let name = self.identifier("the name of a hint")?;
        let arguments = if self.symbol_at(0, Symbol::LeftParenthesis) {
            self.parenthesized(Self::hint_arguments)?
        } else {
            HintArguments::Values(Vec::new())
        };
        Ok(Hint { name, arguments, span: self.since(start).into() })
    }

    fn hint_arguments(&mut self) -> Parsed<HintArguments> {
        if self.symbol_at(1, Symbol::Equal) {
            return Ok(HintArguments::Options(self.comma_separated(Self::hint_option)?));
        }
        if self.symbol_at(0, Symbol::RightParenthesis) {
            return Ok(HintArguments::Values(Vec::new()));
        }
        let values = self.comma_separated(|parser| {
            if parser.name_at(0) {
                Ok(HintValue::Name(parser.object_name("a name")?))
            } else {
                Ok(HintValue::Literal(parser.constant()?))
            }
        })?;
        Ok(HintArguments::Values(values))
    }

    fn hint_option(&mut self) -> Parsed<(String, String)> {
        let key = if matches!(self.kind_at(0), TokenKind::Word | TokenKind::QuotedIdentifier(_)) {
            self.identifier("a key")?.name
        } else {
            self.string("a key")?.value
        };
        self.expect_symbol(Symbol::Equal)?;
        Ok((key, self.string("a value")?.value))
    }
}
