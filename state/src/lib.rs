//! The state of a Millstream job, and its snapshots.
//!
//! Keyed and operator state, timers, key groups, the heap backend, and the files a snapshot is
//! made of. This crate starts no thread, reads no clock and knows no actor: it is told when to
//! snapshot, and hands back what must be written.
//!
//! Reading order: [`KeyGroup`] (how keys are spread), [`KeyedTable`] (where values live), [`rows`] (where
//! they live if they have no Rust type), [`snapshot`] (how they reach an object store and come back),
//! [`stores`] (what a URL of one means).

mod aggregate;
mod backend;
mod changes;
pub mod codec;
mod error;
mod fetch_ahead;
mod grouped;
mod hash;
mod identifier;
mod key_group;
mod look_ahead;
mod prefetch;
mod record;
pub mod rows;
mod shape;
pub mod snapshot;
pub mod state_processor;
pub mod stores;
pub mod suggestion;
mod table;
mod time;
mod timers;
mod window_tables;

pub use aggregate::AggregateFunction;
pub use backend::{
    AggregatingState, Current, Expiring, HeapStore, Items, KeyedState, KeyedStore, ListState, MapState,
    ReducingState, StableMap, StateAccess, StateDescriptor, StateId, StateRef, Ttl, ValueState, VisitedKey,
};
pub use error::{Result, StateError};
pub use grouped::{ContentsByHash, GroupContent, GroupedState};
pub use hash::{STABLE_HASH_START, StableHasher, fold_word, stable_hash};
pub use identifier::{CheckpointId, CheckpointName, Epoch, OperatorId};
pub use key_group::{DEFAULT_MAX_PARALLELISM, KeyGroup, KeyGroupRange, KeyGroups, UPPER_MAX_PARALLELISM};
pub use look_ahead::{LookAhead, Place, Probe};
pub use prefetch::prefetch;
pub use record::{Key, Record};
pub use shape::{RoundTripFailure, Shape};
pub use table::{Entries, KeyEntry, KeyTable, KeyedTable};
pub use time::Timestamp;
pub use timers::{DueQueue, TimerContent, TimerQueue};
pub use window_tables::{WindowTables, WindowedTable};
