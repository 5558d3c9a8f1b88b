//! What functions are given and what they return, and the traits of those with state or timers.

pub use millstream_operators::process::{
    KeyedContext, KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction, TimeDomain, Timer,
};
pub use millstream_operators::{
    BroadcastProcessFunction, Emitter, FunctionError, FunctionResult, PipelineRecords, ProcessContext,
    ProcessFunction, TwoInputProcessFunction,
};
