//! One of two operators, where that is known only when the job is built.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::Timestamp;

/// One of two operators on the same records.
pub(super) enum EitherOperator<A, B> {
    First(A),
    Second(B),
}

macro_rules! delegate {
    ($self:ident, $call:ident, $($argument:ident),*) => {
        match $self {
            Self::First(operator) => operator.$call($($argument),*),
            Self::Second(operator) => operator.$call($($argument),*),
        }
    };
}

impl<O, A: OperatorHooks<O>, B: OperatorHooks<O>> OperatorHooks<O> for EitherOperator<A, B> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        delegate!(self, open, cx)
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        delegate!(self, resume, output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        delegate!(self, watermark, watermark, output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        delegate!(self, snapshot, cx)
    }

    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        delegate!(self, poll, output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        delegate!(self, end_of_data, output)
    }
}

impl<I, O, A: Operator<I, O>, B: Operator<I, O>> Operator<I, O> for EitherOperator<A, B> {
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()> {
        delegate!(self, process, batch, output)
    }
}
