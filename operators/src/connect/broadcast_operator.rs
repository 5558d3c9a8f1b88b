//! The operator that runs a broadcast process function.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::{BroadcastOpenContext, BroadcastProcessFunction, BroadcastStates};
use crate::function::{Closing, Times};

pub(crate) struct BroadcastProcess<F, T, B, O>
where
    F: BroadcastProcessFunction<T, B, O>,
{
    function: Closing<F>,
    /// There once the operator is open.
    opened: Option<F::State>,
    broadcast: BroadcastStates,
    times: Times,
    _types: PhantomData<fn(T, B) -> O>,
}

impl<T, B, O, F: BroadcastProcessFunction<T, B, O>> BroadcastProcess<F, T, B, O> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function: Closing::new(function, F::close),
            opened: None,
            broadcast: BroadcastStates::default(),
            times: Times::default(),
            _types: PhantomData,
        }
    }
}

fn opened<S>(opened: &Option<S>) -> Result<&S> {
    let not_open = || Error::new(ErrorKind::Internal, "a broadcast function works before it is open");
    opened.as_ref().ok_or_else(not_open)
}

impl<T, B, O, F> OperatorHooks<O> for BroadcastProcess<F, T, B, O>
where
    T: 'static,
    B: 'static,
    O: 'static,
    F: BroadcastProcessFunction<T, B, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.times.open(cx.task());
        let mut cx = BroadcastOpenContext { states: &mut self.broadcast, operator: cx.reborrow() };
        self.opened = Some(self.function.opening().open(&mut cx)?);
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &self.broadcast);
        self.times.advance(watermark, output, |cx, out| function.watermark(state, broadcast, cx, out))
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &self.broadcast);
        self.times.without_record(output, |cx, out| function.end_of_data(state, broadcast, cx, out))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.broadcast.snapshot(cx);
        Ok(self.function.get().snapshot(cx)?)
    }
}

impl<T, B, O, F> TwoInputOperator<T, B, O> for BroadcastProcess<F, T, B, O>
where
    T: 'static,
    B: 'static,
    O: 'static,
    F: BroadcastProcessFunction<T, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &self.broadcast);
        self.times
            .for_each(batch, output, |record, cx, out| function.process(record, state, broadcast, cx, out))
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &mut self.broadcast);
        self.times.for_each(batch, output, |record, cx, out| {
            function.process_broadcast(record, state, broadcast, cx, out)
        })
    }

    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &self.broadcast);
        self.times.without_record(output, |cx, out| function.main_ended(state, broadcast, cx, out))
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state, broadcast) = (self.function.get(), opened(&self.opened)?, &self.broadcast);
        self.times.without_record(output, |cx, out| function.broadcast_ended(state, broadcast, cx, out))
    }
}
