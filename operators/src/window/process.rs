//! Functions that work on a window as a whole, and emit what they like.

use std::convert::Infallible;
use std::sync::Arc;

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::{AggregateFunction, Key, Record};

use super::context::WindowContext;
use super::function::Processed;
use super::pane::{Aggregate, Keep, Reduce};
use super::{FiringRule, WindowAssigner, WindowedStream};
use crate::Stream;
use crate::function::{Emitter, FunctionResult, ProcessContext};

/// A function that works on the content of a window as a whole, once for each key and each time that the
/// window fires. It emits any number of records, to side outputs too. As Flink's `ProcessWindowFunction`.
/// Each subtask works with a clone of it.
///
/// The content `I` is the records of the window, a `Vec`, or what an aggregation has made of them. What is
/// emitted gets the window's last point in time as its timestamp, unless
/// [`Emitter::emit_at`] says otherwise. See [`WindowedStream::process`] for an example.
///
/// Between two calls the operator can be suspended, when there is no room downstream; within a call it
/// cannot.
#[doc(alias = "ProcessWindowFunction")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `WindowProcessFunction` on windows `{W}` of keys `{K}` with content `{I}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for a closure there is `process_fn`"
)]
pub trait WindowProcessFunction<K, I, W, O>: Clone + Send + Sync + 'static {
    /// Before the first record: takes operator state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// A window fires: takes what has been gathered of one key. Called again, with all that has been
    /// gathered by then, for each record that comes within the
    /// [allowed lateness](WindowedStream::allowed_lateness).
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(
        &mut self,
        content: I,
        cx: &mut WindowContext<'_, K, W>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Event time has come to [`ProcessContext::watermark`], and the windows that were due have fired; the
    /// watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record follows, and all windows have fired. Emits what is left and forgets it; windows further
    /// down are over by then.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Hands operator state over; the windows are part of the snapshot without it.
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

/// A closure as a window process function.
#[derive(Clone)]
pub(crate) struct ProcessFn<F>(pub(crate) F);

impl<K, I, W, O, F> WindowProcessFunction<K, I, W, O> for ProcessFn<F>
where
    F: FnMut(I, &mut WindowContext<'_, K, W>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
{
    fn process(
        &mut self,
        content: I,
        cx: &mut WindowContext<'_, K, W>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.0)(content, cx, out)
    }
}

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowedStream<K, T, W, R> {
    /// Applies a [`WindowProcessFunction`] to all records of each window at once, in the order they came. They
    /// are kept until then: what can be said a record at a time costs less with
    /// [`aggregate_and_process`](Self::aggregate_and_process). As Flink's `process`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{WindowContext, WindowProcessFunction};
    ///
    /// /// Emits the best scores of each window, and how many windows there were in all.
    /// #[derive(Clone)]
    /// struct Best { of_each: usize, windows: u32 }
    ///
    /// impl<W> WindowProcessFunction<String, Vec<(String, u32)>, W, String> for Best {
    ///     fn process(
    ///         &mut self,
    ///         mut scores: Vec<(String, u32)>,
    ///         cx: &mut WindowContext<'_, String, W>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         self.windows += 1;
    ///         scores.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    ///         for (place, (_, score)) in (1..=self.of_each).zip(scores) {
    ///             out.emit(format!("{} {place}: {score}", cx.key()))?;
    ///         }
    ///         Ok(())
    ///     }
    ///
    ///     fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
    ///         out.emit(format!("{} windows", self.windows))
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// let scores = [("ann", 7), ("bob", 1), ("ann", 3), ("ann", 9)].map(|(name, score)| (name.to_owned(), score));
    /// let best = env
    ///     .from_collection(scores)
    ///     .key_by(|(name, _)| name.clone())
    ///     .window(GlobalWindows::at_end())
    ///     .process(Best { of_each: 2, windows: 0 })
    ///     .collect();
    /// env.execute("best scores")?;
    /// assert_eq!(best.sorted(), ["2 windows", "ann 1: 9", "ann 2: 7", "bob 1: 1"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process<O: Record>(
        self,
        function: impl WindowProcessFunction<K, Vec<T>, W::Window, O>,
    ) -> Stream<O> {
        self.apply(Processed::new(Keep, function))
    }

    /// Calls a closure with all records of each window at once, in the order they came: the
    /// [`process`](WindowProcessFunction::process) of a function without anything else.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let medians = env
    ///     .from_collection([30, 10, 20, 2, 1])
    ///     .key_by(|number| *number >= 10)
    ///     .window(GlobalWindows::at_end())
    ///     .process_fn(|mut numbers, _cx, out| {
    ///         numbers.sort();
    ///         out.emit(numbers[numbers.len() / 2])
    ///     })
    ///     .collect();
    /// env.execute("medians")?;
    /// assert_eq!(medians.sorted(), [2, 20]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn process_fn<O: Record>(
        self,
        function: impl FnMut(Vec<T>, &mut WindowContext<'_, K, W::Window>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O> {
        self.process(ProcessFn(function))
    }

    /// Aggregates the records of each window as they come, and applies a [`WindowProcessFunction`] to what
    /// has come of them: no record is kept. As Flink's `aggregate` with a `ProcessWindowFunction`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{WindowContext, WindowProcessFunction};
    ///
    /// struct Sum;
    ///
    /// impl AggregateFunction for Sum {
    ///     type Input = (char, u32);
    ///     type Accumulator = u32;
    ///     type Output = u32;
    ///     fn create_accumulator(&self) -> u32 {
    ///         0
    ///     }
    ///     fn add(&self, (_, number): &(char, u32), sum: &mut u32) {
    ///         *sum += number;
    ///     }
    ///     fn result(&self, sum: &u32) -> u32 {
    ///         *sum
    ///     }
    ///     fn merge(&self, sum: &mut u32, other: u32) {
    ///         *sum += other;
    ///     }
    /// }
    ///
    /// /// Emits sums, and those that are too great to a side output.
    /// #[derive(Clone)]
    /// struct Limit(OutputTag<char>);
    ///
    /// impl<W> WindowProcessFunction<char, u32, W, (char, u32)> for Limit {
    ///     fn process(
    ///         &mut self,
    ///         sum: u32,
    ///         cx: &mut WindowContext<'_, char, W>,
    ///         out: &mut Emitter<'_, (char, u32)>,
    ///     ) -> FunctionResult {
    ///         if sum > 10 { out.emit_side(&self.0, *cx.key()) } else { out.emit((*cx.key(), sum)) }
    ///     }
    /// }
    ///
    /// # let env = Environment::new();
    /// let too_great = OutputTag::new("too great");
    /// let sums = env
    ///     .from_collection([('a', 7), ('b', 2), ('a', 5), ('b', 3)])
    ///     .key_by(|(letter, _)| *letter)
    ///     .window(GlobalWindows::at_end())
    ///     .aggregate_and_process(Sum, Limit(too_great.clone()));
    /// let (sums, too_great) = (sums.collect(), sums.side_output(&too_great).collect());
    /// env.execute("sums")?;
    /// assert_eq!((sums.to_vec(), too_great.to_vec()), (vec![('b', 5)], vec!['a']));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn aggregate_and_process<A: AggregateFunction<Input = T>, O: Record>(
        self,
        aggregate: A,
        function: impl WindowProcessFunction<K, A::Output, W::Window, O>,
    ) -> Stream<O> {
        self.apply(Processed::new(Aggregate(Arc::new(aggregate)), function))
    }

    /// Combines the records of each window as they come, and applies a [`WindowProcessFunction`] to the one that has come of
    /// them: no other is kept. As Flink's `reduce` with a `ProcessWindowFunction`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{WindowContext, WindowProcessFunction};
    ///
    /// /// Emits what is above a limit.
    /// #[derive(Clone)]
    /// struct Above(u32);
    ///
    /// impl<W> WindowProcessFunction<char, (char, u32), W, String> for Above {
    ///     fn process(
    ///         &mut self,
    ///         (letter, number): (char, u32),
    ///         _: &mut WindowContext<'_, char, W>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         if number > self.0 { out.emit(format!("{letter}: {number}")) } else { Ok(()) }
    ///     }
    /// }
    ///
    /// # let env = Environment::new();
    /// let high = env
    ///     .from_collection([('a', 7), ('b', 2), ('a', 5), ('b', 3)])
    ///     .key_by(|(letter, _)| *letter)
    ///     .window(GlobalWindows::at_end())
    ///     .reduce_and_process(|high, next| if next.1 > high.1 { next } else { high }, Above(3))
    ///     .collect();
    /// env.execute("high numbers")?;
    /// assert_eq!(high.to_vec(), ["a: 7"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn reduce_and_process<O: Record>(
        self,
        mut reduce: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static,
        function: impl WindowProcessFunction<K, T, W::Window, O>,
    ) -> Stream<O> {
        let reduce = Reduce(move |before, record| Ok::<_, Infallible>(reduce(before, record)));
        self.apply(Processed::new(reduce, function))
    }
}
