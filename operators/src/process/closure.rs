//! Closures as keyed process functions.

use std::marker::PhantomData;

use millstream_state::Key;

use super::{KeyedContext, KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction};
use crate::function::TwoInputClosures;
use crate::{Emitter, FunctionResult};

/// One closure that declares states, and one that works on records with them.
pub(super) struct ProcessFn<D, P, S> {
    declare: D,
    process: P,
    _state: PhantomData<fn() -> S>,
}

impl<D, P, S> ProcessFn<D, P, S> {
    pub(super) const fn new(declare: D, process: P) -> Self {
        Self { declare, process, _state: PhantomData }
    }
}

impl<D: Clone, P: Clone, S> Clone for ProcessFn<D, P, S> {
    fn clone(&self) -> Self {
        Self::new(self.declare.clone(), self.process.clone())
    }
}

impl<K, I, O, D, P, S> KeyedProcessFunction<K, I, O> for ProcessFn<D, P, S>
where
    K: Key,
    S: Send + 'static,
    D: Fn(&mut KeyedOpenContext<'_, K>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
    P: FnMut(I, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
{
    type State = S;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<S> {
        (self.declare)(cx)
    }

    fn process(
        &mut self,
        record: I,
        state: &S,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.process)(record, state, cx, out)
    }
}

impl<K, A, B, O, D, P, Q, S> KeyedTwoInputProcessFunction<K, A, B, O> for TwoInputClosures<D, P, Q, S>
where
    K: Key,
    S: Send + 'static,
    D: Fn(&mut KeyedOpenContext<'_, K>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
    P: FnMut(A, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    Q: FnMut(B, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
{
    type State = S;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<S> {
        (self.declare)(cx)
    }

    fn process_first(
        &mut self,
        record: A,
        state: &S,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.first)(record, state, cx, out)
    }

    fn process_second(
        &mut self,
        record: B,
        state: &S,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.second)(record, state, cx, out)
    }
}
