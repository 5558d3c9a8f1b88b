//! A link: one operator and what comes after it.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{
    Collector, OpenContext, Operator, OperatorHooks, OperatorInfo, Output, Signal, SnapshotContext,
    SourceOperator, SourceStatus, TaskContext,
};
use crate::batch::Batch;
use crate::error::Result;
use crate::graph::SideCollector;
use crate::metrics::OperatorCounters;

/// What links of all kinds share: an operator, the batch it fills, and what comes after it.
///
/// In cache lines of its own: the links of all subtasks are made in one place, and each is written
/// to by its own core.
#[repr(align(128))]
pub(super) struct LinkCore<Op, O> {
    pub(super) operator: Op,
    info: OperatorInfo,
    counters: Arc<OperatorCounters>,
    buffer: Batch<O>,
    next: Box<dyn Collector<O>>,
    sides: Vec<Box<dyn SideCollector>>,
}

impl<O, Op: OperatorHooks<O>> LinkCore<Op, O> {
    pub(super) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        let counters = cx.metrics().operator(&info.name);
        Self { operator, info, counters, buffer: Batch::default(), next, sides }
    }

    /// Lets the operator work, then hands on what it emitted; its errors bear its name.
    #[inline]
    pub(super) fn work<R>(
        &mut self,
        cx: &mut TaskContext,
        records_in: usize,
        work: impl FnOnce(&mut Op, &mut Output<'_, O>) -> Result<R>,
    ) -> Result<R> {
        self.counters.records_in.add(records_in as u64);
        let Self { operator, info, counters, buffer, next, sides } = self;
        let mut output = Output { buffer, next: next.as_mut(), sides, cx, counters };
        let result = work(operator, &mut output).and_then(|result| output.send_all().map(|()| result));
        result.map_err(|error| error.in_operator(&info.name))
    }

    pub(super) fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        match signal {
            Signal::Open => {
                // The end of the chain first: whoever emits while opening finds the next ready.
                self.pass_on(signal, cx)?;
                let mut open = OpenContext::new(&mut self.info, cx);
                let opened = self.operator.open(&mut open).and_then(|()| open.check_all_claimed());
                self.info.restore = None;
                opened.map_err(|error| error.in_operator(&self.info.name))
            }
            Signal::Watermark(watermark) => self.work(cx, 0, |op, output| op.watermark(*watermark, output)),
            Signal::Status(status) => self.work(cx, 0, |op, output| op.status(*status, output)),
            Signal::Barrier(barrier) => {
                let mut snapshot = SnapshotContext::new(barrier, &self.info, cx);
                let taken = self.operator.snapshot(&mut snapshot);
                snapshot.hand_over();
                taken.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::EndOfData => {
                self.work(cx, 0, Op::end_of_data)?;
                self.pass_on(signal, cx)
            }
            Signal::Flush => {
                self.work(cx, 0, Op::flush)?;
                self.pass_on(signal, cx)
            }
            Signal::Poll => {
                self.work(cx, 0, Op::poll)?;
                self.pass_on(signal, cx)
            }
            Signal::Completed(checkpoint) => {
                let told = self.operator.checkpoint_completed(*checkpoint, cx);
                told.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::Aborted(checkpoint) => {
                let told = self.operator.checkpoint_aborted(*checkpoint, cx);
                told.map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
            Signal::Finish => {
                self.operator.finish(cx).map_err(|error| error.in_operator(&self.info.name))?;
                self.pass_on(signal, cx)
            }
        }
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

/// An operator with one input, inside a chain.
pub struct Link<Op, I, O> {
    core: LinkCore<Op, O>,
    _input: PhantomData<fn(I)>,
}

impl<I, O, Op: Operator<I, O>> Link<Op, I, O> {
    /// Puts `operator` before `next`.
    pub(crate) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        Self { core: LinkCore::new(operator, info, next, sides, cx), _input: PhantomData }
    }
}

impl<I, O: Send, Op: Operator<I, O>> Collector<I> for Link<Op, I, O> {
    fn batch(&mut self, batch: &mut Batch<I>, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, batch.len(), |operator, output| operator.process(batch, output))
    }

    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.core.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.core.drain(cx);
    }
}

/// A source at the head of a chain.
pub struct SourceLink<Op, O> {
    core: LinkCore<Op, O>,
}

/// A source at the head of a chain, whatever it reads.
pub(crate) trait SourceHead: Send {
    fn next(&mut self, cx: &mut TaskContext) -> Result<SourceStatus>;
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()>;
    fn drain(&mut self, cx: &mut TaskContext);
}

impl<O, Op: SourceOperator<O>> SourceLink<Op, O> {
    /// Puts `operator` before `next`.
    pub(crate) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        Self { core: LinkCore::new(operator, info, next, sides, cx) }
    }
}

impl<O: Send, Op: SourceOperator<O>> SourceHead for SourceLink<Op, O> {
    fn next(&mut self, cx: &mut TaskContext) -> Result<SourceStatus> {
        self.core.work(cx, 0, Op::next)
    }

    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.core.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.core.drain(cx);
    }
}
