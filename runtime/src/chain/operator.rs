//! What an operator's author writes.

use millstream_state::{CheckpointId, Timestamp};

use super::output::Output;
use super::{OpenContext, SnapshotContext, TaskContext};
use crate::batch::Batch;
use crate::error::Result;
use crate::event::StreamStatus;

/// What happens to an operator besides records. Every hook has a default that suits an operator
/// without state, time or outside effects.
pub trait OperatorHooks<O>: Send + 'static {
    /// Before the first record: declare and restore state.
    ///
    /// # Errors
    /// If the state in the snapshot does not fit, or whatever else the operator needs is missing.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Goes on with what the operator has [suspended](Output::suspend), in whatever method; called
    /// before anything else, and again as long as the operator suspends its work again. Does nothing
    /// where the operator keeps nothing but what it has left in its batch.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// Event time has come to `watermark`. Passes it on; implementations that override this must
    /// forward the watermark, after emitting what became due.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        output.emit_watermark(watermark)
    }

    /// The input has become idle or active. Passes it on; implementations that override this must
    /// forward the status.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, O>) -> Result<()> {
        output.emit_status(status)
    }

    /// A barrier is about to pass: emit what must not be in flight when the state is cut, such as
    /// bundles of records that are not part of the state. Called again if it suspends its work.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn before_barrier(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// Hands all state over; must be quick, for the task stands still.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// The task runs: see to processing-time timers and finished I/O. Called at least as often as
    /// [`TaskContext::wake_at`], [`TaskContext::wake_after`] and [`TaskContext::waker`] asked for.
    ///
    /// An operator that has all it can take for now, and waits for I/O, [holds its input](TaskContext::hold_input).
    ///
    /// # Errors
    /// Whatever fails the job.
    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// There is no input for now: emit what was held back only for the sake of larger batches.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn flush(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// No record follows, and the watermark has been at [`Timestamp::MAX`]. Emits what is left and
    /// forgets it: after a restore from a later snapshot this is called again.
    ///
    /// An operator with work in flight [holds the end](TaskContext::hold_end): the operators after it
    /// are not notified of the end, and this is called again when the task runs the next time. It is also
    /// called again after it has suspended its work. Barriers pass meanwhile.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// The checkpoint is real: commit what it covers.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn checkpoint_completed(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        let _ = (checkpoint, cx);
        Ok(())
    }

    /// The checkpoint will never be; what it would have covered belongs to the next.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        let _ = (checkpoint, cx);
        Ok(())
    }

    /// The job ends, and everything before is safe: commit it, and say so with
    /// [`TaskContext::hold_finish`] as long as that is not done. May be called several times.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn finish(&mut self, cx: &mut TaskContext) -> Result<()> {
        let _ = cx;
        Ok(())
    }
}

/// An operator with one input.
pub trait Operator<I, O>: OperatorHooks<O> {
    /// Takes records. An operator that [suspends](Output::suspend) its work leaves in the batch what it
    /// has not looked at: that comes again. What is left otherwise is dropped.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()>;
}

/// An operator with two inputs of different types.
pub trait TwoInputOperator<A, B, O>: OperatorHooks<O> {
    /// Takes records of the first input.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_first(&mut self, batch: &mut Batch<A>, output: &mut Output<'_, O>) -> Result<()>;
    /// Takes records of the second input.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()>;

    /// Event time of the first input has come to `watermark`, that of the second perhaps not: what the operator sends on is up to
    /// [`watermark`](OperatorHooks::watermark), which is called afterwards if both have.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn first_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let _ = (watermark, output);
        Ok(())
    }

    /// Event time of the second input has come to `watermark`; see [`first_watermark`](Self::first_watermark).
    ///
    /// # Errors
    /// Whatever fails the job.
    fn second_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let _ = (watermark, output);
        Ok(())
    }

    /// No record of the first input follows. After a restore this is called again, once the input
    /// has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// No record of the second input follows. After a restore this is called again, once the input
    /// has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let _ = output;
        Ok(())
    }
}

/// What a source has to say after it was asked for records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// Ask again.
    More,
    /// Nothing for now: the task will be woken.
    Waiting,
    /// Nothing ever again.
    Ended,
}

/// An operator without inputs. Its position must be part of its snapshot.
pub trait SourceOperator<O>: OperatorHooks<O> {
    /// Emits about one batch, never blocking.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn next(&mut self, output: &mut Output<'_, O>) -> Result<SourceStatus>;
}

/// A source that is told what to read while it runs: its input brings splits, which it reads in
/// [`SourceOperator::next`]. As Flink's `SourceOperator`, to which a `SplitEnumerator` hands splits out.
///
/// [`SourceStatus::Ended`] means that it has read all splits it was given: the stream ends only when no
/// split can follow, too.
pub trait SplitReaderOperator<S, O>: Operator<S, O> + SourceOperator<O> {
    /// What hands splits out has become [idle](StreamStatus::Idle), as long as it finds no further ones: an
    /// operator without splits need not expect any soon.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn splits_status(&mut self, status: StreamStatus, output: &mut Output<'_, O>) -> Result<()>;
}
