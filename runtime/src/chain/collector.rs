//! What stands behind an operator: the next operator of the chain, or the way out of the subtask.

use std::sync::Arc;

use millstream_state::{CheckpointId, Timestamp};

use super::{LatencyMarker, TaskContext};
use crate::batch::Batch;
use crate::checkpoint::Barrier;
use crate::error::Result;
use crate::event::StreamStatus;

/// Something that happens to a whole chain, in order with the records.
#[derive(Clone, Debug)]
pub enum Signal {
    /// Before the first record: restore state, make ready.
    Open,
    /// No record at or before this time follows.
    Watermark(Timestamp),
    /// Whether watermarks are to be expected.
    Status(StreamStatus),
    /// A source finds out how long its records take. Operators are not told.
    LatencyMarker(LatencyMarker),
    /// A barrier is about to pass: emit what must not be in flight when the state is cut.
    BeforeBarrier,
    /// Snapshot your state, then pass the barrier on.
    Barrier(Arc<Barrier>),
    /// No record follows: emit what you hold.
    EndOfData,
    /// There is no input for now: send what you hold back only to fill a batch.
    Flush,
    /// There is more to do, but some of the batches that are not full have waited for long enough: send those. Operators are not told,
    /// and those that have suspended their work let it pass.
    BufferTimeout,
    /// The task has been woken: see to timers and to finished I/O.
    Poll,
    /// The checkpoint is real: commit what it covers.
    Completed(CheckpointId),
    /// The checkpoint will never be.
    Aborted(CheckpointId),
    /// The job ends: everything before is covered by a completed snapshot, or needs none. Commit
    /// it. Sent again until no operator [holds the end up](TaskContext::hold_finish).
    Finish,
}

/// A part of a chain, whatever it takes in.
pub trait Stage: Send {
    /// Takes a signal, and passes it on.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()>;

    /// Sends what found no room before; what finds none still
    /// [marks the task as blocked](TaskContext::set_blocked).
    fn drain(&mut self, cx: &mut TaskContext);

    /// Goes on with the work that operators have [suspended](super::Output::suspend), beginning at
    /// the end of the chain, until the task [should yield](TaskContext::should_yield) again.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn resume(&mut self, cx: &mut TaskContext) -> Result<()>;
}

/// The next operator of a chain, or the way out of the subtask.
pub trait Collector<T>: Stage {
    /// Takes records. The batch may be changed or emptied; what is left in it is of no use to the caller.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn batch(&mut self, batch: &mut Batch<T>, cx: &mut TaskContext) -> Result<()>;
}

/// The end of a stream that nobody reads.
#[derive(Debug, Default)]
pub struct Discard;

impl Stage for Discard {
    fn signal(&mut self, _: &Signal, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
    fn drain(&mut self, _: &mut TaskContext) {}
    fn resume(&mut self, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
}

impl<T> Collector<T> for Discard {
    fn batch(&mut self, _: &mut Batch<T>, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
}
