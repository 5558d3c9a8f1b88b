//! The mechanism under all operators that look at one batch and keep nothing.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};

/// An operator that is one function over batches, without state.
pub(crate) struct BatchFunction<F>(F);

/// The operator that calls `function` with each batch.
pub(crate) const fn each_batch<I, O, F>(function: F) -> BatchFunction<F>
where
    F: FnMut(&mut Batch<I>, &mut Output<'_, O>) -> Result<()> + Send + 'static,
{
    BatchFunction(function)
}

impl<O, F: Send + 'static> OperatorHooks<O> for BatchFunction<F> {}

impl<I, O, F> Operator<I, O> for BatchFunction<F>
where
    F: FnMut(&mut Batch<I>, &mut Output<'_, O>) -> Result<()> + Send + 'static,
{
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()> {
        (self.0)(batch, output)
    }
}
