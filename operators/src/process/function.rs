//! What a user writes: functions that work on a record, its key's state and timers.

use millstream_runtime::chain::SnapshotContext;
use millstream_state::{Key, Timestamp};

use super::{KeyedContext, KeyedOpenContext, Timer};
use crate::function::{Emitter, FunctionResult, ProcessContext};

/// A function with state for each key, timers and side outputs. As Flink's `KeyedProcessFunction`.
///
/// All state is in [`State`](Self::State), made of handles that [`open`](Self::open) declares. What
/// the function keeps in its own fields is neither snapshotted nor tied to a key. See
/// [`KeyedStream::process`](crate::KeyedStream::process) for an example.
#[doc(alias = "RichFunction")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `KeyedProcessFunction` on records `{I}` with keys `{K}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for a closure there is `process_fn`"
)]
pub trait KeyedProcessFunction<K: Key, I, O>: Clone + Send + Sync + 'static {
    /// The handles of the function's states: one handle, a tuple of them, a struct, or `()`.
    type State: Send + 'static;

    /// Before the first record: declares the states.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<Self::State>;

    /// Takes a record. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processElement")]
    fn process(
        &mut self,
        record: I,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// A timer is due. State and timers are those of the key it was set for.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "onTimer")]
    fn on_timer(
        &mut self,
        timer: Timer,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (timer, state, cx, out);
        Ok(())
    }

    /// Event time has come to [`ProcessContext::watermark`], and the timers that were due have fired;
    /// the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record follows. Emits what is left and forgets it; windows further down are over by then.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Hands operator state over, which belongs to no key; [`KeyedOpenContext::take_list`] gives it back.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// The subtask ends, after the last record, a failure or a cancel: releases what the function holds.
    fn close(&mut self) {}
}

/// A function on two connected streams that share state and timers for each key. As Flink's
/// `KeyedCoProcessFunction`.
///
/// In which order records of the two inputs come is not determined. See
/// [`KeyedConnectedStreams::process`](super::KeyedConnectedStreams::process) for an example.
#[doc(alias = "KeyedCoProcessFunction")]
#[doc(alias = "CoProcessFunction")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `KeyedTwoInputProcessFunction` on `{A}` and `{B}` with keys `{K}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for closures there is `process_fn`"
)]
pub trait KeyedTwoInputProcessFunction<K: Key, A, B, O>: Clone + Send + Sync + 'static {
    /// The handles of the function's states: one handle, a tuple of them, a struct, or `()`.
    type State: Send + 'static;

    /// Before the first record: declares the states.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<Self::State>;

    /// Takes a record of the first input. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processElement1")]
    fn process_first(
        &mut self,
        record: A,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a record of the second input. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processElement2")]
    fn process_second(
        &mut self,
        record: B,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// A timer is due. State and timers are those of the key it was set for.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn on_timer(
        &mut self,
        timer: Timer,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (timer, state, cx, out);
        Ok(())
    }

    /// Event time of the first input alone has come to `watermark`. [`ProcessContext::watermark`] is the earlier of both, which
    /// may be behind; if it rises with this one, [`watermark`](Self::watermark) is called afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processWatermark1")]
    fn first_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (watermark, cx, out);
        Ok(())
    }

    /// Event time of the second input alone has come to `watermark`; see [`first_watermark`](Self::first_watermark).
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processWatermark2")]
    fn second_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (watermark, cx, out);
        Ok(())
    }

    /// No record of the first input follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn first_ended(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record of the second input follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn second_ended(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Event time has come to [`ProcessContext::watermark`], and the timers that were due have fired;
    /// the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record of either input follows. Emits what is left and forgets it; windows further down
    /// are over by then.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Hands operator state over, which belongs to no key; [`KeyedOpenContext::take_list`] gives it back.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// The subtask ends, after the last record, a failure or a cancel: releases what the function holds.
    fn close(&mut self) {}
}
