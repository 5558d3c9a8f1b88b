//! Patterns of rows: the regular expressions of MATCH_RECOGNIZE.

use crate::parser::ast::{Pattern, PatternKind, PatternQuantifier};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::span::Span;
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// `a b | c`
    pub fn pattern(&mut self) -> Parsed<Pattern> {
        self.nested(|parser| {
            let start = parser.span();
            let mut alternatives = vec![parser.pattern_sequence()?];
            while parser.eat_symbol(Symbol::Bar) {
                alternatives.push(parser.pattern_sequence()?);
            }
            parser.one_or(start, alternatives, PatternKind::Alternatives)
        })
    }

    fn pattern_sequence(&mut self) -> Parsed<Pattern> {
        let start = self.span();
        let mut parts = vec![self.quantified_pattern()?];
        while self.at_pattern() {
            parts.push(self.quantified_pattern()?);
        }
        self.one_or(start, parts, PatternKind::Sequence)
    }

    /// The only pattern, or all of them together.
    fn one_or(
        &mut self,
        start: Span,
        mut patterns: Vec<Pattern>,
        together: fn(Vec<Pattern>) -> PatternKind,
    ) -> Parsed<Pattern> {
        match (patterns.pop(), patterns.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => {
                patterns.extend(last);
                self.wrap()?;
                Ok(Pattern { kind: together(patterns), span: self.since(start).into() })
            }
        }
    }

    fn at_pattern(&self) -> bool {
        let excluded = self.symbol_at(0, Symbol::LeftBrace) && self.symbol_at(1, Symbol::Minus);
        excluded
            || self.symbol_at(0, Symbol::LeftParenthesis)
            || self.at(&["PERMUTE"])
            || self.name_at(0) && !self.at(&["$"])
    }

    fn quantified_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.span();
        let mut pattern = self.pattern_operand()?;
        while let Some(quantifier) = self.pattern_quantifier()? {
            let reluctant = self.eat_symbol(Symbol::Question);
            self.wrap()?;
            let kind = PatternKind::Quantified { pattern: Box::new(pattern), quantifier, reluctant };
            pattern = Pattern { kind, span: self.since(start).into() };
        }
        Ok(pattern)
    }

    fn pattern_operand(&mut self) -> Parsed<Pattern> {
        let start = self.span();
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            return self.parenthesized(Self::pattern);
        }
        let kind = if self.symbol_at(0, Symbol::LeftBrace) {
            self.advance();
            self.expect_symbol(Symbol::Minus)?;
            let inner = Box::new(self.pattern()?);
            self.expect_symbol(Symbol::Minus)?;
            self.close(start, Symbol::RightBrace)?;
            self.wrap()?;
            PatternKind::Excluded(inner)
        } else if self.eat(&["PERMUTE"]) {
            let patterns = self.parenthesized(|parser| parser.comma_separated(Self::pattern))?;
            self.wrap()?;
            PatternKind::Permute(patterns)
        } else {
            PatternKind::Variable(self.identifier("a pattern variable or `(`")?)
        };
        Ok(Pattern { kind, span: self.since(start).into() })
    }

    fn pattern_quantifier(&mut self) -> Parsed<Option<PatternQuantifier>> {
        let quantifier = if self.eat_symbol(Symbol::Asterisk) {
            PatternQuantifier::ZeroOrMore
        } else if self.eat_symbol(Symbol::Plus) {
            PatternQuantifier::OneOrMore
        } else if self.eat_symbol(Symbol::Question) {
            PatternQuantifier::Optional
        } else if self.symbol_at(0, Symbol::LeftBrace) && !self.symbol_at(1, Symbol::Minus) {
            self.enclosed(Symbol::LeftBrace, Symbol::RightBrace, Self::repetitions)?
        } else {
            return Ok(None);
        };
        Ok(Some(quantifier))
    }

    /// `n`, `n,`, `,m`, `n,m`
    fn repetitions(&mut self) -> Parsed<PatternQuantifier> {
        if self.eat_symbol(Symbol::Comma) {
            return Ok(PatternQuantifier::AtMost(self.whole_number("a number of rows")?));
        }
        let least = self.whole_number("a number of rows")?;
        if !self.eat_symbol(Symbol::Comma) {
            return Ok(PatternQuantifier::Exactly(least));
        }
        if self.symbol_at(0, Symbol::RightBrace) {
            return Ok(PatternQuantifier::AtLeast(least));
        }
        Ok(PatternQuantifier::Between(least, self.whole_number("a number of rows")?))
    }
}
