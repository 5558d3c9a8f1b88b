//! The operators that run keyed functions: one for each number of inputs, over the same hooks.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, Output, SnapshotContext, TwoInputOperator,
};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Key, Timestamp};

use super::context::Keyed;
use super::timed_function::{BroadcastFunction, OneInputFunction, TimedFunction, TwoInputFunction};
use super::{
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedContext, KeyedProcessFunction,
    KeyedTwoInputProcessFunction, TimeDomain, Timer,
};
use crate::connect::BroadcastStates;
use crate::function::{Closing, Emitter, FunctionResult, ProcessContext};

/// Runs a keyed function.
pub(super) struct KeyedProcess<K, O, F: TimedFunction<K, O>>
where
    K: Key,
{
    function: Closing<F>,
    /// There once the operator is open.
    opened: Option<(Keyed<K>, F::State)>,
    /// The timers that are being fired.
    firing: Option<Firing>,
    _output: PhantomData<fn() -> O>,
}

/// Timers that are being fired, until the task has to yield and goes on later.
#[derive(Clone, Copy)]
enum Firing {
    /// Those up to the latest watermark; then this watermark is sent on.
    EventTime { watermark: Timestamp },
    /// Those up to this point in time.
    ProcessingTime { now: Timestamp },
}

/// The operator for a function of one input.
pub(super) fn one_input<K: Key, I: 'static, O: 'static, F: KeyedProcessFunction<K, I, O>>(
    function: F,
) -> KeyedProcess<K, O, OneInputFunction<F, I>> {
    KeyedProcess::new(OneInputFunction(function, PhantomData))
}

/// The operator for a function of two inputs.
pub(super) fn two_inputs<K, A, B, O, F>(function: F) -> KeyedProcess<K, O, TwoInputFunction<F, A, B>>
where
    K: Key,
    A: 'static,
    B: 'static,
    O: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    KeyedProcess::new(TwoInputFunction(function, PhantomData))
}

/// The operator for a function of one input and one that is broadcast.
pub(super) fn broadcast<K, T, B, O, F>(function: F) -> KeyedProcess<K, O, BroadcastFunction<F, T, B>>
where
    K: Key,
    T: 'static,
    B: 'static,
    O: 'static,
    F: KeyedBroadcastProcessFunction<K, T, B, O>,
{
    let broadcast = BroadcastStates::default();
    KeyedProcess::new(BroadcastFunction { function, broadcast, _inputs: PhantomData })
}

impl<K: Key, O, F: TimedFunction<K, O>> KeyedProcess<K, O, F> {
    fn new(function: F) -> Self {
        Self { function: Closing::new(function, F::close), opened: None, firing: None, _output: PhantomData }
    }

    /// Does `work` to each record, with a context whose key is the record's, until all are done or the
    /// task should yield.
    #[inline]
    fn for_each<I>(
        &mut self,
        batch: &mut Batch<(K, I)>,
        output: &mut Output<'_, O>,
        mut work: impl FnMut(
            &mut F,
            I,
            &F::State,
            &mut KeyedContext<'_, K>,
            &mut Emitter<'_, O>,
        ) -> FunctionResult,
    ) -> Result<()> {
        let (keyed, state) = opened(&mut self.opened)?;
        keyed.advance(batch.len());
        let function = self.function.get();
        let mut out = Emitter::new(output, Timestamp::MIN);
        batch.drain_while(|(key, record), timestamp| {
            let mut cx = KeyedContext::new(keyed, key, timestamp);
            out.set_timestamp(timestamp);
            work(function, record, state, &mut cx, &mut out)?;
            Ok::<_, Error>(out.goes_on())
        })?;
        self.arm(output)
    }

    /// Fires the timers that are due, in order of time; those set meanwhile too. Then sends the
    /// watermark on that has made them due.
    fn fire(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let Some(firing) = self.firing else { return Ok(()) };
        let (keyed, state) = opened(&mut self.opened)?;
        keyed.advance(1);
        let function = self.function.get();
        let (domain, now) = match firing {
            Firing::EventTime { .. } => (TimeDomain::EventTime, keyed.watermark.get()),
            Firing::ProcessingTime { now } => (TimeDomain::ProcessingTime, now),
        };
        while let Some((time, key)) = keyed.timers.of(domain).pop(now) {
            let timestamp = match domain {
                TimeDomain::EventTime => time,
                TimeDomain::ProcessingTime => Timestamp::MIN,
            };
            let mut out = Emitter::new(output, timestamp);
            let mut cx = KeyedContext::new(keyed, key, timestamp);
            function.on_timer(Timer { time, domain }, state, &mut cx, &mut out)?;
            if !out.goes_on() {
                return Ok(());
            }
        }
        self.firing = None;
        if let Firing::EventTime { watermark } = firing {
            let mut out = Emitter::new(output, keyed.watermark.get());
            function.watermark(state, &mut keyed.without_key(), &mut out)?;
            output.emit_watermark(watermark)?;
        }
        self.arm(output)
    }

    /// Does `work` that is about no key.
    fn without_key(
        &mut self,
        output: &mut Output<'_, O>,
        work: impl FnOnce(&mut F, &F::State, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult,
    ) -> Result<()> {
        let (keyed, state) = opened(&mut self.opened)?;
        let mut out = Emitter::new(output, keyed.watermark.get());
        Ok(work(self.function.get(), state, &mut keyed.without_key(), &mut out)?)
    }

    /// Has the task woken for the next processing-time timer.
    fn arm(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if let Some(next) = opened(&mut self.opened)?.0.timers.processing_time.next() {
            output.context().wake_at(next);
        }
        Ok(())
    }
}

fn opened<K, S>(opened: &mut Option<(Keyed<K>, S)>) -> Result<(&mut Keyed<K>, &S)> {
    let Some((keyed, state)) = opened else {
        return Err(Error::new(ErrorKind::Internal, "a keyed function works before it is open"));
    };
    Ok((keyed, state))
}

impl<K: Key, O: 'static, F: TimedFunction<K, O>> OperatorHooks<O> for KeyedProcess<K, O, F> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let function = self.function.opening();
        self.opened = Some(Keyed::open(cx, |cx| function.open(cx))?);
        Ok(())
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.fire(output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        opened(&mut self.opened)?.0.watermark.advance(watermark);
        self.firing = Some(Firing::EventTime { watermark });
        self.fire(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        opened(&mut self.opened)?.0.snapshot(cx)?;
        Ok(self.function.get().snapshot(cx)?)
    }

    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let keyed = opened(&mut self.opened)?.0;
        keyed.poll_expiry(output.context());
        if keyed.timers.processing_time.is_empty() {
            return Ok(());
        }
        self.firing = Some(Firing::ProcessingTime { now: output.context().now() });
        self.fire(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        // Not kept and ignored: after a restore they would fire.
        opened(&mut self.opened)?.0.timers.forget_processing_time();
        self.without_key(output, |function, state, cx, out| function.end_of_data(state, cx, out))
    }
}

impl<K, I, O, F> Operator<(K, I), O> for KeyedProcess<K, O, OneInputFunction<F, I>>
where
    K: Key,
    I: 'static,
    O: 'static,
    F: KeyedProcessFunction<K, I, O>,
{
    fn process(&mut self, batch: &mut Batch<(K, I)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx, out| {
            function.0.process(record, state, cx, out)
        })
    }
}

impl<K, A, B, O, F> TwoInputOperator<(K, A), (K, B), O> for KeyedProcess<K, O, TwoInputFunction<F, A, B>>
where
    K: Key,
    A: 'static,
    B: 'static,
    O: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, A)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx, out| {
            function.0.process_first(record, state, cx, out)
        })
    }

    fn process_second(&mut self, batch: &mut Batch<(K, B)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx, out| {
            function.0.process_second(record, state, cx, out)
        })
    }

    fn first_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |function, _, cx, out| function.0.first_watermark(watermark, cx, out))
    }

    fn second_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |function, _, cx, out| function.0.second_watermark(watermark, cx, out))
    }

    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |function, _, cx, out| function.0.first_ended(cx, out))
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |function, _, cx, out| function.0.second_ended(cx, out))
    }
}

impl<K, T, B, O, F> TwoInputOperator<(K, T), B, O> for KeyedProcess<K, O, BroadcastFunction<F, T, B>>
where
    K: Key,
    T: 'static,
    B: 'static,
    O: 'static,
    F: KeyedBroadcastProcessFunction<K, T, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx, out| {
            function.function.process(record, state, &function.broadcast, cx, out)
        })
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        let (keyed, state) = opened(&mut self.opened)?;
        keyed.advance(batch.len());
        let BroadcastFunction { function, broadcast, .. } = self.function.get();
        let mut out = Emitter::new(output, Timestamp::MIN);
        batch.drain_while(|record, timestamp| {
            out.set_timestamp(timestamp);
            let mut cx = KeyedBroadcastContext::new(keyed, timestamp);
            function.process_broadcast(record, state, broadcast, &mut cx, &mut out)?;
            Ok::<_, Error>(out.goes_on())
        })
    }

    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |BroadcastFunction { function, broadcast, .. }, state, cx, out| {
            function.main_ended(state, broadcast, cx, out)
        })
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.without_key(output, |BroadcastFunction { function, broadcast, .. }, state, cx, out| {
            function.broadcast_ended(state, broadcast, cx, out)
        })
    }
}
