//! Expressions, with parentheses where precedence needs them.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::precedence::{ATOM, IS, NOT, PREDICATE, SIGN};
use crate::parser::ast::{
    BinaryOperator, CastFunction, ContextFunction, Expression, ExpressionKind, IsTest, JsonType,
    LikeOperator, Literal, LogicalOperator, Operands, PatternSemantics, Quantifier, UnaryOperator,
    WhenClause,
};

use super::name::Text;
use super::{Prefixed, commas, flag};

/// An operand, in parentheses if its operator binds less than `minimum`.
pub(super) struct Operand<'a>(pub &'a Expression, pub u8);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.kind.precedence() < self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

/// An operand of BETWEEN, LIKE and the like.
pub(super) fn operand(expression: &Expression) -> Operand<'_> {
    Operand(expression, PREDICATE + 1)
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for ExpressionKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Interval { negative, value, qualifier } => {
                write!(f, "INTERVAL {}{} {qualifier}", flag(*negative, "-"), IntervalValue(value))
            }
            Self::Column(name) => name.fmt(f),
            Self::Field { value, field } => write!(f, "{}.{field}", Container(value, false)),
            Self::Item { value, index } => write!(f, "{}[{index}]", Container(value, true)),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Unique(query) => write!(f, "UNIQUE ({query})"),
            Self::Subquery(query) => write!(f, "({query})"),
            Self::Row(values) => write!(f, "ROW({})", commas(values)),
            Self::Array(values) => write!(f, "ARRAY[{}]", commas(values)),
            Self::ArrayQuery(query) => write!(f, "ARRAY({query})"),
            Self::Multiset(values) => write!(f, "MULTISET[{}]", commas(values)),
            Self::MultisetQuery(query) => write!(f, "MULTISET({query})"),
            Self::Map(pairs) => {
                let items = pairs.iter().flat_map(|(key, value)| [key, value]).collect::<Vec<_>>();
                write!(f, "MAP[{}]", commas(&items))
            }
            Self::MapQuery(query) => write!(f, "MAP({query})"),
            Self::Case { operand, branches, otherwise } => {
                write!(f, "CASE{}", Prefixed(" ", operand.as_ref()))?;
                branches.iter().try_for_each(|branch| write!(f, " {branch}"))?;
                write!(f, "{} END", Prefixed(" ELSE ", otherwise.as_ref()))
            }
            Self::Cast { function, value, data_type } => write!(f, "{function}({value} AS {data_type})"),
            Self::Function(call) => call.fmt(f),
            Self::Special(function) => function.fmt(f),
            Self::Json(function) => function.fmt(f),
            Self::Context(function) => function.fmt(f),
            Self::PatternFunction { semantics, call } => write!(f, "{semantics} {call}"),
            _ => self.fmt_operator(f),
        }
    }
}

impl ExpressionKind {
    /// Expressions with an operator outermost.
    fn fmt_operator(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unary { operator: UnaryOperator::Not, operand } => {
                write!(f, "NOT {}", Operand(operand, NOT))
            }
            Self::Unary { operator, operand } => write!(f, "{operator}{}", Operand(operand, SIGN + 1)),
            Self::Binary { left, operator, right } => {
                let binds = operator.precedence();
                write!(f, "{} {operator} {}", Operand(left, binds), Operand(right, binds + 1))
            }
            Self::Logical { operator, operands } => {
                for (index, operand) in operands.iter().enumerate() {
                    if index > 0 {
                        write!(f, " {operator} ")?;
                    }
                    Operand(operand, operator.precedence() + 1).fmt(f)?;
                }
                Ok(())
            }
            Self::Is { value, negated, test } => {
                write!(f, "{} IS {}{test}", Operand(value, IS), flag(*negated, "NOT "))
            }
            Self::Between { value, negated, symmetric, low, high } => {
                let (not, symmetric) = (flag(*negated, "NOT "), flag(*symmetric, "SYMMETRIC "));
                let value = Operand(value, PREDICATE);
                write!(f, "{value} {not}BETWEEN {symmetric}{} AND {}", operand(low), operand(high))
            }
            Self::In { value, negated, operands } => {
                write!(f, "{} {}IN ({operands})", Operand(value, PREDICATE), flag(*negated, "NOT "))
            }
            Self::Like { value, negated, operator, pattern, escape } => {
                let not = flag(*negated, "NOT ");
                write!(f, "{} {not}{operator} {}", Operand(value, PREDICATE), operand(pattern))?;
                Prefixed(" ESCAPE ", escape.as_ref().map(|escape| operand(escape)).as_ref()).fmt(f)
            }
            Self::Quantified { left, operator, quantifier, operands } => {
                write!(f, "{} {operator} {quantifier} ({operands})", Operand(left, operator.precedence()))
            }
            // All others have no operator.
            _ => Ok(()),
        }
    }
}

/// What a field or item is taken of. A field of a name would be read as a longer name.
struct Container<'a>(&'a Expression, bool);

impl Display for Container<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExpressionKind::Field { .. } | ExpressionKind::Item { .. } | ExpressionKind::Function(_) => {
                self.0.fmt(f)
            }
            ExpressionKind::Column(_) if self.1 => self.0.fmt(f),
            _ => write!(f, "({})", self.0),
        }
    }
}

/// The value of an interval, in parentheses unless it is a literal or a name.
struct IntervalValue<'a>(&'a Expression);

impl Display for IntervalValue<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExpressionKind::Literal(Literal::String { value, character_set: None }) => Text(value).fmt(f),
            ExpressionKind::Literal(Literal::Number(_)) | ExpressionKind::Column(_) => {
                Operand(self.0, ATOM).fmt(f)
            }
            _ => write!(f, "({})", self.0),
        }
    }
}

impl Display for Operands {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(values) => commas(values).fmt(f),
            Self::Query(query) => query.fmt(f),
        }
    }
}

impl Display for WhenClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "WHEN {} THEN {}", commas(&self.conditions), self.result)
    }
}

impl Display for UnaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Not => "NOT",
        })
    }
}

impl Display for BinaryOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Concatenate => "||",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            Self::Overlaps => "OVERLAPS",
        })
    }
}

impl Display for LogicalOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::And => "AND",
            Self::Or => "OR",
        })
    }
}

impl Display for IsTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::True => "TRUE",
            Self::False => "FALSE",
            Self::Unknown => "UNKNOWN",
            Self::Json(JsonType::Value) => "JSON VALUE",
            Self::Json(JsonType::Object) => "JSON OBJECT",
            Self::Json(JsonType::Array) => "JSON ARRAY",
            Self::Json(JsonType::Scalar) => "JSON SCALAR",
        })
    }
}

impl Display for LikeOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
            Self::RLike => "RLIKE",
            Self::SimilarTo => "SIMILAR TO",
        })
    }
}

impl Display for Quantifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "ANY",
            Self::All => "ALL",
        })
    }
}

impl Display for CastFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cast => "CAST",
            Self::TryCast => "TRY_CAST",
        })
    }
}

impl Display for ContextFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

impl Display for PatternSemantics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "RUNNING",
            Self::Final => "FINAL",
        })
    }
}
