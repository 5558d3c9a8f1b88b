//! Closures in place of a function with state and two inputs.

use std::marker::PhantomData;

/// One closure that declares states, and one for each input that works on records with them.
pub(crate) struct TwoInputClosures<D, P, Q, S> {
    pub(crate) declare: D,
    pub(crate) first: P,
    pub(crate) second: Q,
    _state: PhantomData<fn() -> S>,
}

impl<D, P, Q, S> TwoInputClosures<D, P, Q, S> {
    pub(crate) const fn new(declare: D, first: P, second: Q) -> Self {
        Self { declare, first, second, _state: PhantomData }
    }
}

impl<D: Clone, P: Clone, Q: Clone, S> Clone for TwoInputClosures<D, P, Q, S> {
    fn clone(&self) -> Self {
        Self::new(self.declare.clone(), self.first.clone(), self.second.clone())
    }
}
