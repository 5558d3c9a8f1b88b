//! Typed handles: what a function keeps to reach its states for the current key.
//!
//! A handle is an index and a type. Reaching a value costs one checked downcast and one look-up. The handle of a
//! state that expires knows its time-to-live besides; that of any other pays for that with one branch.

mod aggregating;
mod list;
mod map;
mod reducing;
mod slot;
mod value;

pub use aggregating::AggregatingState;
pub use list::ListState;
pub use map::MapState;
pub use reducing::ReducingState;
use slot::Slot;
pub use value::ValueState;

use super::StateId;

/// A handle of a keyed state. As Flink's `State`.
pub trait KeyedState {
    /// The place of the state in the store that it was declared in.
    fn id(&self) -> StateId;
}
