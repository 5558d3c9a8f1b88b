//! The harness of windows.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::OperatorHarness;
use millstream_runtime::{Error, ErrorKind};
use millstream_state::{AggregateFunction, Key, Record};

use super::input::Input;
use super::{HarnessBuilder, KeyedInput};
use crate::window::{
    Aggregate, ByAssigner, Count, Evictor, FiringRule, Keep, Lateness, ProcessFn, Processed, Reduce, Results,
    Stateful, StatefulWindowProcessFunction, Trigger, TryAggregate, TryAggregateFunction, WindowAssigner,
    WindowContext, WindowFunction, WindowProcessFunction, WindowResult, problem,
};
use crate::{Emitter, FunctionResult};

/// Tests windows behind a key; the [`WindowOperatorBuilder`] says, with the methods of a
/// [`WindowedStream`](crate::window::WindowedStream), what is made of their records.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::TumblingEventTimeWindows;
///
/// let (at, late) = (Timestamp::from_millis, OutputTag::new("late"));
/// let windows = TumblingEventTimeWindows::of(Duration::from_millis(10));
/// let mut harness = window_operator(|letter: &char| letter.to_ascii_lowercase(), windows)
///     .allowed_lateness(Duration::from_millis(5))
///     .side_output_late_data(&late)
///     .process_fn(|letters, cx, out| out.emit((*cx.key(), letters.into_iter().collect::<String>())))
///     .open()?;
/// harness.push_at('a', at(1))?;
/// harness.push_at('A', at(9))?;
/// harness.push_at('a', at(10))?;
/// assert_eq!(harness.state_entries("windows")?, 2);
/// harness.watermark(at(9))?;
/// assert_eq!(harness.take_timed(), [(('a', "aA".to_owned()), Some(at(9)))]);
/// // Within the allowed lateness a window fires again, and after it the record is late.
/// harness.push_at('a', at(2))?;
/// assert_eq!(harness.take_records(), [('a', "aAa".to_owned())]);
/// harness.watermark(at(14))?;
/// harness.push_at('A', at(3))?;
/// assert_eq!((harness.take_records(), harness.take_side_output(&late)), (vec![], vec!['A']));
/// assert_eq!(harness.state_entries("windows")?, 1);
/// # Ok::<(), Error>(())
/// ```
pub fn window_operator<K: Key, T: Record, W: WindowAssigner<T>>(
    key: impl FnMut(&T) -> K + 'static,
    windows: W,
) -> WindowOperatorBuilder<K, T, W> {
    let lateness = Lateness { allowed: Duration::ZERO, too_late: None };
    WindowOperatorBuilder { input: Input::by_key(key), windows, rule: ByAssigner, lateness }
}

/// Windows under test of which it is to be said what is made of their records; [`window_operator`] makes it.
/// The methods are those of [`WindowedStream`](crate::window::WindowedStream).
#[must_use = "windows do nothing until something is made of their records"]
pub struct WindowOperatorBuilder<K, T, W, R = ByAssigner> {
    input: KeyedInput<K, T>,
    windows: W,
    rule: R,
    lateness: Lateness<T>,
}

type WindowHarnessBuilder<K, T, O> = HarnessBuilder<KeyedInput<K, T>, O>;

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowOperatorBuilder<K, T, W, R> {
    /// As [`WindowedStream::trigger`](crate::window::WindowedStream::trigger).
    pub fn trigger<G: Trigger<T, W::Window>>(
        self,
        trigger: G,
    ) -> WindowOperatorBuilder<K, T, W, R::WithTrigger<G>> {
        self.with_rule(|rule, _| rule.with_trigger(trigger))
    }

    /// As [`WindowedStream::evictor`](crate::window::WindowedStream::evictor).
    pub fn evictor<E: Evictor<T, W::Window>>(
        self,
        evictor: E,
    ) -> WindowOperatorBuilder<K, T, W, R::WithEvictor<E>> {
        self.with_rule(|rule, windows| rule.with_evictor(evictor, windows))
    }

    fn with_rule<R2>(self, change: impl FnOnce(R, &W) -> R2) -> WindowOperatorBuilder<K, T, W, R2> {
        let Self { input, windows, rule, lateness } = self;
        let rule = change(rule, &windows);
        WindowOperatorBuilder { input, windows, rule, lateness }
    }

    /// As [`WindowedStream::allowed_lateness`](crate::window::WindowedStream::allowed_lateness).
    pub const fn allowed_lateness(mut self, allowed: Duration) -> Self {
        self.lateness.allowed = allowed;
        self
    }

    /// As [`WindowedStream::side_output_late_data`](crate::window::WindowedStream::side_output_late_data).
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.lateness.too_late = Some(tag.clone());
        self
    }

    /// As [`WindowedStream::count`](crate::window::WindowedStream::count).
    pub fn count(self) -> WindowHarnessBuilder<K, T, WindowResult<K, u64, W::Window>> {
        self.apply(Results(Count))
    }

    /// As [`WindowedStream::reduce`](crate::window::WindowedStream::reduce).
    pub fn reduce(
        self,
        mut function: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static,
    ) -> WindowHarnessBuilder<K, T, WindowResult<K, T, W::Window>> {
        self.apply(Results(Reduce(move |before, record| Ok::<_, Infallible>(function(before, record)))))
    }

    /// As [`WindowedStream::try_reduce`](crate::window::WindowedStream::try_reduce).
    pub fn try_reduce(
        self,
        function: impl FnMut(T, T) -> FunctionResult<T> + Clone + Send + Sync + 'static,
    ) -> WindowHarnessBuilder<K, T, WindowResult<K, T, W::Window>> {
        self.apply(Results(Reduce(function)))
    }

    /// As [`WindowedStream::aggregate`](crate::window::WindowedStream::aggregate).
    pub fn aggregate<A: AggregateFunction<Input = T>>(
        self,
        function: A,
    ) -> WindowHarnessBuilder<K, T, WindowResult<K, A::Output, W::Window>> {
        self.apply(Results(Aggregate(Arc::new(function))))
    }

    /// As [`WindowedStream::try_aggregate`](crate::window::WindowedStream::try_aggregate).
    pub fn try_aggregate<A: TryAggregateFunction<Input = T>>(
        self,
        function: A,
    ) -> WindowHarnessBuilder<K, T, WindowResult<K, A::Output, W::Window>> {
        self.apply(Results(TryAggregate(Arc::new(function))))
    }

    /// As [`WindowedStream::process`](crate::window::WindowedStream::process).
    pub fn process<O: Record>(
        self,
        function: impl WindowProcessFunction<K, Vec<T>, W::Window, O>,
    ) -> WindowHarnessBuilder<K, T, O> {
        self.apply(Processed::new(Keep, function))
    }

    /// As [`WindowedStream::process_fn`](crate::window::WindowedStream::process_fn).
    pub fn process_fn<O: Record>(
        self,
        function: impl FnMut(Vec<T>, &mut WindowContext<'_, K, W::Window>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> WindowHarnessBuilder<K, T, O> {
        self.process(ProcessFn(function))
    }

    /// As [`WindowedStream::aggregate_and_process`](crate::window::WindowedStream::aggregate_and_process).
    pub fn aggregate_and_process<A: AggregateFunction<Input = T>, O: Record>(
        self,
        aggregate: A,
        function: impl WindowProcessFunction<K, A::Output, W::Window, O>,
    ) -> WindowHarnessBuilder<K, T, O> {
        self.apply(Processed::new(Aggregate(Arc::new(aggregate)), function))
    }

    /// As [`WindowedStream::reduce_and_process`](crate::window::WindowedStream::reduce_and_process).
    pub fn reduce_and_process<O: Record>(
        self,
        mut reduce: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static,
        function: impl WindowProcessFunction<K, T, W::Window, O>,
    ) -> WindowHarnessBuilder<K, T, O> {
        let reduce = Reduce(move |before, record| Ok::<_, Infallible>(reduce(before, record)));
        self.apply(Processed::new(reduce, function))
    }

    /// As [`WindowedStream::process_with_state`](crate::window::WindowedStream::process_with_state).
    pub fn process_with_state<O: Record>(
        self,
        function: impl StatefulWindowProcessFunction<K, Vec<T>, W::Window, O>,
    ) -> WindowHarnessBuilder<K, T, O> {
        self.with_rule(R::general).apply(Stateful::new(Keep, function, W::MERGES))
    }

    /// As [`WindowedStream::aggregate_and_process_with_state`](crate::window::WindowedStream::aggregate_and_process_with_state).
    pub fn aggregate_and_process_with_state<A: AggregateFunction<Input = T>, O: Record>(
        self,
        aggregate: A,
        function: impl StatefulWindowProcessFunction<K, A::Output, W::Window, O>,
    ) -> WindowHarnessBuilder<K, T, O> {
        let aggregate = Aggregate(Arc::new(aggregate));
        self.with_rule(R::general).apply(Stateful::new(aggregate, function, W::MERGES))
    }

    fn apply<F: WindowFunction<K, T, W::Window>>(self, function: F) -> WindowHarnessBuilder<K, T, F::Output> {
        let Self { input, windows, rule, lateness } = self;
        HarnessBuilder::new(input, move |setup| {
            if let Some(problem) = problem(&windows, &rule, &lateness) {
                return Err(Error::new(ErrorKind::InvalidJob, problem));
            }
            OperatorHarness::make(setup, |info| {
                rule.operator(&windows, function.clone(), lateness.clone(), info)
            })
        })
    }
}
