//! One accumulator for each key.

use std::sync::Arc;

use super::{KeyedState, Slot};
use crate::Result;
use crate::aggregate::AggregateFunction;
use crate::backend::expiring::Timed;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateId};
use crate::snapshot::part::StateKind;

/// One accumulator for each key. As Flink's `AggregatingState`.
pub struct AggregatingState<A: AggregateFunction> {
    slot: Slot<Timed<A::Accumulator>>,
    function: Arc<A>,
}

impl<A: AggregateFunction> Clone for AggregatingState<A> {
    fn clone(&self) -> Self {
        Self { slot: self.slot, function: self.function.clone() }
    }
}

impl<A: AggregateFunction> AggregatingState<A> {
    /// Declares the state.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare(
        store: &mut impl KeyedStore,
        descriptor: &StateDescriptor<A::Accumulator>,
        function: A,
    ) -> Result<Self> {
        let slot = Slot::declare(store, StateKind::Aggregating, descriptor)?;
        Ok(Self { slot, function: Arc::new(function) })
    }

    /// The result for the current key.
    pub fn get(&self, cx: &impl StateAccess) -> Option<A::Output> {
        self.slot.get(cx).map(|accumulator| self.function.result(&accumulator))
    }

    /// Adds a record.
    pub fn add(&self, cx: &mut impl StateAccess, input: &A::Input) {
        let create = || self.function.create_accumulator();
        self.slot.update_or(cx, create, |accumulator| self.function.add(input, accumulator));
    }

    /// Removes the accumulator of the current key.
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.slot.clear(cx);
    }
}

impl<A: AggregateFunction> KeyedState for AggregatingState<A> {
    fn id(&self) -> StateId {
        self.slot.state
    }
}
