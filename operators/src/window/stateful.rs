//! Functions on windows with state: for each window of a key, and for each key.

mod context;
mod function;

use millstream_state::{AggregateFunction, Key, Record};

use std::convert::Infallible;
use std::sync::Arc;

use super::pane::{Aggregate, Keep, Reduce};
use super::{FiringRule, WindowAssigner, WindowedStream};
use crate::Stream;
use crate::function::{Emitter, FunctionResult};

pub use context::{StateScope, StatefulWindowContext, WindowOpenContext};
pub(crate) use function::Stateful;

/// A [`WindowProcessFunction`](super::WindowProcessFunction) with state: some for each window of a key, some for each key.
/// As Flink's `ProcessWindowFunction` with `windowState` and `globalState`. Each subtask works with a clone of it.
///
/// State is [declared](WindowOpenContext) in `open`, and what `open` returns comes to each call. What belongs to a window is
/// for what is to be remembered from one firing to the next; it goes when the window is over. What belongs to the key stays.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::window::{
///     CountTrigger, StatefulWindowContext, StatefulWindowProcessFunction, WindowOpenContext,
/// };
///
/// /// Emits how often a window has fired, and how often windows of the key have.
/// #[derive(Clone)]
/// struct Firings;
///
/// struct Counts {
///     of_window: ValueState<u32>,
///     of_key: ValueState<u32>,
/// }
///
/// impl<W: Window> StatefulWindowProcessFunction<char, u64, W, (char, u32, u32)> for Firings {
///     type State = Counts;
///
///     fn open(&mut self, cx: &mut WindowOpenContext<'_, char, W>) -> FunctionResult<Counts> {
///         let of_window = cx.window_state()?.value_state("firings of a window")?;
///         Ok(Counts { of_window, of_key: cx.global_state().value_state("firings of a key")? })
///     }
///
///     fn process(
///         &mut self,
///         _: u64,
///         counts: &Counts,
///         cx: &mut StatefulWindowContext<'_, char, W>,
///         out: &mut Emitter<'_, (char, u32, u32)>,
///     ) -> FunctionResult {
///         let next = |count: &mut u32| {
///             *count += 1;
///             *count
///         };
///         let of_window = counts.of_window.update_or_default(&mut cx.window_state(), next);
///         let of_key = counts.of_key.update_or_default(&mut cx.global_state(), next);
///         out.emit((*cx.key(), of_window, of_key))
///     }
/// }
///
/// # struct Count;
/// # impl AggregateFunction for Count {
/// #     type Input = (char, i64);
/// #     type Accumulator = u64;
/// #     type Output = u64;
/// #     fn create_accumulator(&self) -> u64 { 0 }
/// #     fn add(&self, _: &(char, i64), count: &mut u64) { *count += 1; }
/// #     fn result(&self, count: &u64) -> u64 { *count }
/// #     fn merge(&self, count: &mut u64, other: u64) { *count += other; }
/// # }
/// let env = Environment::new().parallelism(1);
/// let time = WatermarkStrategy::monotonous()
///     .timestamp_assigner(|(_, millis): &(char, i64)| Timestamp::from_millis(*millis));
/// let firings = env
///     .from_collection([('a', 1), ('a', 2), ('b', 3), ('a', 11)])
///     .assign_timestamps_and_watermarks(time)
///     .key_by(|(letter, _)| *letter)
///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .trigger(CountTrigger::of(1))
///     .aggregate_and_process_with_state(Count, Firings)
///     .collect();
/// env.execute("firings")?;
/// assert_eq!(firings.to_vec(), [('a', 1, 1), ('a', 2, 2), ('b', 1, 1), ('a', 1, 3)]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("ProcessWindowFunction", "windowState", "globalState"))]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `StatefulWindowProcessFunction` on windows `{W}` of keys `{K}` with content `{I}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`"
)]
pub trait StatefulWindowProcessFunction<K: Key, I, W, O>: Clone + Send + Sync + 'static {
    /// The function's states: what `open` returns, and all other calls get.
    type State: Send + Sync + 'static;

    /// Before the first record: declares state.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut WindowOpenContext<'_, K, W>) -> FunctionResult<Self::State>;

    /// A window fires: takes what has been gathered of one key.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(
        &mut self,
        content: I,
        state: &Self::State,
        cx: &mut StatefulWindowContext<'_, K, W>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// A window is over: its end, and the time for which it waits for late records, have passed. The state of the window
    /// goes afterwards, by itself; this is for what the function keeps elsewhere. The global window is never over.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn clear(&mut self, state: &Self::State, cx: &mut StatefulWindowContext<'_, K, W>) -> FunctionResult {
        let _ = (state, cx);
        Ok(())
    }

    /// The subtask ends, after the last record, a failure or a cancel: releases what the function holds.
    fn close(&mut self) {}
}

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowedStream<K, T, W, R> {
    /// Applies a [`StatefulWindowProcessFunction`] to all records of each window at once, in the order they came. As
    /// Flink's `process`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{StatefulWindowContext, StatefulWindowProcessFunction, WindowOpenContext};
    ///
    /// /// Emits what is new since the window before.
    /// #[derive(Clone)]
    /// struct New;
    ///
    /// impl<W: Window> StatefulWindowProcessFunction<(), Vec<u32>, W, u32> for New {
    ///     type State = MapState<u32, ()>;
    ///
    ///     fn open(&mut self, cx: &mut WindowOpenContext<'_, (), W>) -> FunctionResult<MapState<u32, ()>> {
    ///         cx.global_state().map_state("seen")
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         numbers: Vec<u32>,
    ///         seen: &MapState<u32, ()>,
    ///         cx: &mut StatefulWindowContext<'_, (), W>,
    ///         out: &mut Emitter<'_, u32>,
    ///     ) -> FunctionResult {
    ///         for number in numbers {
    ///             if seen.insert(&mut cx.global_state(), number, ()).is_none() {
    ///                 out.emit(number)?;
    ///             }
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// let new = env.from_collection([1, 2, 2, 3, 1, 4]).count_window_all(2).process_with_state(New).collect();
    /// env.execute("new numbers")?;
    /// assert_eq!(new.to_vec(), [1, 2, 3, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_with_state<O: Record>(
        self,
        function: impl StatefulWindowProcessFunction<K, Vec<T>, W::Window, O>,
    ) -> Stream<O> {
        self.apply_general(Stateful::new(Keep, function, W::MERGES))
    }

    /// Combines the records of each window as they come, and applies a [`StatefulWindowProcessFunction`] to the one that has
    /// come of them. See [`reduce_and_process`](Self::reduce_and_process) for an example without state.
    pub fn reduce_and_process_with_state<O: Record>(
        self,
        mut reduce: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static,
        function: impl StatefulWindowProcessFunction<K, T, W::Window, O>,
    ) -> Stream<O> {
        let reduce = Reduce(move |before, record| Ok::<_, Infallible>(reduce(before, record)));
        self.apply_general(Stateful::new(reduce, function, W::MERGES))
    }

    /// Aggregates the records of each window as they come, and applies a [`StatefulWindowProcessFunction`] to what has come of
    /// them. See there for an example.
    pub fn aggregate_and_process_with_state<A: AggregateFunction<Input = T>, O: Record>(
        self,
        aggregate: A,
        function: impl StatefulWindowProcessFunction<K, A::Output, W::Window, O>,
    ) -> Stream<O> {
        self.apply_general(Stateful::new(Aggregate(Arc::new(aggregate)), function, W::MERGES))
    }
}
