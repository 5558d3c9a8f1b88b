//! States of functions, and what may be in them.

pub use millstream_operators::BroadcastState;
pub use millstream_state::{
    AggregateFunction, AggregatingState, Key, ListState, MapState, Record, ReducingState, StateAccess,
    StateDescriptor, ValueState,
};

pub mod snapshot;
