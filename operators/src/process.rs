//! Keyed process functions: state, timers and full control over what is emitted.
//!
//! [`KeyedProcessFunction`] works on a [`KeyedStream`], [`KeyedTwoInputProcessFunction`] on two
//! that are [connected](KeyedStream::connect) and share state and timers, and
//! [`KeyedBroadcastProcessFunction`] on one that is [connected](KeyedStream::connect_broadcast) with a
//! broadcast stream. All see a record, their state for its key and a [`KeyedContext`] at a time.

mod broadcast;
mod broadcast_stream;
mod closure;
mod connected;
mod context;
mod expiry;
mod function;
mod keyed_process;
mod timed_function;
mod timers;
mod with_state;

pub use broadcast::{KeyedBroadcastContext, KeyedBroadcastOpenContext, KeyedBroadcastProcessFunction};
pub use broadcast_stream::KeyedBroadcastConnectedStream;
pub use connected::KeyedConnectedStreams;
pub use context::{KeyedContext, KeyedOpenContext};
pub use function::{KeyedProcessFunction, KeyedTwoInputProcessFunction};
pub(crate) use timers::Timers;
pub use timers::{TimeDomain, Timer};

use closure::ProcessFn;
use millstream_runtime::chain::{Operator, TwoInputOperator};
use millstream_state::{Key, Record};

use crate::{Emitter, FunctionResult, KeyedStream, Stream};

/// What runs a keyed function, for a test of it alone.
pub(crate) fn keyed_operator<K: Key, I: Record, O: Record, F: KeyedProcessFunction<K, I, O>>(
    function: F,
) -> impl Operator<(K, I), O> {
    keyed_process::one_input(function)
}

/// What runs a keyed function with two inputs, for a test of it alone.
pub(crate) fn keyed_two_input_operator<K, A, B, O, F>(function: F) -> impl TwoInputOperator<(K, A), (K, B), O>
where
    K: Key,
    A: Record,
    B: Record,
    O: Record,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    keyed_process::two_inputs(function)
}

/// What runs a keyed function with a broadcast input, for a test of it alone.
pub(crate) fn keyed_broadcast_operator<K, T, B, O, F>(function: F) -> impl TwoInputOperator<(K, T), B, O>
where
    K: Key,
    T: Record,
    B: Record,
    O: Record,
    F: KeyedBroadcastProcessFunction<K, T, B, O>,
{
    keyed_process::broadcast(function)
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Applies a [`KeyedProcessFunction`]: state for each key, timers, side outputs. As Flink's
    /// `process` on a keyed stream. Each subtask works with a clone of the function.
    ///
    /// ```
    /// # use millstream::prelude::*;
    ///
    /// /// Reports sensors from which nothing has come for a minute.
    /// #[derive(Clone)]
    /// struct Silence;
    ///
    /// struct LastSeen(ValueState<Timestamp>);
    ///
    /// impl KeyedProcessFunction<u32, f64, String> for Silence {
    ///     type State = LastSeen;
    ///
    ///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, u32>) -> FunctionResult<LastSeen> {
    ///         Ok(LastSeen(cx.value_state("last seen")?))
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         _: f64,
    ///         state: &LastSeen,
    ///         cx: &mut KeyedContext<'_, u32>,
    ///         _: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         let now = cx.timestamp().ok_or("a reading without a timestamp")?;
    ///         state.0.set(cx, now);
    ///         cx.register_event_time_timer(now + Duration::from_secs(60))
    ///     }
    ///
    ///     fn on_timer(
    ///         &mut self,
    ///         timer: Timer,
    ///         state: &LastSeen,
    ///         cx: &mut KeyedContext<'_, u32>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         let last = state.0.cloned(cx);
    ///         if last.is_some_and(|last| timer.time.since(last) >= Duration::from_secs(60)) {
    ///             state.0.clear(cx);
    ///             out.emit(format!("sensor {} is silent at {}", cx.key(), timer.time))?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # let env = Environment::new();
    /// let time = WatermarkStrategy::monotonous()
    ///     .timestamp_assigner(|reading: &(u32, i64, f64)| Timestamp::from_millis(reading.1 * 1_000));
    /// let silent = env
    ///     .from_collection([(1, 0, 20.5), (2, 0, 7.0), (1, 50, 20.4)])
    ///     .assign_timestamps_and_watermarks(time)
    ///     .map(|(sensor, _, degrees)| (sensor, degrees))
    ///     .keyed()
    ///     .process(Silence)
    ///     .collect();
    /// env.execute("silent sensors")?;
    /// assert_eq!(silent.sorted(), [
    ///     "sensor 1 is silent at 1970-01-01T00:01:50.000Z",
    ///     "sensor 2 is silent at 1970-01-01T00:01:00.000Z",
    /// ]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn process<O: Record>(&self, function: impl KeyedProcessFunction<K, T, O>) -> Stream<O> {
        self.transform("Keyed process", move |_| keyed_process::one_input(function.clone()))
    }

    /// Calls a closure with each record, which works on the states that `declare` has declared: a
    /// [`KeyedProcessFunction`] without timers.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // How much later than the one before each visit of a user is.
    /// let visits = env.from_collection([("ann", 3), ("bob", 5), ("ann", 10)].map(|(user, at)| (user.to_owned(), at)));
    /// let pauses = visits
    ///     .parallelism(1)
    ///     .keyed()
    ///     .process_fn(
    ///         |cx| cx.value_state("last visit"),
    ///         |at: i64, last, cx, out| match last.replace(cx, at) {
    ///             Some(before) => out.emit((cx.key().clone(), at - before)),
    ///             None => Ok(()),
    ///         },
    ///     )
    ///     .collect();
    /// env.execute("pauses")?;
    /// assert_eq!(pauses.sorted(), [("ann".to_owned(), 7)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<S, O>(
        &self,
        declare: impl Fn(&mut KeyedOpenContext<'_, K>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
        process: impl FnMut(T, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O>
    where
        S: Send + 'static,
        O: Record,
    {
        self.process(ProcessFn::new(declare, process))
    }

    /// Connects this stream with another of the same key, so that one function may work on both.
    /// As Flink's `connect`. See [`KeyedConnectedStreams::process`].
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// /// Emits how often a key was seen, on either stream.
    /// #[derive(Clone)]
    /// struct Seen;
    ///
    /// impl KeyedTwoInputProcessFunction<u32, u32, char, (u32, u64)> for Seen {
    ///     type State = ValueState<u64>;
    ///
    ///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, u32>) -> FunctionResult<ValueState<u64>> {
    ///         cx.value_state("seen")
    ///     }
    ///
    ///     fn process_first(
    ///         &mut self,
    ///         _: u32,
    ///         seen: &ValueState<u64>,
    ///         cx: &mut KeyedContext<'_, u32>,
    ///         out: &mut Emitter<'_, (u32, u64)>,
    ///     ) -> FunctionResult {
    ///         let count = seen.update_or_default(cx, |count| {
    ///             *count += 1;
    ///             *count
    ///         });
    ///         out.emit((*cx.key(), count))
    ///     }
    ///
    ///     fn process_second(
    ///         &mut self,
    ///         _: char,
    ///         seen: &ValueState<u64>,
    ///         cx: &mut KeyedContext<'_, u32>,
    ///         out: &mut Emitter<'_, (u32, u64)>,
    ///     ) -> FunctionResult {
    ///         self.process_first(0, seen, cx, out)
    ///     }
    /// }
    ///
    /// let env = Environment::new();
    /// let numbers = env.from_collection([97, 98]).key_by(|number| *number);
    /// let letters = env.from_collection(['a']).key_by(|letter| *letter as u32);
    /// let seen = numbers.connect(&letters).process(Seen).collect();
    /// env.execute("seen")?;
    /// assert_eq!(seen.sorted(), [(97, 1), (97, 2), (98, 1)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn connect<U: Record>(&self, other: &KeyedStream<K, U>) -> KeyedConnectedStreams<K, T, U> {
        KeyedConnectedStreams { first: self.clone(), second: other.clone() }
    }
}

#[cfg(test)]
mod tests;
