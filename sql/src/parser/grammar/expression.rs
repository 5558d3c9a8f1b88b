//! Operators, by precedence climbing.

use crate::parser::ast::precedence::{IS, NOT, PREDICATE, SIGN};
use crate::parser::ast::{
    BinaryOperator, Expression, ExpressionKind, IsTest, JsonType, LikeOperator, LogicalOperator, Operands,
    Quantifier, UnaryOperator,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::span::Span;
use crate::parser::token::{Symbol, TokenKind};

impl Parser<'_> {
    /// An expression and nothing behind it.
    pub fn single_expression(&mut self) -> Parsed<Expression> {
        let expression = self.expression()?;
        match self.kind_at(0) {
            TokenKind::End => Ok(expression),
            _ => self.unexpected("an operator or the end of the expression"),
        }
    }

    /// An expression.
    pub fn expression(&mut self) -> Parsed<Expression> {
        self.operators(0)
    }

    /// An expression that ends where IN, LIKE, BETWEEN or a comparison stands.
    pub fn operand(&mut self) -> Parsed<Expression> {
        self.operators(PREDICATE + 1)
    }

    /// Operands and the operators between them that bind at least as much as `minimum`.
    fn operators(&mut self, minimum: u8) -> Parsed<Expression> {
        self.nested(|parser| {
            let start = parser.span();
            let mut left = parser.prefix()?;
            loop {
                left = match parser.operator(start, left, minimum)? {
                    (expression, true) => expression,
                    (expression, false) => return Ok(expression),
                };
            }
        })
    }

    /// An operand with the operators before it.
    fn prefix(&mut self) -> Parsed<Expression> {
        let start = self.span();
        let operator = match self.kind_at(0) {
            TokenKind::Symbol(Symbol::Minus) => UnaryOperator::Minus,
            TokenKind::Symbol(Symbol::Plus) => UnaryOperator::Plus,
            _ if self.at(&["NOT"]) => UnaryOperator::Not,
            _ => return self.primary(),
        };
        self.advance();
        let operand = self.operators(if operator == UnaryOperator::Not { NOT } else { SIGN })?;
        self.wrap()?;
        Ok(self.expression_since(start, ExpressionKind::Unary { operator, operand: Box::new(operand) }))
    }

    /// Takes the operator behind `left` and its other operands, if there is one that binds at least as much as
    /// `minimum`; says whether there was.
    fn operator(&mut self, start: Span, left: Expression, minimum: u8) -> Parsed<(Expression, bool)> {
        let binary = self.binary_operator();
        let kind = if let Some((operator, tokens)) = binary {
            if operator.precedence() < minimum {
                return Ok((left, false));
            }
            for _ in 0..tokens {
                self.advance();
            }
            self.binary(left, operator)?
        } else if let Some(operator) = self.logical_operator() {
            if operator.precedence() < minimum {
                return Ok((left, false));
            }
            self.logical(left, operator)?
        } else if self.at(&["IS"]) && IS >= minimum {
            self.is(left)?
        } else if PREDICATE >= minimum && self.at_predicate() {
            self.predicate(left)?
        } else {
            return Ok((left, false));
        };
        self.wrap()?;
        Ok((self.expression_since(start, kind), true))
    }

    /// The operator between two operands that is next, and of how many tokens it is.
    fn binary_operator(&self) -> Option<(BinaryOperator, usize)> {
        let operator = match self.kind_at(0) {
            TokenKind::Symbol(symbol) => match symbol {
                Symbol::Plus => BinaryOperator::Plus,
                Symbol::Minus => BinaryOperator::Minus,
                Symbol::Asterisk => BinaryOperator::Multiply,
                Symbol::Slash => BinaryOperator::Divide,
                Symbol::Percent => BinaryOperator::Remainder,
                Symbol::Concatenate => BinaryOperator::Concatenate,
                Symbol::Equal => BinaryOperator::Equal,
                Symbol::NotEqual => BinaryOperator::NotEqual,
                Symbol::Less => BinaryOperator::Less,
                Symbol::LessOrEqual => BinaryOperator::LessOrEqual,
                Symbol::Greater => BinaryOperator::Greater,
                Symbol::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
                _ => return None,
            },
            _ if self.at(&["IS", "DISTINCT", "FROM"]) => return Some((BinaryOperator::IsDistinctFrom, 3)),
            _ if self.at(&["IS", "NOT", "DISTINCT", "FROM"]) => {
                return Some((BinaryOperator::IsNotDistinctFrom, 4));
            }
            _ if self.at(&["OVERLAPS"]) => BinaryOperator::Overlaps,
            _ => return None,
        };
        Some((operator, 1))
    }

    fn binary(&mut self, left: Expression, operator: BinaryOperator) -> Parsed<ExpressionKind> {
        let left = Box::new(left);
        if operator.is_comparison() && self.symbol_at(1, Symbol::LeftParenthesis) {
            let quantifier = match self.which(&["ANY", "SOME", "ALL"]) {
                Some("ALL") => Some(Quantifier::All),
                Some(_) => Some(Quantifier::Any),
                None => None,
            };
            if let Some(quantifier) = quantifier {
                self.advance();
                let operands = self.operands()?;
                return Ok(ExpressionKind::Quantified { left, operator, quantifier, operands });
            }
        }
        let right = Box::new(self.operators(operator.precedence() + 1)?);
        Ok(ExpressionKind::Binary { left, operator, right })
    }

    fn logical_operator(&self) -> Option<LogicalOperator> {
        match self.which(&["AND", "OR"])? {
            "AND" => Some(LogicalOperator::And),
            _ => Some(LogicalOperator::Or),
        }
    }

    /// All operands of a chain of AND or OR: one level of the tree, however long.
    fn logical(&mut self, first: Expression, operator: LogicalOperator) -> Parsed<ExpressionKind> {
        let mut operands = vec![first];
        while self.logical_operator() == Some(operator) {
            self.advance();
            operands.push(self.operators(operator.precedence() + 1)?);
        }
        Ok(ExpressionKind::Logical { operator, operands })
    }

    /// `IS [NOT] NULL` and the like, from the IS on.
    fn is(&mut self, value: Expression) -> Parsed<ExpressionKind> {
        self.expect(&["IS"])?;
        let negated = self.eat(&["NOT"]);
        let test = if self.eat(&["NULL"]) {
            IsTest::Null
        } else if self.eat(&["TRUE"]) {
            IsTest::True
        } else if self.eat(&["FALSE"]) {
            IsTest::False
        } else if self.eat(&["UNKNOWN"]) {
            IsTest::Unknown
        } else if self.eat(&["JSON"]) {
            IsTest::Json(self.json_type())
        } else {
            let not = if negated { "" } else { "NOT, " };
            return self.unexpected(&format!("{not}NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON"));
        };
        Ok(ExpressionKind::Is { value: Box::new(value), negated, test })
    }

    fn json_type(&mut self) -> JsonType {
        if self.eat(&["OBJECT"]) {
            JsonType::Object
        } else if self.eat(&["ARRAY"]) {
            JsonType::Array
        } else if self.eat(&["SCALAR"]) {
            JsonType::Scalar
        } else {
            self.eat(&["VALUE"]);
            JsonType::Value
        }
    }

    fn at_predicate(&self) -> bool {
        let keywords = ["BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "SIMILAR"];
        let ahead = usize::from(self.at(&["NOT"]));
        keywords.iter().any(|keyword| self.keyword_at(ahead, keyword))
    }

    /// `[NOT] BETWEEN`, `[NOT] IN`, `[NOT] LIKE` and the like.
    fn predicate(&mut self, value: Expression) -> Parsed<ExpressionKind> {
        let value = Box::new(value);
        let negated = self.eat(&["NOT"]);
        if self.eat(&["BETWEEN"]) {
            let symmetric = self.eat(&["SYMMETRIC"]);
            if !symmetric {
                self.eat(&["ASYMMETRIC"]);
            }
            let low = Box::new(self.operand()?);
            self.expect(&["AND"])?;
            let high = Box::new(self.operand()?);
            return Ok(ExpressionKind::Between { value, negated, symmetric, low, high });
        }
        if self.eat(&["IN"]) {
            let operands = self.operands()?;
            return Ok(ExpressionKind::In { value, negated, operands });
        }
        let operator = if self.eat(&["LIKE"]) {
            LikeOperator::Like
        } else if self.eat(&["ILIKE"]) {
            LikeOperator::ILike
        } else if self.eat(&["RLIKE"]) {
            LikeOperator::RLike
        } else {
            self.expect(&["SIMILAR", "TO"])?;
            LikeOperator::SimilarTo
        };
        let pattern = Box::new(self.operand()?);
        let escape = self.eat(&["ESCAPE"]).then(|| self.operand().map(Box::new)).transpose()?;
        Ok(ExpressionKind::Like { value, negated, operator, pattern, escape })
    }

    /// `(a, b)` or `(query)`.
    pub fn operands(&mut self) -> Parsed<Operands> {
        self.parenthesized(|parser| {
            if parser.at_query() {
                return Ok(Operands::Query(Box::new(parser.query()?)));
            }
            let start = parser.span();
            let first = parser.expression()?;
            let first = match first.kind {
                // `((SELECT …) UNION …)`: what looked like an operand is the begin of a query.
                ExpressionKind::Subquery(query) if parser.at_query_tail() => {
                    return Ok(Operands::Query(Box::new(parser.query_behind(start, *query)?)));
                }
                kind => Expression { kind, span: first.span },
            };
            let mut values = vec![first];
            while parser.eat_symbol(Symbol::Comma) {
                values.push(parser.expression()?);
            }
            Ok(Operands::List(values))
        })
    }
}
