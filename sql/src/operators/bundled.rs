//! An operator that works on rows in bundles: as Flink's `KeyedMapBundleOperator`, for operators of which a bundle needs
//! but some of the rows of each key.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext, TaskContext};
use millstream_state::{CheckpointId, Timestamp};

use super::bundle::RowBundle;
use crate::chunk::Chunk;

/// Collects rows for an operator that never suspends its work, and gives it those that are left of each bundle.
pub struct Bundled<O> {
    bundle: RowBundle,
    operator: O,
}

impl<O: Operator<Chunk, Chunk>> Bundled<O> {
    /// The operator, with rows in bundles.
    pub const fn new(bundle: RowBundle, operator: O) -> Self {
        Self { bundle, operator }
    }

    fn finish_bundle(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        match self.bundle.take()? {
            Some(chunk) => self.operator.process(&mut chunk.into_batch(), output),
            None => Ok(()),
        }
    }
}

impl<O: Operator<Chunk, Chunk>> OperatorHooks<Chunk> for Bundled<O> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.operator.open(cx)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.operator.resume(output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)?;
        self.operator.watermark(watermark, output)
    }

    fn before_barrier(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)?;
        self.operator.before_barrier(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.operator.snapshot(cx)
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.operator.poll(output)
    }

    fn flush(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.operator.flush(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)?;
        self.operator.end_of_data(output)
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        self.operator.checkpoint_completed(checkpoint, cx)
    }

    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        self.operator.checkpoint_aborted(checkpoint, cx)
    }

    fn finish(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.operator.finish(cx)
    }
}

impl<O: Operator<Chunk, Chunk>> Operator<Chunk, Chunk> for Bundled<O> {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let operator = &mut self.operator;
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| {
            self.bundle.push(chunk, &mut |chunk| operator.process(&mut chunk.clone().into_batch(), output))
        })
    }
}
