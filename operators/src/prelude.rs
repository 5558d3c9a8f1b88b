//! What most jobs use: `use millstream_operators::prelude::*;`.

pub use std::time::Duration;

pub use crate::sink::Collected;
pub use crate::{
    BroadcastProcessFunction, BroadcastState, ConnectedStreams, Environment, KeyedStream, OutputTag,
    ProcessContext, ProcessFunction, Stream, Timestamp, TwoInputProcessFunction, WatermarkGenerator,
    WatermarkStrategy,
};
