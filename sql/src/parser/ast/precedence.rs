//! How much operators bind: the numbers of Calcite's operator table. Parser and printer both go by them.

use super::{BinaryOperator, ExpressionKind, LogicalOperator, UnaryOperator};

/// Binds more than all operators: names, constants, calls.
pub(in crate::parser) const ATOM: u8 = 100;
/// `-x`
pub(in crate::parser) const SIGN: u8 = 80;
/// `BETWEEN`, `IN`, `LIKE`
pub(in crate::parser) const PREDICATE: u8 = 32;
/// `IS NULL`
pub(in crate::parser) const IS: u8 = 28;
/// `NOT x`
pub(in crate::parser) const NOT: u8 = 26;

impl BinaryOperator {
    pub(in crate::parser) fn precedence(self) -> u8 {
        match self {
            Self::Multiply | Self::Divide | Self::Remainder | Self::Concatenate => 60,
            Self::Plus | Self::Minus => 40,
            _ => 30,
        }
    }

    /// Whether `ANY` and `ALL` may follow.
    pub(in crate::parser) fn is_comparison(self) -> bool {
        use BinaryOperator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual)
    }
}

impl LogicalOperator {
    pub(in crate::parser) fn precedence(self) -> u8 {
        match self {
            Self::And => 24,
            Self::Or => 22,
        }
    }
}

impl ExpressionKind {
    /// How much the outermost operator of an expression binds.
    pub(in crate::parser) fn precedence(&self) -> u8 {
        match self {
            Self::Unary { operator: UnaryOperator::Not, .. } => NOT,
            Self::Unary { .. } => SIGN,
            Self::Binary { operator, .. } | Self::Quantified { operator, .. } => operator.precedence(),
            Self::Logical { operator, .. } => operator.precedence(),
            Self::Is { .. } => IS,
            Self::Between { .. } | Self::In { .. } | Self::Like { .. } => PREDICATE,
            _ => ATOM,
        }
    }
}
