//! Where an operator puts its records.

use std::sync::Arc;

use millstream_state::{Record, Timestamp};

use super::output_tag::OutputTag;
use super::side::{self, SideCollector};
use super::{Collector, Signal, TaskContext};
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::event::StreamStatus;
use crate::metrics::OperatorCounters;

/// Where an operator puts its records.
pub struct Output<'a, O> {
    pub(super) buffer: &'a mut Batch<O>,
    pub(super) next: &'a mut dyn Collector<O>,
    pub(super) sides: &'a mut [Box<dyn SideCollector>],
    pub(super) cx: &'a mut TaskContext,
    pub(super) counters: &'a Arc<OperatorCounters>,
    pub(super) suspended: &'a mut bool,
    /// What watermarks must be above, where somebody sees to it that they rise.
    pub(super) reached: Option<&'a mut Timestamp>,
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
    /// [`OperatorHooks::resume`](super::OperatorHooks::resume), then with what it has left in its batch; it gets neither other input nor
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
        if let Some(reached) = &mut self.reached {
            if watermark <= **reached || watermark == Timestamp::MAX {
                return Ok(());
            }
            **reached = watermark;
        }
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
            reached: self.reached.as_deref_mut(),
        }
    }

    /// Lets something emit whose watermarks may be behind what has been reached, and that does not know what follows: those
    /// that are not above `reached`, the last one that was emitted, are dropped, and so is the end of time.
    pub fn with_rising_watermarks<R>(
        &mut self,
        reached: &mut Timestamp,
        emit: impl FnOnce(&mut Output<'_, O>) -> R,
    ) -> R {
        if let Some(outer) = &self.reached {
            *reached = (*reached).max(**outer);
        }
        let mut output = self.reborrow();
        output.reached = Some(reached);
        let result = emit(&mut output);
        if let Some(outer) = &mut self.reached {
            **outer = (**outer).max(*reached);
        }
        result
    }

    /// Whether the operator may go on with the next record or timer; if not, its work is [suspended](Self::suspend),
    /// because there is no room downstream or the task has had its share of time.
    #[inline]
    pub const fn goes_on(&mut self) -> bool {
        let should_yield = self.should_yield();
        if should_yield {
            self.suspend();
        }
        !should_yield
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
