//! The builder: what becomes of the records of a window.

use std::time::Duration;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record};

use super::function::{Results, WindowFunction};
use super::lateness::Lateness;
use super::pane::Count;
use super::{Window, WindowAssigner, WindowResult};
use crate::{KeyedStream, Stream};

/// Kinds of windows: every [`WindowAssigner`], and [sessions](super::EventTimeSessionWindows).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which windows there are",
    note = "windows are `TumblingEventTimeWindows::of(size)`, `SlidingEventTimeWindows::of(size, slide)`, \
            `EventTimeSessionWindows::with_gap(gap)` or `GlobalWindows::at_end()`; for others implement `WindowAssigner`"
)]
pub trait WindowKind: Clone + Send + Sync + 'static {
    /// What a window is.
    type Window: Window;

    /// What kind of windows these are, human-readable.
    fn kind(&self) -> &'static str;
    /// What makes these windows impossible, if anything.
    fn problem(&self) -> Option<String>;
    /// Whether records must carry timestamps.
    fn needs_timestamps(&self) -> bool;

    /// The operator for one subtask.
    #[doc(hidden)]
    fn operator<K: Key, T: Record, F: WindowFunction<K, T, Self::Window>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<Self, K, T, F>;
}

impl<A: WindowAssigner> WindowKind for A {
    type Window = A::Window;

    fn kind(&self) -> &'static str {
        WindowAssigner::kind(self)
    }

    fn problem(&self) -> Option<String> {
        WindowAssigner::problem(self)
    }

    fn needs_timestamps(&self) -> bool {
        A::NEEDS_TIMESTAMPS
    }

    fn operator<K: Key, T: Record, F: WindowFunction<K, T, A::Window>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<A, K, T, F> {
        self.window_operator(function, lateness, info)
    }
}

/// A keyed stream cut into windows; [`KeyedStream::window`] makes it.
#[must_use = "windows do nothing until something is made of their records"]
pub struct WindowedStream<K, T, W> {
    keyed: KeyedStream<K, T>,
    windows: W,
    lateness: Lateness<T>,
}

impl<K: Key, T: Record, W: WindowKind> WindowedStream<K, T, W> {
    pub(super) fn new(keyed: KeyedStream<K, T>, windows: W) -> Self {
        Self { keyed, windows, lateness: Lateness { allowed: Duration::ZERO, too_late: None } }
    }

    /// Keeps windows for this long (in event time) after they have fired: a record that still comes
    /// to one is added, and the new result emitted at once. A whole number of milliseconds, zero unless
    /// set. As Flink's `allowedLateness`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, millis): &(String, i64)| Timestamp::from_millis(*millis));
    /// # let clicks = env.from_collection([("ann".to_owned(), 1_000)]).assign_timestamps_and_watermarks(time);
    /// let per_minute = clicks
    ///     .key_by(|(user, _)| user.clone())
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
    ///     .allowed_lateness(Duration::from_secs(10))
    ///     .count();
    /// # let counts = per_minute.map(|result| result.value).collect();
    /// # env.execute("clicks per minute")?;
    /// # assert_eq!(counts.sorted(), [1]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "allowedLateness")]
    pub const fn allowed_lateness(mut self, allowed: Duration) -> Self {
        self.lateness.allowed = allowed;
        self
    }

    /// Emits records that come too late for all their windows to a side output, with their
    /// timestamps, instead of dropping and counting them. As Flink's `sideOutputLateData`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, millis): &(String, i64)| Timestamp::from_millis(*millis));
    /// # let clicks = env.from_collection([("ann".to_owned(), 1_000)]).assign_timestamps_and_watermarks(time);
    /// let late = OutputTag::new("late clicks");
    /// let per_minute = clicks
    ///     .key_by(|(user, _)| user.clone())
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
    ///     .side_output_late_data(&late)
    ///     .count();
    /// let late = per_minute.side_output(&late).collect();
    /// # env.execute("clicks per minute")?;
    /// # assert!(late.sorted().is_empty());
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "sideOutputLateData")]
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.lateness.too_late = Some(tag.clone());
        self
    }

    /// Counts the records of each window. See [`KeyedStream::window`] for an example.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["to", "be", "or", "not"].map(String::from));
    /// let lengths = words
    ///     .key_by(|word| word.len() as u64)
    ///     .window(GlobalWindows::at_end())
    ///     .count()
    ///     .map(|result| (result.key, result.value))
    ///     .collect();
    /// env.execute("words by length")?;
    /// assert_eq!(lengths.sorted(), [(2, 3), (3, 1)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count(self) -> Stream<WindowResult<K, u64, W::Window>> {
        self.apply(Results(Count))
    }

    pub(crate) fn apply<F: WindowFunction<K, T, W::Window>>(self, function: F) -> Stream<F::Output> {
        let Self { keyed, windows, lateness } = self;
        let (kind, problem, timed) = (windows.kind(), windows.problem(), windows.needs_timestamps());
        let problem = problem.or_else(|| lateness.problem());
        let results =
            keyed.transform(kind, move |info| windows.operator(function.clone(), lateness.clone(), info));
        let mut graph = results.graph.lock();
        if timed {
            graph.mark_needs_timestamps(results.node);
        }
        if let Some(problem) = problem {
            graph.mark_problem(results.node, problem);
        }
        drop(graph);
        results
    }
}
