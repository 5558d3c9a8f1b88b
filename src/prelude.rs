//! What most programs need: `use millstream::prelude::*;`.

pub use std::time::Duration;

pub use crate::checkpoint::CheckpointConfig;
#[cfg(feature = "files")]
pub use crate::connectors::files::{FileSink, FileSource};
pub use crate::function::{
    AsyncFunction, BroadcastOpenContext, BroadcastProcessFunction, Emitter, FunctionError, FunctionResult,
    KeyedBroadcastContext, KeyedBroadcastOpenContext, KeyedBroadcastProcessFunction, KeyedContext,
    KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction, ProcessContext, ProcessFunction,
    TimeDomain, Timer, TwoInputProcessFunction,
};
pub use crate::job::JobHandle;
pub use crate::restart::RestartStrategy;
pub use crate::sink::Collected;
pub use crate::source::GeneratorSource;
pub use crate::state::{
    AggregateFunction, AggregatingState, BroadcastState, BroadcastStates, ListState, MapState, ReducingState,
    StateDescriptor, Ttl, ValueState,
};
pub use crate::time::{WatermarkGenerator, WatermarkStrategy};
pub use crate::window::{
    EventTimeSessionWindows, GlobalWindows, SlidingEventTimeWindows, TimeWindow, TumblingEventTimeWindows,
    Window, WindowContext, WindowProcessFunction, WindowResult,
};
pub use crate::{
    Environment, Error, ErrorKind, Key, KeyedStream, OutputTag, Record, Result, Stream, Timestamp,
};
