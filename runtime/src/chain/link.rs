//! A link: one operator and what comes after it.

use super::link_core::{LinkCore, LinkInput};
use super::pacer::Pacer;
use super::side::SideCollector;
use super::{
    Collector, Operator, OperatorInfo, Output, Signal, SourceOperator, SourceStatus, SplitReaderOperator,
    Stage, TaskContext,
};
use crate::batch::Batch;
use crate::error::Result;
use crate::event::StreamStatus;

/// An operator with one input, inside a chain.
pub struct Link<Op, I, O> {
    core: LinkCore<Op, Batch<I>, O>,
}

impl<I: Send, O, Op: Operator<I, O>> LinkInput<Op, O> for Batch<I> {
    #[inline]
    fn len(&self) -> usize {
        Batch::len(self)
    }

    #[inline]
    fn rows(&self) -> u64 {
        Batch::rows(self)
    }

    #[inline]
    fn process(&mut self, operator: &mut Op, output: &mut Output<'_, O>) -> Result<()> {
        operator.process(self, output)
    }

    fn split_front(&mut self, len: usize) -> Self {
        Batch::split_front(self, len)
    }

    fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl<I: Send, O, Op: Operator<I, O>> Link<Op, I, O> {
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

impl<I: Send, O: Send, Op: Operator<I, O>> Stage for Link<Op, I, O> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.core.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.core.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.resume(cx)
    }
}

impl<I: Send, O: Send, Op: Operator<I, O>> Collector<I> for Link<Op, I, O> {
    fn batch(&mut self, batch: &mut Batch<I>, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(batch, cx)
    }
}

/// A source at the head of a chain. `I` is what it takes in: nothing, or splits.
pub(crate) struct SourceLink<Op, I, O> {
    core: LinkCore<Op, I, O>,
    pacer: Pacer,
}

/// What a source takes in that finds its splits itself: nothing.
pub(crate) struct NoInput;

impl<Op, O> LinkInput<Op, O> for NoInput {
    fn len(&self) -> usize {
        0
    }
    fn rows(&self) -> u64 {
        0
    }
    fn process(&mut self, _: &mut Op, _: &mut Output<'_, O>) -> Result<()> {
        Ok(())
    }
    fn split_front(&mut self, _: usize) -> Self {
        Self
    }
    fn take(&mut self) -> Self {
        Self
    }
}

/// A source at the head of a chain, whatever it reads.
pub(crate) trait SourceHead: Stage {
    /// Asks the source for about one batch.
    fn next(&mut self, cx: &mut TaskContext) -> Result<SourceStatus>;
}

impl<O, Op: SourceOperator<O>, I: LinkInput<Op, O>> SourceLink<Op, I, O> {
    /// Puts `operator` before `next`.
    pub(crate) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        Self { core: LinkCore::new(operator, info, next, sides, cx), pacer: Pacer::new() }
    }
}

impl<O: Send, Op: SourceOperator<O>, I: LinkInput<Op, O>> Stage for SourceLink<Op, I, O> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.core.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.core.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.resume(cx)
    }
}

impl<O: Send, Op: SourceOperator<O>, I: LinkInput<Op, O>> SourceHead for SourceLink<Op, I, O> {
    fn next(&mut self, cx: &mut TaskContext) -> Result<SourceStatus> {
        cx.begin_source_batch();
        let (core, len) = (&mut self.core, cx.source_pace().min(Batch::<O>::FULL));
        self.pacer.pace(len, cx, |cx| core.work(cx, Op::next))
    }
}

/// A reader of splits at the head of a chain, whatever its records are.
pub(crate) trait SplitReaderHead<S>: SourceHead {
    /// Takes splits.
    fn splits(&mut self, splits: &mut Batch<S>, cx: &mut TaskContext) -> Result<()>;
    /// Whether further splits are to be expected.
    fn splits_status(&mut self, status: StreamStatus, cx: &mut TaskContext) -> Result<()>;
}

impl<S: Send, O: Send, Op: SplitReaderOperator<S, O>> SplitReaderHead<S> for SourceLink<Op, Batch<S>, O> {
    fn splits(&mut self, splits: &mut Batch<S>, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(splits, cx)
    }

    fn splits_status(&mut self, status: StreamStatus, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, |operator, output| operator.splits_status(status, output))
    }
}
