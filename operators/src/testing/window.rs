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
    Aggregate, Count, Keep, Lateness, ProcessFn, Processed, Reduce, Results, TryAggregate,
    TryAggregateFunction, WindowContext, WindowFunction, WindowKind, WindowProcessFunction, WindowResult,
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
pub fn window_operator<K: Key, T: Record, W: WindowKind>(
    key: impl FnMut(&T) -> K + 'static,
    windows: W,
) -> WindowOperatorBuilder<K, T, W> {
    let lateness = Lateness { allowed: Duration::ZERO, too_late: None };
    WindowOperatorBuilder { input: Input::by_key(key), windows, lateness }
}

/// Windows under test of which it is to be said what is made of their records; [`window_operator`] makes it.
/// The methods are those of [`WindowedStream`](crate::window::WindowedStream).
#[must_use = "windows do nothing until something is made of their records"]
pub struct WindowOperatorBuilder<K, T, W> {
    input: KeyedInput<K, T>,
    windows: W,
    lateness: Lateness<T>,
}

type WindowHarnessBuilder<K, T, O> = HarnessBuilder<KeyedInput<K, T>, O>;

impl<K: Key, T: Record, W: WindowKind> WindowOperatorBuilder<K, T, W> {
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

    fn apply<F: WindowFunction<K, T, W::Window>>(self, function: F) -> WindowHarnessBuilder<K, T, F::Output> {
        let Self { input, windows, lateness } = self;
        HarnessBuilder::new(input, move |setup| {
            if let Some(problem) = windows.problem() {
                return Err(Error::new(ErrorKind::InvalidJob, problem));
            }
            OperatorHarness::make(setup, |info| windows.operator(function.clone(), lateness.clone(), info))
        })
    }
}
