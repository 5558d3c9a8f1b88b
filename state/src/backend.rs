//! The keyed states of a user's function: declared by name, reached through typed handles.

mod descriptor;
mod expiring;
mod handle;
mod heap;
mod store;
mod sweep;
mod ttl;
mod visit;

pub use descriptor::StateDescriptor;
pub use expiring::{Expiring, StableMap};
pub use handle::{AggregatingState, KeyedState, ListState, MapState, ReducingState, ValueState};
pub use heap::HeapStore;
pub use store::{Current, Items, KeyedStore, StateAccess, StateId, StateRef};
pub use ttl::Ttl;
pub use visit::VisitedKey;

#[cfg(test)]
mod tests;
