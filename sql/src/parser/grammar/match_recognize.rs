//! MATCH_RECOGNIZE and its clauses.

use crate::parser::ast::{MatchRecognize, NamedExpression, RowsPerMatch, SkipTo, Subset};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// `MATCH_RECOGNIZE (…)`
    pub fn match_recognize(&mut self) -> Parsed<MatchRecognize> {
        let start = self.span();
        self.expect(&["MATCH_RECOGNIZE"])?;
        let clause = self.parenthesized(Self::match_clauses)?;
        Ok(MatchRecognize { span: self.since(start).into(), ..clause })
    }

    fn match_clauses(&mut self) -> Parsed<MatchRecognize> {
        let start = self.span();
        let partition_by =
            if self.eat(&["PARTITION", "BY"]) { self.comma_separated(Self::expression)? } else { Vec::new() };
        let order_by = self.optional_order_by()?;
        let measures =
            if self.eat(&["MEASURES"]) { self.comma_separated(Self::measure)? } else { Vec::new() };
        let rows_per_match = if self.eat(&["ONE", "ROW", "PER", "MATCH"]) {
            Some(RowsPerMatch::One)
        } else {
            self.eat(&["ALL", "ROWS", "PER", "MATCH"]).then_some(RowsPerMatch::All)
        };
        let skip = if self.eat(&["AFTER", "MATCH"]) { Some(self.skip_to()?) } else { None };
        if !self.eat(&["PATTERN"]) {
            return self.unexpected("PATTERN, or a clause that stands before it");
        }
        let (anchored_start, pattern, anchored_end) = self.parenthesized(|parser| {
            let anchored_start = parser.eat_symbol(Symbol::Caret);
            let pattern = parser.pattern()?;
            Ok((anchored_start, pattern, parser.eat(&["$"])))
        })?;
        let within = if self.eat(&["WITHIN"]) { Some(self.interval()?) } else { None };
        let subsets = if self.eat(&["SUBSET"]) { self.comma_separated(Self::subset)? } else { Vec::new() };
        self.expect(&["DEFINE"])?;
        let define = self.comma_separated(Self::definition)?;
        Ok(MatchRecognize {
            partition_by,
            order_by,
            measures,
            rows_per_match,
            skip,
            pattern,
            anchored_start,
            anchored_end,
            within,
            subsets,
            define,
            span: self.since(start).into(),
        })
    }

    fn measure(&mut self) -> Parsed<NamedExpression> {
        let start = self.span();
        let value = self.expression()?;
        self.expect(&["AS"])?;
        let name = self.identifier("the name of a measure")?;
        Ok(NamedExpression { name, value, span: self.since(start).into() })
    }

    fn definition(&mut self) -> Parsed<NamedExpression> {
        let start = self.span();
        let name = self.identifier("a pattern variable")?;
        self.expect(&["AS"])?;
        let value = self.expression()?;
        Ok(NamedExpression { name, value, span: self.since(start).into() })
    }

    fn subset(&mut self) -> Parsed<Subset> {
        let start = self.span();
        let name = self.identifier("the name of a subset")?;
        self.expect_symbol(Symbol::Equal)?;
        let variables = self.identifiers("a pattern variable")?;
        Ok(Subset { name, variables, span: self.since(start).into() })
    }

    fn skip_to(&mut self) -> Parsed<SkipTo> {
        self.expect(&["SKIP"])?;
        if self.eat(&["PAST"]) {
            self.expect(&["LAST", "ROW"])?;
            return Ok(SkipTo::PastLastRow);
        }
        if !self.eat(&["TO"]) {
            return self.unexpected("TO or PAST");
        }
        if self.eat(&["NEXT"]) {
            self.expect(&["ROW"])?;
            return Ok(SkipTo::NextRow);
        }
        // FIRST and LAST may be variables: then no other one follows.
        let named = matches!(self.kind_at(1), TokenKind::QuotedIdentifier(_)) || self.name_at(1);
        if named && self.eat(&["FIRST"]) {
            return Ok(SkipTo::First(self.identifier("a pattern variable")?));
        }
        if named {
            self.eat(&["LAST"]);
        }
        Ok(SkipTo::Last(self.identifier("a pattern variable")?))
    }
}
