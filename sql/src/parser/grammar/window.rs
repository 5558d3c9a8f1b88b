//! Windows of OVER and of the WINDOW clause.

use crate::parser::ast::{FrameBound, FrameUnit, NamedWindow, Over, WindowFrame, WindowSpecification};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// What follows OVER.
    pub fn over(&mut self) -> Parsed<Over> {
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            Ok(Over::Window(self.window_specification()?))
        } else {
            Ok(Over::Name(self.identifier("a window: its name, or `(`")?))
        }
    }

    /// `name AS (…), …`, behind WINDOW.
    pub fn named_windows(&mut self) -> Parsed<Vec<NamedWindow>> {
        self.comma_separated(|parser| {
            let start = parser.span();
            let name = parser.identifier("the name of a window")?;
            parser.expect(&["AS"])?;
            let window = parser.window_specification()?;
            Ok(NamedWindow { name, window, span: parser.since(start).into() })
        })
    }

    fn window_specification(&mut self) -> Parsed<WindowSpecification> {
        let start = self.span();
        let (base, partition_by, order_by, frame) = self.parenthesized(|parser| {
            let base = if parser.name_at(0) { Some(parser.identifier("a window")?) } else { None };
            let partition_by = if parser.eat(&["PARTITION"]) {
                parser.expect(&["BY"])?;
                parser.comma_separated(Self::expression)?
            } else {
                Vec::new()
            };
            Ok((base, partition_by, parser.optional_order_by()?, parser.frame()?))
        })?;
        Ok(WindowSpecification { base, partition_by, order_by, frame, span: self.since(start).into() })
    }

    fn frame(&mut self) -> Parsed<Option<WindowFrame>> {
        let begun = self.span();
        let unit = if self.eat(&["ROWS"]) {
            FrameUnit::Rows
        } else if self.eat(&["RANGE"]) {
            FrameUnit::Range
        } else {
            return Ok(None);
        };
        let between = self.eat(&["BETWEEN"]);
        let start = self.frame_bound()?;
        let mut end = None;
        if between {
            self.expect(&["AND"])?;
            end = Some(self.frame_bound()?);
        }
        Ok(Some(WindowFrame { unit, start, end, span: self.since(begun).into() }))
    }

    fn frame_bound(&mut self) -> Parsed<FrameBound> {
        if self.eat(&["CURRENT", "ROW"]) {
            return Ok(FrameBound::CurrentRow);
        }
        if self.eat(&["UNBOUNDED", "PRECEDING"]) {
            return Ok(FrameBound::UnboundedPreceding);
        }
        if self.eat(&["UNBOUNDED", "FOLLOWING"]) {
            return Ok(FrameBound::UnboundedFollowing);
        }
        let value = Box::new(self.operand()?);
        if self.eat(&["PRECEDING"]) {
            return Ok(FrameBound::Preceding(value));
        }
        if self.eat(&["FOLLOWING"]) {
            return Ok(FrameBound::Following(value));
        }
        self.unexpected("PRECEDING or FOLLOWING")
    }
}
