//! What links of all kinds share: letting an operator work, in pieces if it is slow, and going on
//! with work that it has suspended.
//!
//! An operator [suspends](Output::suspend) its work when there is no room downstream, or when the
//! task has had its share of time. Whatever comes to its link meanwhile waits behind that work, in
//! order; the link goes on with both when the task [resumes](Stage::resume). So what one record, one
//! timer or one watermark gives rise to never lies in memory as a whole.

use std::collections::VecDeque;
use std::sync::Arc;

use super::pacer::Pacer;
use super::side::SideCollector;
use super::{
    Collector, OpenContext, OperatorHooks, OperatorInfo, Output, Signal, SnapshotContext, TaskContext,
};
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::OperatorCounters;

/// What an operator takes in at a time.
pub(crate) trait LinkInput<Op, O>: Send + Sized {
    /// How many elements are left in it.
    fn len(&self) -> usize;
    /// How many records that is, for the counters.
    fn rows(&self) -> u64;
    /// Hands it to the operator.
    fn process(&mut self, operator: &mut Op, output: &mut Output<'_, O>) -> Result<()>;
    /// Takes the first `len` elements off, of more than that.
    fn split_front(&mut self, len: usize) -> Self;
    /// Takes all of it.
    fn take(&mut self) -> Self;
}

/// Something that waits until the operator is done with what it has suspended.
enum Waiting<I> {
    Input(I),
    /// Input that has been counted already.
    Rest(I),
    Signal(Signal),
}

/// An operator, the batch it fills, and what comes after it.
///
/// In cache lines of its own: the links of all subtasks are made in one place, and each is written
/// to by its own core.
#[repr(align(128))]
pub(super) struct LinkCore<Op, I, O> {
    operator: Op,
    info: OperatorInfo,
    counters: Arc<OperatorCounters>,
    buffer: Batch<O>,
    next: Box<dyn Collector<O>>,
    sides: Vec<Box<dyn SideCollector>>,
    /// The operator is in the middle of something, or its input waits.
    suspended: bool,
    /// What waits, in order; empty unless the link is suspended.
    waiting: VecDeque<Waiting<I>>,
    pacer: Pacer,
    /// The operator does not let the end of its input pass yet.
    holds_end: bool,
}

impl<Op: OperatorHooks<O>, I: LinkInput<Op, O>, O> LinkCore<Op, I, O> {
    pub(super) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        let counters = cx.metrics().operator(&info.name);
        let (waiting, pacer) = (VecDeque::new(), Pacer::new());
        let buffer = Batch::default();
        Self {
            operator,
            info,
            counters,
            buffer,
            next,
            sides,
            suspended: false,
            waiting,
            pacer,
            holds_end: false,
        }
    }

    /// Lets the operator work, then hands on what it emitted; its errors bear its name.
    #[inline]
    pub(super) fn work<R>(
        &mut self,
        cx: &mut TaskContext,
        work: impl FnOnce(&mut Op, &mut Output<'_, O>) -> Result<R>,
    ) -> Result<R> {
        let Self { operator, info, counters, buffer, next, sides, suspended, .. } = self;
        // Left as it is by a panic or an error, so that it shows which operator has failed.
        let outer = cx.enter(counters.place);
        let mut output =
            Output { buffer, next: next.as_mut(), sides, cx, counters, suspended, reached: None };
        let result = work(operator, &mut output).and_then(|result| output.send_all().map(|()| result));
        if result.is_ok() {
            cx.enter(outer);
        }
        result.map_err(|error| error.in_operator(&info.name))
    }

    /// Takes input: the operator gets it at once, or when it is done with what it has suspended.
    #[inline]
    pub(super) fn take_in(&mut self, input: &mut I, cx: &mut TaskContext) -> Result<()> {
        if self.suspended {
            self.waiting.push_back(Waiting::Input(input.take()));
            return Ok(());
        }
        self.counters.records_in.add(input.rows());
        self.process(input, cx)
    }

    /// Hands input to the operator, in pieces; what is left when the task should yield waits first in line.
    #[inline]
    fn process(&mut self, input: &mut I, cx: &mut TaskContext) -> Result<()> {
        while input.len() > self.pacer.piece() {
            let mut piece = input.split_front(self.pacer.piece());
            self.process_piece(&mut piece, cx)?;
            if self.suspended || cx.should_pause() {
                self.put_back(input);
                if self.suspended {
                    self.put_back(&mut piece);
                } else {
                    cx.suspend(&mut self.suspended);
                }
                return Ok(());
            }
        }
        self.process_piece(input, cx)?;
        if self.suspended {
            self.put_back(input);
        }
        Ok(())
    }

    /// What the operator has left of its input comes before all that waits.
    #[cold]
    fn put_back(&mut self, input: &mut I) {
        if input.len() > 0 {
            self.waiting.push_front(Waiting::Rest(input.take()));
        }
    }

    #[inline]
    fn process_piece(&mut self, piece: &mut I, cx: &mut TaskContext) -> Result<()> {
        // Taken out for the call, which needs the rest of the link.
        let mut pacer = std::mem::replace(&mut self.pacer, Pacer::new());
        let processed = pacer
            .pace(piece.len(), cx, |cx| self.work(cx, |operator, output| piece.process(operator, output)));
        self.pacer = pacer;
        processed
    }

    /// Goes on with what is suspended, here and further down, until the task should yield. An operator that has not
    /// suspended anything is polled: signals do not come to it while one further up is suspended.
    pub(super) fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.sides.iter_mut().try_for_each(|side| side.resume(cx))?;
        self.next.resume(cx)?;
        if cx.should_yield() {
            return Ok(());
        }
        if !self.suspended {
            // Before those further up go on: an operator whose queue is full, and that has no use for more, says so.
            return self.work(cx, Op::poll);
        }
        cx.resume(&mut self.suspended);
        self.work(cx, Op::resume)?;
        while !self.suspended {
            match self.waiting.pop_front() {
                None => return Ok(()),
                Some(Waiting::Input(mut input)) => self.take_in(&mut input, cx)?,
                Some(Waiting::Rest(mut input)) => self.process(&mut input, cx)?,
                Some(Waiting::Signal(signal)) => self.signal_now(&signal, cx)?,
            }
            if !self.suspended && !self.waiting.is_empty() && cx.should_pause() {
                cx.suspend(&mut self.suspended);
            }
        }
        Ok(())
    }

    pub(super) fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        if self.suspended {
            match signal {
                Signal::Watermark(_)
                | Signal::Status(_)
                | Signal::LatencyMarker(_)
                | Signal::BeforeBarrier
                | Signal::EndOfData => {
                    self.waiting.push_back(Waiting::Signal(signal.clone()));
                    return Ok(());
                }
                // Both come again when the task has gone on with what is suspended.
                Signal::Flush | Signal::Poll => return Ok(()),
                Signal::Barrier(_) => {
                    let problem = "a barrier has come while the operator's work was suspended";
                    return Err(Error::new(ErrorKind::Internal, problem).in_operator(&self.info.name));
                }
                Signal::BufferTimeout
                | Signal::Open
                | Signal::Completed(_)
                | Signal::Aborted(_)
                | Signal::Finish => {}
            }
        }
        self.signal_now(signal, cx)
    }

    fn signal_now(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        match signal {
            Signal::Open => {
                // The end of the chain first: an operator that emits while opening finds the next ready.
                self.pass_on(signal, cx)?;
                cx.enter(self.counters.place);
                let mut open = OpenContext::new(&mut self.info, &self.counters, cx);
                let opened = self.operator.open(&mut open).and_then(|()| open.check_all_claimed());
                self.info.restore = None;
                opened.map_err(|error| error.in_operator(&self.info.name))
            }
            Signal::Watermark(watermark) => self.work(cx, |op, output| op.watermark(*watermark, output)),
            Signal::Status(status) => self.work(cx, |op, output| op.status(*status, output)),
            Signal::LatencyMarker(marker) => {
                // From this operator to itself there is nothing to measure.
                if marker.source.id != self.info.id {
                    self.counters.note_latency(marker, self.info.id, cx.monotonic());
                }
                self.pass_on(signal, cx)
            }
            Signal::BeforeBarrier => self.work_then_pass_on(signal, Op::before_barrier, cx),
            Signal::Barrier(barrier) => {
                cx.enter(self.counters.place);
                let mut snapshot = SnapshotContext::new(barrier, &self.info, cx);
                let mut states = self.info.registered.iter();
                let taken = states.try_for_each(|state| state.snapshot(&mut snapshot));
                let taken = taken.and_then(|()| self.operator.snapshot(&mut snapshot));
                snapshot.hand_over();
                taken.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::EndOfData => self.end_input(cx),
            Signal::Flush => {
                self.work(cx, Op::flush)?;
                self.pass_on(signal, cx)
            }
            Signal::BufferTimeout => self.pass_on(signal, cx),
            Signal::Poll => {
                self.work(cx, Op::poll)?;
                if self.holds_end && !self.suspended {
                    self.holds_end = false;
                    cx.release_end_of_chain();
                    self.end_input(cx)?;
                }
                self.pass_on(signal, cx)
            }
            Signal::Completed(checkpoint) => {
                cx.enter(self.counters.place);
                let notified = self.operator.checkpoint_completed(*checkpoint, cx);
                notified.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::Aborted(checkpoint) => {
                cx.enter(self.counters.place);
                let notified = self.operator.checkpoint_aborted(*checkpoint, cx);
                notified.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::Finish => {
                cx.enter(self.counters.place);
                self.operator.finish(cx).map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
        }
    }

    /// No input follows: the operator emits what is left, and unless it has more to come that goes for
    /// those after it, too.
    fn end_input(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.work(cx, Op::end_of_data)?;
        if cx.take_end_held() {
            self.holds_end = true;
            cx.hold_end_of_chain();
            return Ok(());
        }
        if self.suspended {
            self.waiting.push_front(Waiting::Signal(Signal::EndOfData));
            return Ok(());
        }
        self.pass_on(&Signal::EndOfData, cx)
    }

    /// Lets the operator work on a signal until it is done with it, then passes it on.
    fn work_then_pass_on(
        &mut self,
        signal: &Signal,
        work: impl FnOnce(&mut Op, &mut Output<'_, O>) -> Result<()>,
        cx: &mut TaskContext,
    ) -> Result<()> {
        self.work(cx, work)?;
        if self.suspended {
            self.waiting.push_front(Waiting::Signal(signal.clone()));
            return Ok(());
        }
        self.pass_on(signal, cx)
    }

    fn pass_on(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.sides.iter_mut().try_for_each(|side| side.signal(signal, cx))?;
        self.next.signal(signal, cx)
    }

    pub(super) fn drain(&mut self, cx: &mut TaskContext) {
        self.sides.iter_mut().for_each(|side| side.drain(cx));
        self.next.drain(cx);
    }
}
