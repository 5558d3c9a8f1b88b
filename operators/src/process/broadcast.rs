//! The broadcast state pattern on keyed streams: rules that every subtask sees, over state and timers of keys.

use std::ops::{Deref, DerefMut};

use millstream_runtime::chain::SnapshotContext;
use millstream_state::{Key, KeyedState, Record, Timestamp, VisitedKey};

use super::context::Keyed;
use super::{KeyedContext, KeyedOpenContext, Timer};
use crate::connect::{BroadcastState, BroadcastStates};
use crate::function::{Emitter, FunctionResult, ProcessContext};

/// A function over a keyed stream and a broadcast stream, with state and timers for each key, and
/// [`BroadcastState`]s that every subtask holds alike. As Flink's `KeyedBroadcastProcessFunction`.
///
/// Records of the keyed stream work on state and timers of their key, and read the broadcast states. Broadcast
/// records come to every subtask, change the broadcast states, and may
/// [visit the keys](KeyedBroadcastContext::apply_to_keyed_state). Which stream is read when is by chance: a
/// record may come before the rule that is meant for it. See
/// [`KeyedStream::connect_broadcast`](crate::KeyedStream::connect_broadcast) for an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `KeyedBroadcastProcessFunction` on records `{T}` with keys `{K}` and broadcast `{B}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for closures there is `process_fn`"
)]
pub trait KeyedBroadcastProcessFunction<K: Key, T, B, O>: Clone + Send + Sync + 'static {
    /// The handles of the function's states, of keyed and of broadcast ones: a handle, a tuple of them, or a
    /// struct.
    type State: Send + 'static;

    /// Before the first record: declares the states, which are restored then.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, K>) -> FunctionResult<Self::State>;

    /// Takes a record of the keyed stream. State and timers are those of its key; the broadcast states may be
    /// looked at.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias("processElement", "ReadOnlyContext"))]
    fn process(
        &mut self,
        record: T,
        state: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a record of the broadcast stream, and may change the broadcast states: in the same way in each
    /// subtask, whatever has come on the keyed stream. What it emits comes out once for each subtask.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processBroadcastElement")]
    fn process_broadcast(
        &mut self,
        record: B,
        state: &Self::State,
        broadcast: &mut BroadcastStates,
        cx: &mut KeyedBroadcastContext<'_, K>,
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
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (timer, state, broadcast, cx, out);
        Ok(())
    }

    /// No record of the keyed stream follows. Called again after a restore, once it has ended again.
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

    /// Event time has come to [`ProcessContext::watermark`], and the timers that were due have fired;
    /// the watermark goes on afterwards.
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

    /// No record of either stream follows. Emits what is left and forgets it; windows further down
    /// are over by then.
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

    /// Hands operator state over, which belongs to no key; [`KeyedOpenContext::take_list`] gives it back. The
    /// broadcast states are part of the snapshot without it.
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

/// What a [`KeyedBroadcastProcessFunction`] may ask when it opens: its broadcast states, and all that a
/// [`KeyedOpenContext`] is asked, above all its keyed states.
pub struct KeyedBroadcastOpenContext<'a, K> {
    states: &'a mut BroadcastStates,
    keyed: KeyedOpenContext<'a, K>,
}

impl<'a, K: Key> KeyedBroadcastOpenContext<'a, K> {
    pub(super) const fn new(keyed: KeyedOpenContext<'a, K>, states: &'a mut BroadcastStates) -> Self {
        Self { states, keyed }
    }

    /// Declares a map that every subtask holds alike. Its name is unique among the operator states of the
    /// function. A state that the snapshot does not know begins empty.
    ///
    /// # Errors
    /// If the name is taken, key or value cannot be read back from a snapshot, or the snapshot holds another
    /// type under the name.
    #[doc(alias("getBroadcastState", "MapStateDescriptor"))]
    pub fn broadcast_state<BK: Key, BV: Record>(
        &mut self,
        name: &str,
    ) -> FunctionResult<BroadcastState<BK, BV>> {
        Ok(self.states.declare(name, self.keyed.operator())?)
    }
}

impl<'a, K> Deref for KeyedBroadcastOpenContext<'a, K> {
    type Target = KeyedOpenContext<'a, K>;

    fn deref(&self) -> &KeyedOpenContext<'a, K> {
        &self.keyed
    }
}

impl<K> DerefMut for KeyedBroadcastOpenContext<'_, K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.keyed
    }
}

/// What a [`KeyedBroadcastProcessFunction`] may ask while it works on a broadcast record, which belongs to no
/// key: about time, and all keys there are.
#[doc(alias = "Context")]
pub struct KeyedBroadcastContext<'a, K> {
    keyed: &'a mut Keyed<K>,
    timestamp: Timestamp,
}

impl<'a, K: Key> KeyedBroadcastContext<'a, K> {
    pub(super) const fn new(keyed: &'a mut Keyed<K>, timestamp: Timestamp) -> Self {
        Self { keyed, timestamp }
    }

    /// The timestamp of the broadcast record, if it has one. What is emitted gets it.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp.known()
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark,
    /// [`Timestamp::MAX`] when the stream has ended.
    #[doc(alias = "currentWatermark")]
    pub const fn watermark(&self) -> Timestamp {
        self.keyed.watermark.get()
    }

    /// The processing time. Reads a clock: not for every record.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.keyed.clock.now()
    }

    /// Calls `visit` once for each key of this subtask that `state` holds anything for. It gets a context with
    /// that key, in which all keyed states can be read, changed and cleared, but no timers set. As Flink's
    /// `applyToKeyedState`.
    ///
    /// All subtasks together visit all keys. In which order is not determined. The task does nothing else
    /// meanwhile, so with many keys this takes its time.
    ///
    /// ```
    /// use millstream::prelude::*;
    /// use millstream::testing::keyed_broadcast_operator;
    ///
    /// /// Adds up what the keyed stream brings, and emits the totals that are above a limit when it is set.
    /// #[derive(Clone)]
    /// struct Above;
    ///
    /// impl KeyedBroadcastProcessFunction<char, (char, u32), u32, (char, u32)> for Above {
    ///     type State = ValueState<u32>;
    ///
    ///     fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, char>) -> FunctionResult<Self::State> {
    ///         cx.value_state("total")
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         (_, number): (char, u32),
    ///         total: &Self::State,
    ///         _: &BroadcastStates,
    ///         cx: &mut KeyedContext<'_, char>,
    ///         _: &mut Emitter<'_, (char, u32)>,
    ///     ) -> FunctionResult {
    ///         total.update_or_default(cx, |total| *total += number);
    ///         Ok(())
    ///     }
    ///
    ///     fn process_broadcast(
    ///         &mut self,
    ///         limit: u32,
    ///         total: &Self::State,
    ///         _: &mut BroadcastStates,
    ///         cx: &mut KeyedBroadcastContext<'_, char>,
    ///         out: &mut Emitter<'_, (char, u32)>,
    ///     ) -> FunctionResult {
    ///         cx.apply_to_keyed_state(total, |cx| match total.cloned(cx) {
    ///             Some(above) if above > limit => {
    ///                 total.clear(cx);
    ///                 out.emit((*cx.key(), above))
    ///             }
    ///             _ => Ok(()),
    ///         })
    ///     }
    /// }
    ///
    /// let mut harness = keyed_broadcast_operator(|(key, _): &(char, u32)| *key, Above).parallelism(2).open()?;
    /// for record in [('a', 7), ('b', 3), ('c', 9)] {
    ///     harness.push_first(record)?;
    /// }
    /// harness.push_second(5)?;
    /// let mut above = harness.take_records();
    /// above.sort();
    /// assert_eq!(above, [('a', 7), ('c', 9)]);
    /// assert_eq!(harness.state_entries("total")?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The first that `visit` returns; the keys behind it are not visited.
    ///
    /// # Panics
    /// If another function has declared the state.
    #[doc(alias = "applyToKeyedState")]
    pub fn apply_to_keyed_state(
        &mut self,
        state: &impl KeyedState,
        visit: impl FnMut(&mut VisitedKey<'_, K>) -> FunctionResult,
    ) -> FunctionResult {
        self.keyed.store.for_each_key(state, visit)
    }
}
