//! The operators that run plans, over chunks.

pub mod accumulators;
mod calc;
mod drop_update_before;
mod group_aggregate;
mod watermark;
mod window_aggregate;
mod windows;

pub use calc::Calc;
pub use drop_update_before::DropUpdateBefore;
pub use group_aggregate::{GroupAggregate, GroupAggregateSpecification};
pub use watermark::WatermarkAssigner;
pub use window_aggregate::{WindowAggregate, WindowAggregateSpecification};
