//! A chain: the operators of one subtask, each handing batches to the next by one virtual call.
//!
//! [`Operator`] is what an operator's author writes; a [`Link`] connects it to what comes after;
//! [`Collector`] is what a link looks like to what comes before.

mod collector;
mod context;
mod fan_out;
mod latency_marker;
mod link;
mod link_core;
mod open_context;
mod operator;
mod operator_state;
mod output;
mod output_tag;
mod pacer;
mod replay;
mod router;
mod services;
pub(crate) mod side;
mod snapshot_context;
mod two_input;
mod watermark_state;
mod wire;

pub use collector::{Collector, Discard, Signal, Stage};
pub use context::TaskContext;
pub use fan_out::FanOut;
pub use latency_marker::LatencyMarker;
pub(crate) use latency_marker::MarkerSource;
pub use link::Link;
pub(crate) use link::{NoInput, SourceHead, SourceLink, SplitReaderHead};
pub use open_context::{OpenContext, OperatorInfo};
pub use operator::{
    Operator, OperatorHooks, SourceOperator, SourceStatus, SplitReaderOperator, TwoInputOperator,
};
pub use operator_state::OperatorListState;
pub use output::Output;
pub use output_tag::OutputTag;
pub use router::{Outlet, Router};
pub use snapshot_context::SnapshotContext;
pub use two_input::{TwoInputCollector, TwoInputLink};
pub use watermark_state::RestoredWatermark;

pub(crate) use open_context::item_shape;
pub(crate) use output_tag::SideReads;
pub(crate) use replay::{Replay, ReplayIntoChain, watermark_of};
pub(crate) use services::{Reporter, SnapshotFolders, TaskServices};
pub(crate) use side::SideCollector;
pub(crate) use snapshot_context::NamedSnapshot;
pub(crate) use wire::Wire;
