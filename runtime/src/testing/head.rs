//! What stands at the head of the chain under test: an operator with one input, two, or none.

use crate::chain::{Collector, SourceHead, Stage, TwoInputCollector};

/// The head of the chain, whatever its inputs.
pub trait Head {
    /// The chain.
    fn stage(&mut self) -> &mut dyn Stage;
}

/// An operator with one input, or a sink.
pub struct OneInput<I>(pub(super) Box<dyn Collector<I>>);

/// An operator with two inputs.
pub struct TwoInputs<A, B>(pub(super) Box<dyn TwoInputCollector<A, B>>);

/// A source.
pub struct NoInput(pub(super) Box<dyn SourceHead>);

impl<I> Head for OneInput<I> {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}

impl<A, B> Head for TwoInputs<A, B> {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}

impl Head for NoInput {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}
