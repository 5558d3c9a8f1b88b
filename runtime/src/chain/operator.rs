//! What an operator's author writes.

use std::sync::Arc;

use millstream_state::{CheckpointId, Record, Timestamp};

use super::output_tag::OutputTag;
use super::side::{self, SideCollector};
use super::{Collector, OpenContext, Signal, SnapshotContext, TaskContext};
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::event::StreamStatus;
use crate::metrics::OperatorCounters;

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
    /// are not told of the end, and this is called again when the task runs the next time. It is also
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

/// Where an operator puts its records.
pub struct Output<'a, O> {
    pub(super) buffer: &'a mut Batch<O>,
    pub(super) next: &'a mut dyn Collector<O>,
    pub(super) sides: &'a mut [Box<dyn SideCollector>],
    pub(super) cx: &'a mut TaskContext,
    pub(super) counters: &'a Arc<OperatorCounters>,
    pub(super) suspended: &'a mut bool,
}

impl<O> Output<'_, O> {
    /// Emits a record; [`Timestamp::MIN`] stands for "no timestamp".
    ///
    /// # Errors
    /// If an operator further down fails.
    #[inline]
    pub fn emit(&mut self, record: O, timestamp: Timestamp) -> Result<()> {
        self.buffer.push(record, timestamp);
        if self.buffer.is_full() { self.send() } else { Ok(()) }
    }

    /// The batch under construction, for operators that fill it a whole batch at a time; it is sent
    /// on when the operator returns. It should not grow far beyond [`Batch::FULL`]:
    /// [`Output::send`] empties it.
    #[inline]
    pub fn batch(&mut self) -> &mut Batch<O> {
        self.buffer
    }

    /// Emits a whole batch as it is, after what was emitted before.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn forward(&mut self, batch: &mut Batch<O>) -> Result<()> {
        self.send()?;
        self.counters.records_out.add(batch.rows());
        if batch.is_empty() {
            return Ok(());
        }
        self.cx.spend_batch();
        self.next.batch(batch, self.cx)
    }

    /// Hands on what has been emitted so far.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn send(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.cx.is_cancelled() {
            // The only way out of a call that never ends by itself.
            return Err(Error::new(ErrorKind::Cancelled, "the attempt is over"));
        }
        self.counters.records_out.add(self.buffer.rows());
        self.cx.spend_batch();
        let result = self.next.batch(self.buffer, self.cx);
        self.buffer.clear();
        result
    }

    /// Emits a record to a side output.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit_side<S: Record>(
        &mut self,
        tag: &OutputTag<S>,
        record: S,
        timestamp: Timestamp,
    ) -> Result<()> {
        side::emit(self.sides, tag, record, timestamp, self.cx)
    }

    /// Whether the operator should stop emitting: there is no room downstream, or the task has had its
    /// share of time. An operator of which one call may emit many records looks after each of them (it
    /// costs next to nothing), [suspends](Self::suspend) its work and returns.
    #[inline]
    pub const fn should_yield(&self) -> bool {
        self.cx.should_yield()
    }

    /// Says that the operator is not done with what it was called for. It is called again, first in
    /// [`OperatorHooks::resume`], then with what it has left in its batch; it gets neither other input nor
    /// barriers before it is done.
    pub const fn suspend(&mut self) {
        self.cx.suspend(self.suspended);
    }

    pub(super) fn send_all(&mut self) -> Result<()> {
        self.sides.iter_mut().try_for_each(|side| side.send(self.cx))?;
        self.send()
    }

    /// Emits a watermark, after what was emitted before.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit_watermark(&mut self, watermark: Timestamp) -> Result<()> {
        self.send()?;
        let signal = Signal::Watermark(watermark);
        self.sides.iter_mut().try_for_each(|side| side.signal(&signal, self.cx))?;
        self.next.signal(&signal, self.cx)
    }

    /// Emits that the stream has become idle or active, after what was emitted before.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit_status(&mut self, status: StreamStatus) -> Result<()> {
        self.send()?;
        let signal = Signal::Status(status);
        self.sides.iter_mut().try_for_each(|side| side.signal(&signal, self.cx))?;
        self.next.signal(&signal, self.cx)
    }

    /// The same output for a shorter time, for those who keep it in a context of their own.
    #[inline]
    pub fn reborrow(&mut self) -> Output<'_, O> {
        Output {
            buffer: self.buffer,
            next: self.next,
            sides: self.sides,
            cx: self.cx,
            counters: self.counters,
            suspended: self.suspended,
        }
    }

    /// Clock, waker, I/O pool and randomness of the task.
    #[inline]
    pub fn context(&mut self) -> &mut TaskContext {
        self.cx
    }

    /// The operator's counters.
    #[inline]
    pub fn counters(&self) -> &OperatorCounters {
        self.counters
    }

    /// How many records a source should emit at a time: as many as a full batch has, or fewer where an
    /// operator of its chain is slow.
    pub const fn batch_records(&self) -> usize {
        let (full, pace) = (Batch::<O>::FULL, self.cx.source_pace());
        if pace < full { pace } else { full }
    }
}
