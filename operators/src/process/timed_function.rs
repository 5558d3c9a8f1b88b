//! What keyed functions have in common, whatever their inputs: what their operator calls besides records.

use std::marker::PhantomData;

use millstream_runtime::chain::SnapshotContext;
use millstream_state::Key;

use super::{
    KeyedBroadcastOpenContext, KeyedBroadcastProcessFunction, KeyedContext, KeyedOpenContext,
    KeyedProcessFunction, KeyedTwoInputProcessFunction, Timer,
};
use crate::connect::BroadcastStates;
use crate::function::{Emitter, FunctionResult, ProcessContext};

/// What keyed functions have in common.
pub(super) trait TimedFunction<K: Key, O>: Send + 'static {
    type State: Send + 'static;
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<Self::State>;
    fn on_timer(
        &mut self,
        timer: Timer,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;
    fn watermark(
        &mut self,
        state: &Self::State,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;
    fn end_of_data(
        &mut self,
        state: &Self::State,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult;
    fn close(&mut self);
}

pub(super) struct OneInputFunction<F, I>(pub(super) F, pub(super) PhantomData<fn(I)>);
pub(super) struct TwoInputFunction<F, A, B>(pub(super) F, pub(super) PhantomData<fn(A, B)>);

/// A function whose second input is broadcast, and its broadcast states.
pub(super) struct BroadcastFunction<F, T, B> {
    pub(super) function: F,
    pub(super) broadcast: BroadcastStates,
    pub(super) _inputs: PhantomData<fn(T, B)>,
}

/// Hands the calls that functions without broadcast state have in common on to the user's function.
macro_rules! delegate {
    () => {
        type State = F::State;
        fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<F::State> {
            self.0.open(cx)
        }
        fn on_timer(
            &mut self,
            timer: Timer,
            state: &F::State,
            cx: &mut KeyedContext<'_, K>,
            out: &mut Emitter<'_, O>,
        ) -> FunctionResult {
            self.0.on_timer(timer, state, cx, out)
        }
        fn watermark(
            &mut self,
            _: &F::State,
            cx: &mut ProcessContext<'_>,
            out: &mut Emitter<'_, O>,
        ) -> FunctionResult {
            self.0.watermark(cx, out)
        }
        fn end_of_data(
            &mut self,
            _: &F::State,
            cx: &mut ProcessContext<'_>,
            out: &mut Emitter<'_, O>,
        ) -> FunctionResult {
            self.0.end_of_data(cx, out)
        }
        fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
            self.0.snapshot(cx)
        }
        fn close(&mut self) {
            self.0.close();
        }
    };
}

impl<K: Key, I: 'static, O, F: KeyedProcessFunction<K, I, O>> TimedFunction<K, O> for OneInputFunction<F, I> {
    delegate!();
}

impl<K, A, B, O, F> TimedFunction<K, O> for TwoInputFunction<F, A, B>
where
    K: Key,
    A: 'static,
    B: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    delegate!();
}

impl<K, T, B, O, F> TimedFunction<K, O> for BroadcastFunction<F, T, B>
where
    K: Key,
    T: 'static,
    B: 'static,
    F: KeyedBroadcastProcessFunction<K, T, B, O>,
{
    type State = F::State;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<F::State> {
        self.function.open(&mut KeyedBroadcastOpenContext::new(cx.reborrow(), &mut self.broadcast))
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        state: &F::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        self.function.on_timer(timer, state, &self.broadcast, cx, out)
    }

    fn watermark(
        &mut self,
        state: &F::State,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        self.function.watermark(state, &self.broadcast, cx, out)
    }

    fn end_of_data(
        &mut self,
        state: &F::State,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        self.function.end_of_data(state, &self.broadcast, cx, out)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        self.broadcast.snapshot(cx);
        self.function.snapshot(cx)
    }

    fn close(&mut self) {
        self.function.close();
    }
}
