//! The broadcast state pattern: one stream is seen by all subtasks and steers what they do with the other.

use std::ops::{Deref, DerefMut};

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::{Key, Record};

use super::{BroadcastState, BroadcastStates};
use crate::function::{Emitter, FunctionResult, ProcessContext};

/// A function over a stream and a broadcast stream: every subtask sees all records of the latter,
/// and keeps what it makes of them in [`BroadcastState`]s. As Flink's `BroadcastProcessFunction`.
/// Each subtask works with a clone of it.
///
/// Which stream is read when is by chance: a record may come before the rule that is meant for it. See
/// [`Stream::connect_broadcast`](crate::Stream::connect_broadcast) for an example, and
/// [`KeyedBroadcastProcessFunction`](crate::process::KeyedBroadcastProcessFunction) for one with state and
/// timers for each key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `BroadcastProcessFunction` on records `{T}` and broadcast `{B}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for closures there is `process_fn`"
)]
pub trait BroadcastProcessFunction<T, B, O>: Send + 'static {
    /// The handles of the function's broadcast states: one handle, a tuple of them, or a struct.
    type State: Send + 'static;

    /// Before the first record: declares the broadcast states, which are restored then, and takes operator
    /// state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State>;

    /// Takes a record of the main stream, and may look at the broadcast states.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias("processElement", "ReadOnlyContext"))]
    fn process(
        &mut self,
        record: T,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a record of the broadcast stream, and may change the broadcast states: in the same way in each
    /// subtask, whatever has come on the main stream. What it emits comes out once for each subtask.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processBroadcastElement")]
    fn process_broadcast(
        &mut self,
        record: B,
        state: &Self::State,
        broadcast: &mut BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// No record of the main stream follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn main_ended(
        &mut self,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, broadcast, cx, out);
        Ok(())
    }

    /// No record of the broadcast stream follows: the broadcast states stay as they are. Called again after a
    /// restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn broadcast_ended(
        &mut self,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, broadcast, cx, out);
        Ok(())
    }

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(
        &mut self,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, broadcast, cx, out);
        Ok(())
    }

    /// No record of either stream follows. Emits what is left and forgets it.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(
        &mut self,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, broadcast, cx, out);
        Ok(())
    }

    /// Hands operator state over; the broadcast states are part of the snapshot without it.
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

/// What a [`BroadcastProcessFunction`] may ask when it opens: its broadcast states, and all that an
/// [`OpenContext`] is asked.
pub struct BroadcastOpenContext<'a> {
    pub(super) states: &'a mut BroadcastStates,
    pub(super) operator: OpenContext<'a>,
}

impl BroadcastOpenContext<'_> {
    /// Declares a map that every subtask holds alike. Its name is unique among the operator states of the
    /// function. A state that the snapshot does not know begins empty.
    ///
    /// # Errors
    /// If the name is taken, key or value cannot be read back from a snapshot, or the snapshot holds another
    /// type under the name.
    #[doc(alias("getBroadcastState", "MapStateDescriptor"))]
    pub fn broadcast_state<K: Key, V: Record>(&mut self, name: &str) -> FunctionResult<BroadcastState<K, V>> {
        Ok(self.states.declare(name, &mut self.operator)?)
    }
}

impl<'a> Deref for BroadcastOpenContext<'a> {
    type Target = OpenContext<'a>;

    fn deref(&self) -> &OpenContext<'a> {
        &self.operator
    }
}

impl DerefMut for BroadcastOpenContext<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.operator
    }
}
