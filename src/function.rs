//! What functions are given and what they return, and the traits of those with state or timers.

pub use millstream_operators::process::{
    KeyedBroadcastContext, KeyedBroadcastOpenContext, KeyedBroadcastProcessFunction, KeyedContext,
    KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction, TimeDomain, Timer,
};
pub use millstream_operators::{
    AsyncFunction, BroadcastOpenContext, BroadcastProcessFunction, Emitter, FunctionError, FunctionResult,
    PipelineRecords, ProcessContext, ProcessFunction, TwoInputProcessFunction,
};
