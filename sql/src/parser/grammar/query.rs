//! Queries: WITH, set operations, ORDER BY, LIMIT.

use crate::parser::ast::{CommonTableExpression, Limit, Query, QueryBody, SetOperator, With};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::span::Span;
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// Whether a query is next that does not begin with a parenthesis.
    pub fn at_query(&self) -> bool {
        self.query_at(0)
    }

    /// Whether a query begins `ahead` tokens from here, not with a parenthesis.
    pub fn query_at(&self, ahead: usize) -> bool {
        ["SELECT", "WITH", "VALUES"].iter().any(|keyword| self.keyword_at(ahead, keyword))
            || self.keyword_at(ahead, "TABLE") && self.name_at(ahead + 1)
    }

    /// Whether what is next goes on with a query that was in parentheses.
    pub fn at_query_tail(&self) -> bool {
        self.which(&["UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH"]).is_some()
    }

    /// A query.
    pub fn query(&mut self) -> Parsed<Query> {
        self.nested(|parser| {
            let start = parser.span();
            let with = parser.with()?;
            let begun = parser.span();
            let first = parser.query_operand()?;
            let body = parser.set_operations(begun, first, 0)?;
            parser.query_end(start, with, body)
        })
    }

    /// The rest of a query whose first operand, a query in parentheses, began at `start`.
    pub fn query_behind(&mut self, start: Span, first: Query) -> Parsed<Query> {
        self.wrap()?;
        let body = self.set_operations(start, QueryBody::Query(Box::new(first)), 0)?;
        self.query_end(start, None, body)
    }

    fn with(&mut self) -> Parsed<Option<With>> {
        let start = self.span();
        if !self.eat(&["WITH"]) {
            return Ok(None);
        }
        let recursive = self.eat(&["RECURSIVE"]);
        let tables = self.comma_separated(|parser| {
            let start = parser.span();
            let name = parser.identifier("the name of a query")?;
            let columns = parser.optional_identifiers("the name of a column")?;
            parser.expect(&["AS"])?;
            let query = Box::new(parser.parenthesized(Self::query)?);
            Ok(CommonTableExpression { name, columns, query, span: parser.since(start).into() })
        })?;
        Ok(Some(With { recursive, tables, span: self.since(start).into() }))
    }

    /// The operations behind `left`, which began at `start`, that bind at least as much as `minimum`.
    fn set_operations(&mut self, start: Span, mut left: QueryBody, minimum: u8) -> Parsed<QueryBody> {
        while let Some(operator) = self.set_operator()? {
            let binds = u8::from(operator == SetOperator::Intersect);
            if binds < minimum {
                break;
            }
            self.advance();
            let all = self.eat(&["ALL"]);
            if !all {
                self.eat(&["DISTINCT"]);
            }
            let begun = self.span();
            let first = self.query_operand()?;
            let right = Box::new(self.set_operations(begun, first, binds + 1)?);
            self.wrap()?;
            let span = self.since(start).into();
            left = QueryBody::SetOperation { left: Box::new(left), operator, all, right, span };
        }
        Ok(left)
    }

    fn set_operator(&self) -> Parsed<Option<SetOperator>> {
        match self.which(&["UNION", "INTERSECT", "EXCEPT", "MINUS"]) {
            Some("UNION") => Ok(Some(SetOperator::Union)),
            Some("INTERSECT") => Ok(Some(SetOperator::Intersect)),
            Some("EXCEPT") => Ok(Some(SetOperator::Except)),
            Some(_) => Err(self.mistake("EXCEPT").with_hint("MINUS is called EXCEPT in Flink SQL")),
            None => Ok(None),
        }
    }

    fn query_operand(&mut self) -> Parsed<QueryBody> {
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            return Ok(QueryBody::Query(Box::new(self.parenthesized(Self::query)?)));
        }
        match self.which(&["SELECT", "VALUES", "TABLE"]) {
            Some("SELECT") => Ok(QueryBody::Select(Box::new(self.select()?))),
            Some("VALUES") => {
                self.advance();
                Ok(QueryBody::Values(self.comma_separated(Self::expression)?))
            }
            Some(_) => {
                self.advance();
                Ok(QueryBody::Table(self.object_name("the name of a table")?))
            }
            None if self.at(&["VALUE"]) => Err(self.mistake("a query").with_hint("write VALUES")),
            None => self.unexpected("a query: SELECT, VALUES, TABLE, WITH or `(`"),
        }
    }

    fn query_end(&mut self, start: Span, with: Option<With>, body: QueryBody) -> Parsed<Query> {
        let order_by = self.optional_order_by()?;
        let (mut limit, mut offset) = (None, None);
        if self.eat(&["LIMIT"]) {
            limit = Some(if self.eat(&["ALL"]) {
                Limit::All
            } else {
                Limit::Count(self.number("a number of rows")?)
            });
            if self.symbol_at(0, Symbol::Comma) {
                let error = self.mistake("OFFSET or the end of the query");
                return Err(error.with_hint("write LIMIT count OFFSET start"));
            }
        }
        if self.eat(&["OFFSET"]) {
            offset = Some(self.number("a number of rows")?);
            self.rows();
            if self.at(&["LIMIT"]) {
                let error = self.mistake("FETCH or the end of the query");
                return Err(error.with_hint("LIMIT stands before OFFSET"));
            }
        }
        if limit.is_none() && self.eat(&["FETCH"]) {
            if !self.eat(&["FIRST"]) && !self.eat(&["NEXT"]) {
                return self.unexpected("FIRST or NEXT");
            }
            limit = Some(Limit::Count(self.number("a number of rows")?));
            self.rows();
            self.expect(&["ONLY"])?;
        }
        Ok(Query { with, body, order_by, limit, offset, span: self.since(start).into() })
    }

    fn rows(&mut self) {
        if !self.eat(&["ROWS"]) {
            self.eat(&["ROW"]);
        }
    }
}
