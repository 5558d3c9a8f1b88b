//! The API that jobs are written in: streams, and operators on them.
//!
//! An [`Environment`] holds a job under construction. Its sources give [`Stream`]s; methods on
//! streams add operators; [`Environment::execute`] runs the whole.

pub mod async_io;
pub mod connect;
mod current_watermark;
mod due_keys;
mod environment;
pub mod function;
pub mod join;
mod keyed_stream;
mod late;
pub mod pattern;
pub mod process;
mod rolling;
pub mod sink;
pub mod source;
mod stream;
pub mod testing;
pub mod time;
mod timed_keys;
mod transform;
pub mod window;

pub use async_io::AsyncFunction;
pub use connect::{
    BroadcastConnectedStream, BroadcastOpenContext, BroadcastProcessFunction, BroadcastState,
    BroadcastStates, ConnectedStreams, TwoInputProcessFunction,
};
pub use environment::{Configuration, Environment, parse_duration};
pub use function::{Emitter, FunctionError, FunctionResult, ProcessContext};
pub use keyed_stream::KeyedStream;
pub use process::{KeyedBroadcastConnectedStream, KeyedConnectedStreams};
pub use stream::Stream;
pub use time::{WatermarkGenerator, WatermarkStrategy};
pub use transform::{PipelineRecords, ProcessFunction};

pub use millstream_runtime::graph::{ChainingPolicy, OutputTag};
pub use millstream_runtime::{Error, ErrorKind, Result};
pub use millstream_state::{
    AggregateFunction, AggregatingState, ListState, MapState, ReducingState, StateDescriptor, ValueState,
};
pub use millstream_state::{Key, Record, Timestamp};
