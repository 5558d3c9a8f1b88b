//! What stands in FROM: tables, subqueries, functions, joins.

use crate::parser::ast::{
    FunctionCall, Identifier, Join, JoinCondition, JoinKind, Relation, SampleMethod, TableAlias, TableFactor,
    TableReference, TableSample,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::span::Span;
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// A table and what is joined to it.
    pub fn table_reference(&mut self) -> Parsed<TableReference> {
        self.nested(|parser| {
            let start = parser.span();
            let mut left = parser.table_factor()?;
            while let Some((natural, kind)) = parser.join_kind()? {
                let right = parser.table_factor()?;
                let condition = if natural || kind == JoinKind::Cross {
                    None
                } else if parser.eat(&["ON"]) {
                    Some(JoinCondition::On(parser.expression()?))
                } else if parser.eat(&["USING"]) {
                    Some(JoinCondition::Using(parser.identifiers("the name of a column")?))
                } else {
                    None
                };
                parser.wrap()?;
                let span = parser.since(start).into();
                left = TableReference::Join(Box::new(Join { left, kind, natural, right, condition, span }));
            }
            Ok(left)
        })
    }

    /// `[NATURAL] LEFT OUTER JOIN` and the like, if it is next.
    fn join_kind(&mut self) -> Parsed<Option<(bool, JoinKind)>> {
        if self.at(&["CROSS", "APPLY"]) || self.at(&["OUTER", "APPLY"]) {
            let error = self.mistake("JOIN");
            return Err(error.with_hint("APPLY is written CROSS JOIN LATERAL TABLE(function(…))"));
        }
        let natural = self.eat(&["NATURAL"]);
        let kind = match self.which(&["JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS"]) {
            Some("JOIN" | "INNER") => JoinKind::Inner,
            Some("LEFT") => JoinKind::Left,
            Some("RIGHT") => JoinKind::Right,
            Some("FULL") => JoinKind::Full,
            Some(_) if !natural => JoinKind::Cross,
            _ if natural => return self.unexpected("JOIN, INNER, LEFT, RIGHT or FULL"),
            _ => return Ok(None),
        };
        if !self.at(&["JOIN"]) {
            self.advance();
            if matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full) {
                self.eat(&["OUTER"]);
            }
        }
        self.expect(&["JOIN"])?;
        Ok(Some((natural, kind)))
    }

    /// One table, or a join in parentheses.
    fn table_factor(&mut self) -> Parsed<TableReference> {
        let start = self.span();
        let lateral = self.eat(&["LATERAL"]);
        if !lateral && self.symbol_at(0, Symbol::LeftParenthesis) && !self.query_at(1) {
            return self.parenthesized_reference();
        }
        let relation = self.relation(lateral)?;
        self.finish_factor(start, relation)
    }

    /// `(table)`, `(a JOIN b)`, `((SELECT …) UNION …)`
    fn parenthesized_reference(&mut self) -> Parsed<TableReference> {
        let start = self.span();
        let reference = self.parenthesized(|parser| {
            let inner = parser.span();
            let reference = parser.table_reference()?;
            match reference {
                TableReference::Factor(factor) if factor.is_bare() && parser.at_query_tail() => {
                    let Relation::Query { lateral: false, query } = factor.relation else {
                        return parser.unexpected("a join or `)`");
                    };
                    let query = Box::new(parser.query_behind(inner, *query)?);
                    Ok(bare(Relation::Query { lateral: false, query }, parser.since(inner)))
                }
                reference => Ok(reference),
            }
        })?;
        match reference {
            TableReference::Factor(factor) if factor.is_bare() => self.finish_factor(start, factor.relation),
            reference => Ok(reference),
        }
    }

    fn relation(&mut self, lateral: bool) -> Parsed<Relation> {
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            let query = Box::new(self.parenthesized(Self::query)?);
            return Ok(Relation::Query { lateral, query });
        }
        if self.at(&["TABLE"]) {
            self.advance();
            let call = Box::new(self.parenthesized(Self::table_function)?);
            return Ok(Relation::Function { lateral, call });
        }
        if self.at_function() {
            return Ok(Relation::Function { lateral, call: Box::new(self.table_function()?) });
        }
        // LATERAL says nothing here: UNNEST always sees the tables to its left.
        if self.eat(&["UNNEST"]) {
            let values = self.parenthesized(|parser| parser.comma_separated(Self::expression))?;
            let ordinality = self.eat(&["WITH", "ORDINALITY"]);
            return Ok(Relation::Unnest { values, ordinality });
        }
        if lateral {
            return self.unexpected("TABLE(function(…)), UNNEST or a query in parentheses behind LATERAL");
        }
        let name = self.object_name("a table")?;
        Ok(Relation::Table { name, hints: self.hints()? })
    }

    fn table_function(&mut self) -> Parsed<FunctionCall> {
        if !self.at_function() {
            return self.unexpected("a function, as in TABLE(name(…))");
        }
        self.function_call()
    }

    /// What follows a table: FOR SYSTEM_TIME, MATCH_RECOGNIZE, the alias, TABLESAMPLE.
    fn finish_factor(&mut self, start: Span, relation: Relation) -> Parsed<TableReference> {
        let system_time = if self.eat(&["FOR"]) {
            self.expect(&["SYSTEM_TIME", "AS", "OF"])?;
            Some(self.expression()?)
        } else {
            None
        };
        let match_recognize =
            if self.at(&["MATCH_RECOGNIZE"]) { Some(self.match_recognize()?) } else { None };
        let alias = match self.alias("an alias")? {
            Some(name) => Some(self.table_alias(name)?),
            None => None,
        };
        let sample = if self.eat(&["TABLESAMPLE"]) { Some(self.table_sample()?) } else { None };
        let span = self.since(start).into();
        let factor = TableFactor { relation, system_time, match_recognize, alias, sample, span };
        Ok(TableReference::Factor(Box::new(factor)))
    }

    fn table_alias(&mut self, name: Identifier) -> Parsed<TableAlias> {
        let columns = self.optional_identifiers("the name of a column")?;
        let span = self.since(*name.span).into();
        Ok(TableAlias { name, columns, span })
    }

    fn table_sample(&mut self) -> Parsed<TableSample> {
        let start = self.span();
        let method = if self.eat(&["BERNOULLI"]) {
            SampleMethod::Bernoulli
        } else if self.eat(&["SYSTEM"]) {
            SampleMethod::System
        } else {
            return self.unexpected("BERNOULLI or SYSTEM");
        };
        let percentage = self.parenthesized(|parser| parser.number("a percentage"))?;
        let seed = if self.eat(&["REPEATABLE"]) {
            Some(self.parenthesized(|parser| parser.number("a seed"))?)
        } else {
            None
        };
        Ok(TableSample { method, percentage, seed, span: self.since(start).into() })
    }
}

impl TableFactor {
    /// Whether nothing is done to the table.
    fn is_bare(&self) -> bool {
        self.system_time.is_none()
            && self.match_recognize.is_none()
            && self.alias.is_none()
            && self.sample.is_none()
    }
}

fn bare(relation: Relation, span: Span) -> TableReference {
    let span = span.into();
    let factor =
        TableFactor { relation, system_time: None, match_recognize: None, alias: None, sample: None, span };
    TableReference::Factor(Box::new(factor))
}
