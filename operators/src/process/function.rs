//! What a user writes: functions that work on a record, its key's state and timers.

use millstream_runtime::Result;
use millstream_state::Key;

use super::{KeyedContext, KeyedOpenContext, Timer};

/// A function with state for each key, timers and side outputs. As Flink's `KeyedProcessFunction`.
///
/// All state is in [`State`](Self::State), made of handles that [`open`](Self::open) declares. What
/// the function keeps in its own fields is neither snapshotted nor tied to a key. See
/// [`KeyedStream::process`](crate::KeyedStream::process) for an example.
pub trait KeyedProcessFunction<K: Key, I, O>: Clone + Send + Sync + 'static {
    /// The handles of the function's states: one handle, a tuple of them, or a struct.
    type State: Send + 'static;

    /// Before the first record: declares the states.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> Result<Self::State>;

    /// Takes a record. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(&mut self, record: I, state: &Self::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()>;

    /// A timer is due. State and timers are those of the key it was set for.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn on_timer(&mut self, timer: Timer, state: &Self::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()> {
        let _ = (timer, state, cx);
        Ok(())
    }
}

/// A function on two connected streams that share state and timers for each key. As Flink's
/// `KeyedCoProcessFunction`.
///
/// In which order records of the two inputs come is not determined. See
/// [`KeyedConnectedStreams::process`](super::KeyedConnectedStreams::process) for an example.
pub trait KeyedTwoInputProcessFunction<K: Key, A, B, O>: Clone + Send + Sync + 'static {
    /// The handles of the function's states: one handle, a tuple of them, or a struct.
    type State: Send + 'static;

    /// Before the first record: declares the states.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> Result<Self::State>;

    /// Takes a record of the first input. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_first(
        &mut self,
        record: A,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K, O>,
    ) -> Result<()>;

    /// Takes a record of the second input. State and timers are those of its key.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_second(
        &mut self,
        record: B,
        state: &Self::State,
        cx: &mut KeyedContext<'_, K, O>,
    ) -> Result<()>;

    /// A timer is due. State and timers are those of the key it was set for.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn on_timer(&mut self, timer: Timer, state: &Self::State, cx: &mut KeyedContext<'_, K, O>) -> Result<()> {
        let _ = (timer, state, cx);
        Ok(())
    }
}
