//! Plans: typed expressions, what a query means, and how it runs.

mod expression;

pub use expression::{CaseBranch, Constant, Expression, ExpressionKind, LogicalOperator};
