//! SELECT and its clauses.

use crate::parser::ast::{
    Expression, ExpressionKind, GroupBy, GroupingElement, GroupingElementKind, Identifier, ObjectName,
    Select, SelectItem, SelectItemKind, SetQuantifier,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// `SELECT …` up to QUALIFY.
    pub fn select(&mut self) -> Parsed<Select> {
        let start = self.span();
        self.expect(&["SELECT"])?;
        let hints = self.hints()?;
        let quantifier = self.set_quantifier();
        let items = self.comma_separated(Self::select_item)?;
        let from =
            if self.eat(&["FROM"]) { self.comma_separated(Self::table_reference)? } else { Vec::new() };
        let selection = self.optional("WHERE")?;
        let group_by = if self.at(&["GROUP"]) { Some(self.group_by()?) } else { None };
        let having = self.optional("HAVING")?;
        let windows = if self.eat(&["WINDOW"]) { self.named_windows()? } else { Vec::new() };
        let qualify = self.optional("QUALIFY")?;
        let span = self.since(start).into();
        Ok(Select { hints, quantifier, items, from, selection, group_by, having, windows, qualify, span })
    }

    /// The expression behind this keyword, if it is next.
    pub fn optional(&mut self, keyword: &str) -> Parsed<Option<Expression>> {
        if self.eat(&[keyword]) { self.expression().map(Some) } else { Ok(None) }
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let start = self.span();
        let kind = if self.eat_symbol(Symbol::Asterisk) {
            SelectItemKind::Star
        } else if let Some(name) = self.qualified_star() {
            SelectItemKind::QualifiedStar(name)
        } else {
            let value = self.expression()?;
            SelectItemKind::Expression { value, alias: self.alias("the name of a column")? }
        };
        Ok(SelectItem { kind, span: self.since(start).into() })
    }

    /// `name.*`, if it is next.
    fn qualified_star(&mut self) -> Option<ObjectName> {
        self.attempt(|parser| {
            let start = parser.span();
            let mut parts = Vec::new();
            while parser.name_at(0) && parser.symbol_at(1, Symbol::Dot) {
                parts.push(parser.any_word());
                let span = parser.since(start).into();
                parser.advance();
                if parser.eat_symbol(Symbol::Asterisk) {
                    return Some(ObjectName { parts, span });
                }
            }
            None
        })
    }

    /// `[AS] name`, if it is next.
    pub fn alias(&mut self, what: &str) -> Parsed<Option<Identifier>> {
        if self.eat(&["AS"]) {
            if matches!(self.kind_at(0), TokenKind::String { .. }) {
                let error = self.mistake(what);
                let text = self.text_of(self.span()).trim_matches('\'');
                return Err(error.with_hint(format!("names stand in backticks: `{text}`")));
            }
            return self.identifier(what).map(Some);
        }
        if self.name_at(0) { self.identifier(what).map(Some) } else { Ok(None) }
    }

    fn group_by(&mut self) -> Parsed<GroupBy> {
        self.expect(&["GROUP", "BY"])?;
        let quantifier = self.set_quantifier();
        // Behind a bare GROUP BY ALL the select ends.
        let ends = match self.kind_at(0) {
            TokenKind::End | TokenKind::Symbol(Symbol::Semicolon | Symbol::RightParenthesis) => true,
            _ => self.which(&["HAVING", "WINDOW", "QUALIFY"]).is_some() || self.at_query_tail(),
        };
        if ends && quantifier == Some(SetQuantifier::All) {
            return Ok(GroupBy::All);
        }
        Ok(GroupBy::Elements { quantifier, elements: self.comma_separated(Self::grouping_element)? })
    }

    fn grouping_element(&mut self) -> Parsed<GroupingElement> {
        self.nested(|parser| {
            let start = parser.span();
            let kind = parser.grouping_element_kind()?;
            Ok(GroupingElement { kind, span: parser.since(start).into() })
        })
    }

    fn grouping_element_kind(&mut self) -> Parsed<GroupingElementKind> {
        if self.eat(&["GROUPING", "SETS"]) {
            let sets = self.parenthesized(|parser| parser.comma_separated(Self::grouping_element))?;
            return Ok(GroupingElementKind::GroupingSets(sets));
        }
        if self.eat(&["ROLLUP"]) {
            return Ok(GroupingElementKind::Rollup(self.grouping_expressions()?));
        }
        if self.eat(&["CUBE"]) {
            return Ok(GroupingElementKind::Cube(self.grouping_expressions()?));
        }
        let empty = self.symbol_at(1, Symbol::RightParenthesis);
        if empty && self.eat_symbol(Symbol::LeftParenthesis) {
            self.advance();
            return Ok(GroupingElementKind::Set(Vec::new()));
        }
        let expression = self.expression()?;
        Ok(match expression.kind {
            ExpressionKind::Row(values) if values.len() != 1 => GroupingElementKind::Set(values),
            kind => GroupingElementKind::Expression(Expression { kind, span: expression.span }),
        })
    }

    fn grouping_expressions(&mut self) -> Parsed<Vec<Expression>> {
        self.parenthesized(|parser| parser.comma_separated(Self::expression))
    }
}
