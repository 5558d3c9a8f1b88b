//! The operators that run plans, over chunks.

pub mod accumulators;
pub mod bundle;
mod bundled;
mod calc;
mod changelog_check;
pub mod changes;
mod deduplicate;
mod drop_update_before;
mod expand;
mod group_aggregate;
mod join;
mod last_rows;
mod local_aggregate;
mod lookup_join;
mod materialize;
mod mini_batch_assigner;
mod normalize;
mod not_null;
mod rank;
mod replicate_rows;
mod sort;
pub mod sort_keys;
mod time_to_live;
mod watermark;
mod window_aggregate;
mod window_join;
mod window_rank;
mod window_tvf;
mod windows;

pub use bundled::Bundled;
pub use calc::Calc;
pub use changelog_check::{ChangelogCheck, ChangelogCheckSpecification};
pub use deduplicate::{Deduplicate, DeduplicateFirst, DeduplicateSpecification};
pub use drop_update_before::DropUpdateBefore;
pub use expand::Expand;
pub use group_aggregate::{GroupAggregate, GroupAggregateSpecification};
pub use join::{Join, JoinSpecification, SideSpecification, UniqueKey};
pub use local_aggregate::LocalGroupAggregate;
pub use lookup_join::{LookupJoin, LookupJoinSpecification};
pub use materialize::SinkUpsertMaterializer;
pub use mini_batch_assigner::{ClockMarkers, WatermarkMarkers};
pub use normalize::ChangelogNormalize;
pub use not_null::NotNullEnforcer;
pub use rank::{BoundedRank, RankSpecification, RetractableRank};
pub use replicate_rows::ReplicateRows;
pub use sort::{Sort, SortSpecification};
pub use watermark::{
    EmittedWatermarks, RowWatermarks, WatermarkAssigner, WatermarkExpression, forward_from, watermark_of,
};
pub use window_aggregate::{
    LocalWindowAggregate, SessionAggregate, UpdatingWindowAggregate, WindowAggregate,
    WindowAggregateSpecification,
};
pub use window_join::{WindowJoin, WindowJoinSpecification, WindowSide};
pub use window_rank::{WindowRank, WindowRankSpecification};
pub use window_tvf::WindowTableFunction;
