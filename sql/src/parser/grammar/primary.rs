//! Operands: what stands between operators.

use crate::parser::ast::{
    CastFunction, ContextFunction, Expression, ExpressionKind, Operands, PatternSemantics, WhenClause,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::error::{ParseError, ParseErrorKind};
use crate::parser::token::{Symbol, TokenKind};

/// The functions without parentheses.
const CONTEXT_FUNCTIONS: &[(&str, ContextFunction)] = &[
    ("CURRENT_CATALOG", ContextFunction::CurrentCatalog),
    ("CURRENT_DATE", ContextFunction::CurrentDate),
    ("CURRENT_PATH", ContextFunction::CurrentPath),
    ("CURRENT_ROLE", ContextFunction::CurrentRole),
    ("CURRENT_SCHEMA", ContextFunction::CurrentSchema),
    ("CURRENT_TIME", ContextFunction::CurrentTime),
    ("CURRENT_TIMESTAMP", ContextFunction::CurrentTimestamp),
    ("CURRENT_USER", ContextFunction::CurrentUser),
    ("LOCALTIME", ContextFunction::LocalTime),
    ("LOCALTIMESTAMP", ContextFunction::LocalTimestamp),
    ("SESSION_USER", ContextFunction::SessionUser),
    ("SYSTEM_USER", ContextFunction::SystemUser),
    ("USER", ContextFunction::User),
];

impl ContextFunction {
    pub(in crate::parser) fn keyword(self) -> &'static str {
        CONTEXT_FUNCTIONS.iter().find(|(_, function)| *function == self).map_or("", |(keyword, _)| *keyword)
    }
}

impl Parser<'_> {
    /// An operand with the fields and items taken of it.
    pub fn primary(&mut self) -> Parsed<Expression> {
        let start = self.span();
        let mut value = self.nested(Self::atom)?;
        loop {
            let kind = if self.symbol_at(0, Symbol::LeftBracket) {
                let index = self.enclosed(Symbol::LeftBracket, Symbol::RightBracket, Self::expression)?;
                ExpressionKind::Item { value: Box::new(value), index: Box::new(index) }
            } else if self.symbol_at(0, Symbol::Dot) {
                self.advance();
                let field = self.identifier("a field behind the dot")?;
                ExpressionKind::Field { value: Box::new(value), field }
            } else {
                return Ok(value);
            };
            self.wrap()?;
            value = self.expression_since(start, kind);
        }
    }

    fn atom(&mut self) -> Parsed<Expression> {
        let start = self.span();
        if let Some(literal) = self.literal()? {
            return Ok(self.expression_since(start, ExpressionKind::Literal(literal)));
        }
        match self.kind_at(0) {
            TokenKind::Symbol(Symbol::LeftParenthesis) => return self.in_parentheses(),
            TokenKind::Word => {
                if let Some(kind) = self.keyword_expression()? {
                    return Ok(self.expression_since(start, kind));
                }
            }
            TokenKind::QuotedIdentifier(_) => {}
            TokenKind::Symbol(Symbol::Question) => {
                let error = self.mistake("an expression");
                return Err(error.with_hint("Flink SQL has no parameters: write the value"));
            }
            _ => return self.unexpected("an expression"),
        }
        if self.at_function() {
            let call = self.function_call()?;
            return Ok(self.expression_since(start, ExpressionKind::Function(Box::new(call))));
        }
        if !self.name_at(0) {
            return Err(self.missing_operand("an expression"));
        }
        let name = self.object_name("a name")?;
        Ok(self.expression_since(start, ExpressionKind::Column(name)))
    }

    /// `(query)`, `(a)`, `(a, b)`
    fn in_parentheses(&mut self) -> Parsed<Expression> {
        let start = self.span();
        let mut values = match self.operands()? {
            Operands::Query(query) => {
                self.wrap()?;
                return Ok(self.expression_since(start, ExpressionKind::Subquery(query)));
            }
            Operands::List(values) => values,
        };
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok(value),
            (last, _) => {
                values.extend(last);
                self.wrap()?;
                Ok(self.expression_since(start, ExpressionKind::Row(values)))
            }
        }
    }

    /// An expression that begins with a keyword, if one is next.
    fn keyword_expression(&mut self) -> Parsed<Option<ExpressionKind>> {
        let call = self.symbol_at(1, Symbol::LeftParenthesis);
        if !call {
            for (keyword, function) in CONTEXT_FUNCTIONS {
                if self.eat(&[keyword]) {
                    return Ok(Some(ExpressionKind::Context(*function)));
                }
            }
        }
        let keywords = ["INTERVAL", "CASE", "CAST", "TRY_CAST", "EXISTS", "UNIQUE", "RUNNING", "FINAL"];
        let kind = match self.which(&keywords) {
            Some("INTERVAL") => self.interval()?.kind,
            Some("CASE") => self.case()?,
            Some("CAST") => self.cast(CastFunction::Cast)?,
            Some("TRY_CAST") => self.cast(CastFunction::TryCast)?,
            Some("EXISTS") => {
                self.advance();
                ExpressionKind::Exists(Box::new(self.parenthesized(Self::query)?))
            }
            Some("UNIQUE") => {
                self.advance();
                ExpressionKind::Unique(Box::new(self.parenthesized(Self::query)?))
            }
            Some("RUNNING") => self.pattern_function(PatternSemantics::Running)?,
            // FINAL is a name like any other, unless a function follows.
            Some("FINAL") if !call && self.function_at(1) => {
                self.pattern_function(PatternSemantics::Final)?
            }
            _ => match self.collection()? {
                Some(kind) => kind,
                None => match self.nested(Self::special_function)? {
                    Some(kind) => kind,
                    None => return Ok(None),
                },
            },
        };
        self.wrap()?;
        Ok(Some(kind))
    }

    fn pattern_function(&mut self, semantics: PatternSemantics) -> Parsed<ExpressionKind> {
        self.advance();
        if !self.at_function() {
            return self.unexpected("a function behind RUNNING or FINAL");
        }
        let call = Box::new(self.function_call()?);
        Ok(ExpressionKind::PatternFunction { semantics, call })
    }

    fn case(&mut self) -> Parsed<ExpressionKind> {
        let start = self.span();
        self.expect(&["CASE"])?;
        let operand = if self.at(&["WHEN"]) { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        while branches.is_empty() || self.at(&["WHEN"]) {
            let begun = self.span();
            self.expect(&["WHEN"])?;
            let conditions = match operand {
                Some(_) => self.comma_separated(Self::expression)?,
                None => vec![self.expression()?],
            };
            self.expect(&["THEN"])?;
            let result = self.expression()?;
            branches.push(WhenClause { conditions, result, span: self.since(begun).into() });
        }
        let otherwise = self.eat(&["ELSE"]).then(|| self.expression().map(Box::new)).transpose()?;
        if !self.eat(&["END"]) {
            let error = self.mistake(if otherwise.is_some() { "END" } else { "WHEN, ELSE or END" });
            let line = self.line_of(start);
            return Err(match error.kind() {
                ParseErrorKind::Unexpected => {
                    error.with_hint(format!("the CASE of line {line} ends with END"))
                }
                _ => error,
            });
        }
        Ok(ExpressionKind::Case { operand, branches, otherwise })
    }

    fn cast(&mut self, function: CastFunction) -> Parsed<ExpressionKind> {
        self.advance();
        self.parenthesized(|parser| {
            let value = Box::new(parser.expression()?);
            parser.expect(&["AS"])?;
            let data_type = parser.plain_data_type()?;
            Ok(ExpressionKind::Cast { function, value, data_type })
        })
    }

    /// An error that is no matter of the next token.
    pub fn invalid<T>(&self, span: crate::parser::Span, message: impl Into<String>) -> Parsed<T> {
        Err(ParseError::new(ParseErrorKind::Invalid, message, span))
    }
}
