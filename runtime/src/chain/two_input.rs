//! An operator with two inputs, at the head of a chain.

use millstream_state::Timestamp;

use super::link_core::{LinkCore, LinkInput};
use super::side::SideCollector;
use super::{Collector, OperatorInfo, Output, Signal, Stage, TaskContext, TwoInputOperator};
use crate::batch::Batch;
use crate::error::Result;

/// An operator with two inputs, at the head of a chain, as the task sees it.
pub trait TwoInputCollector<A, B>: Stage {
    /// Takes records of the first input.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn first(&mut self, batch: &mut Batch<A>, cx: &mut TaskContext) -> Result<()>;
    /// Takes records of the second input.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn second(&mut self, batch: &mut Batch<B>, cx: &mut TaskContext) -> Result<()>;
    /// Event time of the first input has come so far.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn first_watermark(&mut self, watermark: Timestamp, cx: &mut TaskContext) -> Result<()>;
    /// Event time of the second input has come so far.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn second_watermark(&mut self, watermark: Timestamp, cx: &mut TaskContext) -> Result<()>;
    /// No record of the first input follows.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn first_ended(&mut self, cx: &mut TaskContext) -> Result<()>;
    /// No record of the second input follows.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn second_ended(&mut self, cx: &mut TaskContext) -> Result<()>;
}

/// Records of either input, how far it has come in event time, or that it has ended.
enum Either<A, B> {
    First(Batch<A>),
    Second(Batch<B>),
    FirstWatermark(Timestamp),
    SecondWatermark(Timestamp),
    FirstEnded,
    SecondEnded,
}

impl<A: Send, B: Send, O, Op: TwoInputOperator<A, B, O>> LinkInput<Op, O> for Either<A, B> {
    fn len(&self) -> usize {
        match self {
            Self::First(batch) => batch.len(),
            Self::Second(batch) => batch.len(),
            _ => 0,
        }
    }

    fn rows(&self) -> u64 {
        match self {
            Self::First(batch) => batch.rows(),
            Self::Second(batch) => batch.rows(),
            _ => 0,
        }
    }

    #[inline]
    fn process(&mut self, operator: &mut Op, output: &mut Output<'_, O>) -> Result<()> {
        match self {
            Self::First(batch) => operator.process_first(batch, output),
            Self::Second(batch) => operator.process_second(batch, output),
            Self::FirstWatermark(watermark) => operator.first_watermark(*watermark, output),
            Self::SecondWatermark(watermark) => operator.second_watermark(*watermark, output),
            Self::FirstEnded => operator.first_ended(output),
            Self::SecondEnded => operator.second_ended(output),
        }
    }

    fn split_front(&mut self, len: usize) -> Self {
        match self {
            Self::First(batch) => Self::First(batch.split_front(len)),
            Self::Second(batch) => Self::Second(batch.split_front(len)),
            other => LinkInput::<Op, O>::take(other),
        }
    }

    fn take(&mut self) -> Self {
        match self {
            Self::First(batch) => Self::First(std::mem::take(batch)),
            Self::Second(batch) => Self::Second(std::mem::take(batch)),
            Self::FirstWatermark(watermark) => Self::FirstWatermark(*watermark),
            Self::SecondWatermark(watermark) => Self::SecondWatermark(*watermark),
            Self::FirstEnded => Self::FirstEnded,
            Self::SecondEnded => Self::SecondEnded,
        }
    }
}

/// Connects a two-input operator to what comes after it.
pub struct TwoInputLink<Op, A, B, O> {
    core: LinkCore<Op, Either<A, B>, O>,
}

impl<A: Send, B: Send, O, Op: TwoInputOperator<A, B, O>> TwoInputLink<Op, A, B, O> {
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

impl<A: Send, B: Send, O: Send, Op: TwoInputOperator<A, B, O>> Stage for TwoInputLink<Op, A, B, O> {
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

impl<A: Send, B: Send, O: Send, Op: TwoInputOperator<A, B, O>> TwoInputCollector<A, B>
    for TwoInputLink<Op, A, B, O>
{
    fn first(&mut self, batch: &mut Batch<A>, cx: &mut TaskContext) -> Result<()> {
        let mut input = Either::First(std::mem::take(batch));
        let taken = self.core.take_in(&mut input, cx);
        // Back to the caller, which fills it again.
        if let Either::First(emptied) = input {
            *batch = emptied;
        }
        taken
    }

    fn second(&mut self, batch: &mut Batch<B>, cx: &mut TaskContext) -> Result<()> {
        let mut input = Either::Second(std::mem::take(batch));
        let taken = self.core.take_in(&mut input, cx);
        if let Either::Second(emptied) = input {
            *batch = emptied;
        }
        taken
    }

    fn first_watermark(&mut self, watermark: Timestamp, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(&mut Either::FirstWatermark(watermark), cx)
    }

    fn second_watermark(&mut self, watermark: Timestamp, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(&mut Either::SecondWatermark(watermark), cx)
    }

    fn first_ended(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(&mut Either::FirstEnded, cx)
    }

    fn second_ended(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.core.take_in(&mut Either::SecondEnded, cx)
    }
}
