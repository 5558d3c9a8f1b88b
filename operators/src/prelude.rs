//! What most jobs use: `use millstream_operators::prelude::*;`.

pub use std::time::Duration;

pub use crate::process::{
    KeyedContext, KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction, TimeDomain, Timer,
};
pub use crate::sink::Collected;
pub use crate::window::{
    EventTimeSessionWindows, GlobalWindows, SlidingEventTimeWindows, TimeWindow, TumblingEventTimeWindows,
    Window, WindowResult,
};
pub use crate::{
    AggregateFunction, AggregatingState, BroadcastProcessFunction, BroadcastState, ConnectedStreams, Emitter,
    Environment, Error, ErrorKind, FunctionError, FunctionResult, KeyedStream, ListState, MapState,
    OutputTag, ProcessContext, ProcessFunction, ReducingState, Result, StateDescriptor, Stream, Timestamp,
    TwoInputProcessFunction, ValueState, WatermarkGenerator, WatermarkStrategy,
};
