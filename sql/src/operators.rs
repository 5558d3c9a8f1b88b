//! The operators that run plans, over chunks.

pub mod accumulators;
mod calc;
mod drop_update_before;
mod group_aggregate;
mod join;
mod watermark;
mod window_aggregate;
mod window_tvf;
mod windows;

pub use calc::Calc;
pub use drop_update_before::DropUpdateBefore;
pub use group_aggregate::{GroupAggregate, GroupAggregateSpecification};
pub use join::{Join, JoinSpecification, SideSpecification, UniqueKey};
pub use watermark::WatermarkAssigner;
pub use window_aggregate::{SessionAggregate, WindowAggregate, WindowAggregateSpecification};
pub use window_tvf::WindowTableFunction;
