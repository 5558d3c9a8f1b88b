//! Functions with keywords between their arguments.

use crate::parser::ast::{
    Argument, ArgumentValue, Arguments, Expression, ExpressionKind, FunctionCall, Identifier, ObjectName,
    RoundingFunction, SpecialFunction, TimestampFunction, TrimSide,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::span::Span;
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// A function of a syntax of its own, if one is next.
    pub fn special_function(&mut self) -> Parsed<Option<ExpressionKind>> {
        if !self.symbol_at(1, Symbol::LeftParenthesis) {
            return Ok(None);
        }
        let keywords = [
            "EXTRACT",
            "FLOOR",
            "CEIL",
            "CEILING",
            "TIMESTAMPADD",
            "TIMESTAMPDIFF",
            "POSITION",
            "OVERLAY",
            "TRIM",
        ];
        let function = match self.which(&keywords) {
            Some("EXTRACT") => self.extract()?,
            Some("FLOOR") => return self.round(RoundingFunction::Floor).map(Some),
            Some("CEIL" | "CEILING") => return self.round(RoundingFunction::Ceil).map(Some),
            Some("TIMESTAMPADD") => self.timestamp(TimestampFunction::Add)?,
            Some("TIMESTAMPDIFF") => self.timestamp(TimestampFunction::Difference)?,
            Some("POSITION") => self.position()?,
            Some("OVERLAY") => self.overlay()?,
            Some("TRIM") => self.trim()?,
            _ if self.at(&["SUBSTRING"]) => return self.substring().map(Some),
            _ => return self.json_function(),
        };
        Ok(Some(ExpressionKind::Special(Box::new(function))))
    }

    fn extract(&mut self) -> Parsed<SpecialFunction> {
        self.advance();
        self.parenthesized(|parser| {
            let unit = parser.time_unit()?;
            parser.expect(&["FROM"])?;
            Ok(SpecialFunction::Extract { unit, value: parser.expression()? })
        })
    }

    fn round(&mut self, function: RoundingFunction) -> Parsed<ExpressionKind> {
        let start = self.span();
        let name = self.any_word();
        let (values, unit) = self.parenthesized(|parser| {
            let values = parser.comma_separated(Self::expression)?;
            let unit = (values.len() == 1 && parser.eat(&["TO"])).then(|| parser.time_unit()).transpose()?;
            Ok((values, unit))
        })?;
        match unit {
            None => Ok(self.plain_call(start, name, values)),
            Some(unit) => {
                let value = values.into_iter().next();
                let Some(value) = value else { return self.unexpected("an expression") };
                Ok(ExpressionKind::Special(Box::new(SpecialFunction::Round { function, value, unit })))
            }
        }
    }

    /// A call that could have been written without keywords.
    fn plain_call(&self, start: Span, name: Identifier, values: Vec<Expression>) -> ExpressionKind {
        let argument = |value: Expression| {
            let span = value.span;
            Argument { name: None, value: ArgumentValue::Expression(value), span }
        };
        let arguments = values.into_iter().map(argument).collect();
        let span = name.span;
        ExpressionKind::Function(Box::new(FunctionCall {
            name: ObjectName { parts: vec![name], span },
            arguments: Arguments::List { quantifier: None, arguments, order_by: Vec::new() },
            within_group: Vec::new(),
            null_treatment: None,
            filter: None,
            over: None,
            span: self.since(start).into(),
        }))
    }

    fn substring(&mut self) -> Parsed<ExpressionKind> {
        let start = self.span();
        let name = self.any_word();
        let values = self.parenthesized(|parser| {
            let mut values = vec![parser.expression()?];
            for keyword in ["FROM", "FOR"] {
                if parser.eat(&[keyword]) || parser.eat_symbol(Symbol::Comma) {
                    values.push(parser.expression()?);
                } else if keyword == "FROM" {
                    return parser.unexpected("`,` or FROM");
                }
            }
            Ok(values)
        })?;
        Ok(self.plain_call(start, name, values))
    }

    fn timestamp(&mut self, function: TimestampFunction) -> Parsed<SpecialFunction> {
        self.advance();
        self.parenthesized(|parser| {
            let unit = parser.time_unit()?;
            parser.expect_symbol(Symbol::Comma)?;
            let first = parser.expression()?;
            parser.expect_symbol(Symbol::Comma)?;
            Ok(SpecialFunction::Timestamp { function, unit, first, second: parser.expression()? })
        })
    }

    fn position(&mut self) -> Parsed<SpecialFunction> {
        self.advance();
        self.parenthesized(|parser| {
            let needle = parser.operand()?;
            parser.expect(&["IN"])?;
            let haystack = parser.expression()?;
            let start = parser.eat(&["FROM"]).then(|| parser.expression()).transpose()?;
            Ok(SpecialFunction::Position { needle, haystack, start })
        })
    }

    fn overlay(&mut self) -> Parsed<SpecialFunction> {
        self.advance();
        self.parenthesized(|parser| {
            let value = parser.expression()?;
            parser.expect(&["PLACING"])?;
            let replacement = parser.expression()?;
            parser.expect(&["FROM"])?;
            let start = parser.expression()?;
            let length = parser.eat(&["FOR"]).then(|| parser.expression()).transpose()?;
            Ok(SpecialFunction::Overlay { value, replacement, start, length })
        })
    }

    fn trim(&mut self) -> Parsed<SpecialFunction> {
        self.advance();
        self.parenthesized(|parser| {
            let side = if parser.eat(&["LEADING"]) {
                Some(TrimSide::Leading)
            } else if parser.eat(&["TRAILING"]) {
                Some(TrimSide::Trailing)
            } else {
                parser.eat(&["BOTH"]).then_some(TrimSide::Both)
            };
            let first = if parser.at(&["FROM"]) { None } else { Some(parser.expression()?) };
            let side_or_both = side.unwrap_or(TrimSide::Both);
            match first {
                Some(value) if side.is_none() && !parser.at(&["FROM"]) => {
                    Ok(SpecialFunction::Trim { side: side_or_both, characters: None, value })
                }
                characters => {
                    parser.expect(&["FROM"])?;
                    let value = parser.expression()?;
                    Ok(SpecialFunction::Trim { side: side_or_both, characters, value })
                }
            }
        })
    }
}
