//! States of functions, and what may be in them.

pub use millstream_operators::{BroadcastState, BroadcastStates};
pub use millstream_runtime::chain::OperatorListState;
pub use millstream_state::snapshot::part::Redistribution;
pub use millstream_state::{
    AggregateFunction, AggregatingState, Key, ListState, MapState, Record, ReducingState, StableMap,
    StateAccess, StateDescriptor, Ttl, ValueState,
};

pub mod snapshot;
