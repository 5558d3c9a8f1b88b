//! Plans: typed expressions, what a query means, and how it runs.

mod aggregate;
pub mod changelog;
pub mod explain;
mod expression;
pub mod identity;
mod logical;
mod path;
mod physical;
pub mod rules;

pub use aggregate::{AggregateCall, AggregateFunction};
pub use expression::{CaseBranch, Constant, Expression, ExpressionKind, LogicalOperator};
pub use logical::{LogicalNode, LogicalPlan, Scan};
pub use path::ColumnPath;
pub use physical::{PhysicalNode, PhysicalPlan};
