//! An operator with two inputs, at the head of a chain.

use std::marker::PhantomData;

use super::link::LinkCore;
use super::{Collector, OperatorInfo, Signal, TaskContext, TwoInputOperator};
use crate::batch::Batch;
use crate::error::Result;
use crate::graph::SideCollector;

/// An operator with two inputs, at the head of a chain, as the task sees it.
pub trait TwoInputCollector<A, B>: Send {
    /// Takes records of the first input.
    fn first(&mut self, batch: &mut Batch<A>, cx: &mut TaskContext) -> Result<()>;
    /// Takes records of the second input.
    fn second(&mut self, batch: &mut Batch<B>, cx: &mut TaskContext) -> Result<()>;
    /// No record of the first input follows.
    fn first_ended(&mut self, cx: &mut TaskContext) -> Result<()>;
    /// No record of the second input follows.
    fn second_ended(&mut self, cx: &mut TaskContext) -> Result<()>;
    /// Takes a signal, and passes it on.
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()>;
    /// Sends what found no room before.
    fn drain(&mut self, cx: &mut TaskContext);
}

/// Connects a two-input operator to what comes after it.
pub struct TwoInputLink<Op, A, B, O> {
    core: LinkCore<Op, O>,
    _inputs: PhantomData<fn(A, B)>,
}

impl<A, B, O, Op: TwoInputOperator<A, B, O>> TwoInputLink<Op, A, B, O> {
    /// Puts `operator` before `next`.
    pub(crate) fn new(
        operator: Op,
        info: OperatorInfo,
        next: Box<dyn Collector<O>>,
        sides: Vec<Box<dyn SideCollector>>,
        cx: &TaskContext,
    ) -> Self {
        Self { core: LinkCore::new(operator, info, next, sides, cx), _inputs: PhantomData }
    }
}

impl<A, B, O: Send, Op: TwoInputOperator<A, B, O>> TwoInputCollector<A, B> for TwoInputLink<Op, A, B, O> {
    fn first(&mut self, batch: &mut Batch<A>, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, batch.len(), |operator, output| operator.process_first(batch, output))
    }

    fn second(&mut self, batch: &mut Batch<B>, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, batch.len(), |operator, output| operator.process_second(batch, output))
    }

    fn first_ended(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, 0, Op::first_ended)
    }

    fn second_ended(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.work(cx, 0, Op::second_ended)
    }

    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.core.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.core.drain(cx);
    }
}
