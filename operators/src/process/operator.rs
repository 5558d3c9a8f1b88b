//! The operators that run keyed functions: one for each number of inputs, over the same hooks.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, Output, SnapshotContext, TwoInputOperator,
};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Key, Timestamp};

use super::context::Keyed;
use super::{
    KeyedContext, KeyedOpenContext, KeyedProcessFunction, KeyedTwoInputProcessFunction, TimeDomain, Timer,
};

/// What functions of one and of two inputs have in common.
pub(super) trait TimedFunction<K: Key, O>: Send + 'static {
    type State: Send + 'static;
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> Result<Self::State>;
    fn on_timer(&mut self, timer: Timer, state: &Self::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()>;
}

pub(super) struct OneInput<F, I>(F, PhantomData<fn(I)>);
pub(super) struct TwoInputs<F, A, B>(F, PhantomData<fn(A, B)>);

impl<K: Key, I: 'static, O, F: KeyedProcessFunction<K, I, O>> TimedFunction<K, O> for OneInput<F, I> {
    type State = F::State;
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> Result<F::State> {
        self.0.open(cx)
    }
    fn on_timer(&mut self, timer: Timer, state: &F::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()> {
        self.0.on_timer(timer, state, cx)
    }
}

impl<K, A, B, O, F> TimedFunction<K, O> for TwoInputs<F, A, B>
where
    K: Key,
    A: 'static,
    B: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    type State = F::State;
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> Result<F::State> {
        self.0.open(cx)
    }
    fn on_timer(&mut self, timer: Timer, state: &F::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()> {
        self.0.on_timer(timer, state, cx)
    }
}

/// Runs a keyed function.
pub(super) struct KeyedProcess<K, O, F: TimedFunction<K, O>>
where
    K: Key,
{
    function: F,
    /// There once the operator is open.
    opened: Option<(Keyed<K>, F::State)>,
    _output: PhantomData<fn() -> O>,
}

/// The operator for a function of one input.
pub(super) fn one_input<K: Key, I: 'static, O: 'static, F: KeyedProcessFunction<K, I, O>>(
    function: F,
) -> KeyedProcess<K, O, OneInput<F, I>> {
    KeyedProcess { function: OneInput(function, PhantomData), opened: None, _output: PhantomData }
}

/// The operator for a function of two inputs.
pub(super) fn two_inputs<K, A, B, O, F>(function: F) -> KeyedProcess<K, O, TwoInputs<F, A, B>>
where
    K: Key,
    A: 'static,
    B: 'static,
    O: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    KeyedProcess { function: TwoInputs(function, PhantomData), opened: None, _output: PhantomData }
}

impl<K: Key, O, F: TimedFunction<K, O>> KeyedProcess<K, O, F> {
    /// Does `work` to each record, with a context whose key is the record's.
    #[inline]
    fn for_each<I>(
        &mut self,
        batch: &mut Batch<(K, I)>,
        output: &mut Output<'_, O>,
        mut work: impl FnMut(&mut F, I, &F::State, &mut KeyedContext<'_, K, O>) -> Result<()>,
    ) -> Result<()> {
        let (keyed, state) = opened(&mut self.opened)?;
        let mut records = batch.drain_timed();
        let Some(((key, record), timestamp)) = records.next() else { return Ok(()) };
        let mut cx = KeyedContext::new(keyed, output, key, timestamp);
        work(&mut self.function, record, state, &mut cx)?;
        for ((key, record), timestamp) in records {
            cx.set_current(key, timestamp);
            work(&mut self.function, record, state, &mut cx)?;
        }
        Ok(())
    }

    /// Fires the timers that are due, in order of time; those set meanwhile too.
    fn fire(&mut self, domain: TimeDomain, now: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let (keyed, state) = opened(&mut self.opened)?;
        while let Some((time, key)) = keyed.timers.of(domain).pop(now) {
            let timestamp = match domain {
                TimeDomain::EventTime => time,
                TimeDomain::ProcessingTime => Timestamp::MIN,
            };
            let mut cx = KeyedContext::new(keyed, output, key, timestamp);
            self.function.on_timer(Timer { time, domain }, state, &mut cx)?;
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
        self.opened = Some(Keyed::open(cx, |cx| self.function.open(cx))?);
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let now = opened(&mut self.opened)?.0.watermark.advance(watermark);
        self.fire(TimeDomain::EventTime, now, output)?;
        output.emit_watermark(watermark)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        opened(&mut self.opened)?.0.snapshot(cx)
    }

    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if opened(&mut self.opened)?.0.timers.processing_time.is_empty() {
            return Ok(());
        }
        let now = output.context().now();
        self.fire(TimeDomain::ProcessingTime, now, output)?;
        if let Some(next) = opened(&mut self.opened)?.0.timers.processing_time.next() {
            output.context().wake_at(next);
        }
        Ok(())
    }

    fn end_of_data(&mut self, _: &mut Output<'_, O>) -> Result<()> {
        // Not kept and ignored: after a restore they would fire.
        opened(&mut self.opened)?.0.timers.forget_processing_time();
        Ok(())
    }
}

impl<K, I, O, F> Operator<(K, I), O> for KeyedProcess<K, O, OneInput<F, I>>
where
    K: Key,
    I: 'static,
    O: 'static,
    F: KeyedProcessFunction<K, I, O>,
{
    fn process(&mut self, batch: &mut Batch<(K, I)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx| function.0.process(record, state, cx))
    }
}

impl<K, A, B, O, F> TwoInputOperator<(K, A), (K, B), O> for KeyedProcess<K, O, TwoInputs<F, A, B>>
where
    K: Key,
    A: 'static,
    B: 'static,
    O: 'static,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, A)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx| {
            function.0.process_first(record, state, cx)
        })
    }

    fn process_second(&mut self, batch: &mut Batch<(K, B)>, output: &mut Output<'_, O>) -> Result<()> {
        self.for_each(batch, output, |function, record, state, cx| {
            function.0.process_second(record, state, cx)
        })
    }
}
