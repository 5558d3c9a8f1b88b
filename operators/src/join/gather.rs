//! The records of both streams in a window, as one function of windows gets them.

use std::convert::Infallible;

use millstream_state::Record;

use super::side::Side;
use crate::function::{Emitter, FunctionResult};
use crate::window::{PaneFunction, WindowContext, WindowProcessFunction};

/// Keeps the records of both streams, each in the order in which they come.
#[derive(Clone, Copy)]
pub(super) struct KeepBoth;

impl<A: Record, B: Record> PaneFunction<Side<A, B>> for KeepBoth {
    type Accumulator = (Vec<A>, Vec<B>);
    type Output = (Vec<A>, Vec<B>);
    type Failure = Infallible;

    const MERGES: bool = false;

    fn create(&self) -> Self::Accumulator {
        (Vec::new(), Vec::new())
    }

    #[inline]
    fn add(
        &mut self,
        (firsts, seconds): &mut Self::Accumulator,
        record: Side<A, B>,
    ) -> Result<(), Infallible> {
        match record {
            Side::First(record) => firsts.push(record),
            Side::Second(record) => seconds.push(record),
        }
        Ok(())
    }

    fn merge(
        &mut self,
        accumulator: &mut Self::Accumulator,
        other: Self::Accumulator,
    ) -> Result<(), Infallible> {
        accumulator.0.extend(other.0);
        accumulator.1.extend(other.1);
        Ok(())
    }

    fn result(&mut self, accumulator: &Self::Accumulator) -> Result<Option<Self::Output>, Infallible> {
        Ok(Some(accumulator.clone()))
    }

    fn finish(&mut self, accumulator: Self::Accumulator) -> Result<Option<Self::Output>, Infallible> {
        Ok(Some(accumulator))
    }
}

/// A function of the records of both streams as one of windows.
#[derive(Clone)]
pub(super) struct Group<F>(pub(super) F);

impl<K, A, B, W, O, F> WindowProcessFunction<K, (Vec<A>, Vec<B>), W, O> for Group<F>
where
    F: FnMut(&K, &[A], &[B], &mut Emitter<'_, O>) -> FunctionResult + Clone + Send + Sync + 'static,
{
    fn process(
        &mut self,
        (firsts, seconds): (Vec<A>, Vec<B>),
        cx: &mut WindowContext<'_, K, W>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.0)(cx.key(), &firsts, &seconds, out)
    }
}
