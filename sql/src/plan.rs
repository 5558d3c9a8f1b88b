//! Plans: typed expressions, what a query means, and how it runs.

mod aggregate;
pub mod changelog;
pub mod explain;
mod expression;
pub mod identity;
mod join;
mod logical;
mod lookup;
mod mini_batch;
mod path;
mod physical;
pub mod rules;
mod sort;
mod state_ttl;
mod window;

pub use aggregate::{AggregateCall, AggregateFunction, PartialColumn};
pub use expression::{CaseBranch, Constant, Expression, ExpressionKind, LogicalOperator};
pub use join::{JoinCondition, JoinHints, JoinKey, JoinKind};
pub use logical::{LogicalNode, LogicalPlan, Scan};
pub(crate) use lookup::check_lookups;
pub use lookup::{Lookup, LookupJoin, LookupKey, LookupSource};
pub use mini_batch::MiniBatch;
pub use path::ColumnPath;
pub use physical::{PhysicalNode, PhysicalPlan, Scanned};
pub use sort::{RankForm, RankStrategy, SortKey};
pub use state_ttl::{JoinStateTtl, StateTtl};
pub use window::{
    AttachedWindow, Cut, EmitStrategy, WindowColumn, WindowForm, WindowFunction, WindowKind,
    WindowProperties, Windowing, window_properties,
};
pub(crate) use window::{is_window_aggregate, is_window_join, refuse_processing_time};
