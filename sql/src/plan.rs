//! Plans: typed expressions, what a query means, and how it runs.

mod aggregate;
pub mod changelog;
mod expression;
mod logical;
mod path;
mod physical;
pub mod rules;
mod window;

pub use aggregate::{AggregateCall, AggregateFunction};
pub use expression::{CaseBranch, Constant, Expression, ExpressionKind, LogicalOperator};
pub use logical::{LogicalNode, LogicalPlan, Scan};
pub use path::ColumnPath;
pub use physical::{PhysicalNode, PhysicalPlan};
pub(crate) use window::is_window_aggregate;
pub use window::{WindowColumn, WindowFunction, WindowKind, WindowProperties, Windowing, window_properties};
