//! Calls of functions, with the clauses of aggregates.

use crate::parser::ast::{
    Argument, ArgumentValue, Arguments, Expression, ExpressionKind, FunctionCall, NullTreatment, ObjectName,
    OrderItem, SetQuantifier, TableArgument, TableSource,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::keywords::{self, RESERVED_FUNCTIONS};
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// Whether a call of a function is next.
    pub fn at_function(&self) -> bool {
        self.function_at(0)
    }

    /// Whether a call of a function begins `ahead` tokens from here.
    pub fn function_at(&self, ahead: usize) -> bool {
        let named = self.name_at(ahead)
            || self.word_at(ahead).is_some_and(|word| keywords::contains(RESERVED_FUNCTIONS, word));
        let mut end = ahead + 1;
        while self.symbol_at(end, Symbol::Dot) && self.name_at(end + 1) {
            end += 2;
        }
        named && self.symbol_at(end, Symbol::LeftParenthesis)
    }

    /// `name(arguments)`; [`at_function`](Self::at_function) has seen it.
    pub fn function_call(&mut self) -> Parsed<FunctionCall> {
        let start = self.span();
        let mut parts = vec![self.any_word()];
        while self.eat_symbol(Symbol::Dot) {
            parts.push(self.identifier("a name behind the dot")?);
        }
        let name = ObjectName { parts, span: self.since(start).into() };
        let (arguments, inner_treatment) = self.parenthesized(Self::arguments)?;
        let null_treatment = inner_treatment.or_else(|| self.null_treatment());
        let within_group =
            if self.eat(&["WITHIN", "GROUP"]) { self.parenthesized(Self::order_by)? } else { Vec::new() };
        let filter = self.filter()?;
        let over = if self.eat(&["OVER"]) { Some(self.over()?) } else { None };
        let span = self.since(start).into();
        Ok(FunctionCall { name, arguments, within_group, null_treatment, filter, over, span })
    }

    fn null_treatment(&mut self) -> Option<NullTreatment> {
        if self.eat(&["IGNORE", "NULLS"]) {
            Some(NullTreatment::Ignore)
        } else if self.eat(&["RESPECT", "NULLS"]) {
            Some(NullTreatment::Respect)
        } else {
            None
        }
    }

    /// `FILTER (WHERE …)` if it is next.
    pub fn filter(&mut self) -> Parsed<Option<Expression>> {
        if !self.eat(&["FILTER"]) {
            return Ok(None);
        }
        self.parenthesized(|parser| {
            parser.expect(&["WHERE"])?;
            parser.expression().map(Some)
        })
    }

    /// What is in the parentheses. What becomes of NULLs may stand there as well as behind them.
    fn arguments(&mut self) -> Parsed<(Arguments, Option<NullTreatment>)> {
        if self.eat_symbol(Symbol::Asterisk) {
            return Ok((Arguments::Star, None));
        }
        if self.symbol_at(0, Symbol::RightParenthesis) {
            let none = Arguments::List { quantifier: None, arguments: Vec::new(), order_by: Vec::new() };
            return Ok((none, None));
        }
        let quantifier = self.set_quantifier();
        let arguments = self.comma_separated(Self::argument)?;
        let null_treatment = self.null_treatment();
        let order_by = self.optional_order_by()?;
        Ok((Arguments::List { quantifier, arguments, order_by }, null_treatment))
    }

    /// `DISTINCT` or `ALL` if it is next.
    pub fn set_quantifier(&mut self) -> Option<SetQuantifier> {
        if self.eat(&["DISTINCT"]) {
            Some(SetQuantifier::Distinct)
        } else if self.eat(&["ALL"]) {
            Some(SetQuantifier::All)
        } else {
            None
        }
    }

    fn argument(&mut self) -> Parsed<Argument> {
        let start = self.span();
        let named = matches!(self.kind_at(0), TokenKind::Word | TokenKind::QuotedIdentifier(_))
            && self.symbol_at(1, Symbol::Arrow);
        let name = named.then(|| {
            let name = self.any_word();
            self.advance();
            name
        });
        let value = self.argument_value()?;
        Ok(Argument { name, value, span: self.since(start).into() })
    }

    fn argument_value(&mut self) -> Parsed<ArgumentValue> {
        if self.eat(&["DEFAULT"]) {
            return Ok(ArgumentValue::Default);
        }
        if self.at(&["DESCRIPTOR"]) && self.symbol_at(1, Symbol::LeftParenthesis) {
            self.advance();
            let columns = self.parenthesized(|parser| {
                parser.comma_separated(|parser| parser.object_name("the name of a column"))
            })?;
            return Ok(ArgumentValue::Descriptor(columns));
        }
        if self.at(&["MODEL"]) && self.name_at(1) {
            self.advance();
            return Ok(ArgumentValue::Model(self.object_name("the name of a model")?));
        }
        if self.eat(&["TABLE"]) {
            let source = TableSource::Table(self.object_name("the name of a table")?);
            return Ok(ArgumentValue::Table(self.table_argument(source)?));
        }
        let value = self.expression()?;
        match value.kind {
            ExpressionKind::Subquery(query) if self.which(&["PARTITION", "ORDER"]).is_some() => {
                Ok(ArgumentValue::Table(self.table_argument(TableSource::Query(query))?))
            }
            kind => Ok(ArgumentValue::Expression(Expression { kind, span: value.span })),
        }
    }

    /// `[PARTITION BY …] [ORDER BY …]` of a table. More than one item stands in parentheses, because a comma goes on
    /// with the next argument.
    fn table_argument(&mut self, source: TableSource) -> Parsed<TableArgument> {
        let partition_by = if self.eat(&["PARTITION", "BY"]) {
            Some(self.one_or_parenthesized(Self::expression)?)
        } else {
            None
        };
        let order_by = if self.eat(&["ORDER", "BY"]) {
            self.one_or_parenthesized(Self::order_item)?
        } else {
            Vec::new()
        };
        Ok(TableArgument { source, partition_by, order_by })
    }

    fn one_or_parenthesized<T>(&mut self, item: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        if !self.symbol_at(0, Symbol::LeftParenthesis) {
            return Ok(vec![item(self)?]);
        }
        self.parenthesized(|parser| {
            if parser.symbol_at(0, Symbol::RightParenthesis) {
                return Ok(Vec::new());
            }
            parser.comma_separated(item)
        })
    }

    /// `ORDER BY item, …` if it is next.
    pub fn optional_order_by(&mut self) -> Parsed<Vec<OrderItem>> {
        if self.at(&["ORDER"]) { self.order_by() } else { Ok(Vec::new()) }
    }

    /// `ORDER BY item, …`
    pub fn order_by(&mut self) -> Parsed<Vec<OrderItem>> {
        self.expect(&["ORDER", "BY"])?;
        self.comma_separated(Self::order_item)
    }

    fn order_item(&mut self) -> Parsed<OrderItem> {
        let start = self.span();
        let value = self.expression()?;
        let descending = if self.eat(&["DESC"]) { Some(true) } else { self.eat(&["ASC"]).then_some(false) };
        let nulls_first = if self.eat(&["NULLS", "FIRST"]) {
            Some(true)
        } else if self.eat(&["NULLS", "LAST"]) {
            Some(false)
        } else {
            None
        };
        Ok(OrderItem { value, descending, nulls_first, span: self.since(start).into() })
    }
}
