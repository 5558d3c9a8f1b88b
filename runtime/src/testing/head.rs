//! What stands at the head of the chain under test: an operator with one input, two, or none.

use millstream_state::Timestamp;

use crate::chain::{Collector, SourceHead, Stage, TaskContext, TwoInputCollector};
use crate::error::Result;

/// The head of the chain, whatever its inputs.
pub trait Head {
    /// The chain.
    fn stage(&mut self) -> &mut dyn Stage;

    /// Event time of one of two inputs has come so far; with one input there is nothing to tell.
    ///
    /// # Errors
    /// What the operator returns.
    fn input_watermark(&mut self, input: usize, watermark: Timestamp, cx: &mut TaskContext) -> Result<()> {
        let _ = (input, watermark, cx);
        Ok(())
    }
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

    fn input_watermark(&mut self, input: usize, watermark: Timestamp, cx: &mut TaskContext) -> Result<()> {
        match input {
            0 => self.0.first_watermark(watermark, cx),
            _ => self.0.second_watermark(watermark, cx),
        }
    }
}

impl Head for NoInput {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}
