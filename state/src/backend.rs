//! The keyed states of a user's function: declared by name, reached through typed handles.

mod descriptor;
mod handle;
mod heap;
mod store;

pub use descriptor::StateDescriptor;
pub use handle::{AggregatingState, ListState, MapState, ReducingState, ValueState};
pub use heap::HeapStore;
pub use store::{Current, Items, KeyedStore, StateAccess, StateId, StateRef};

#[cfg(test)]
mod tests;
