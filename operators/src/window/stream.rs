//! The builder: what becomes of the records of a window.

use std::time::Duration;

use millstream_runtime::chain::OperatorInfo;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record};

use super::evictor::Evictor;
use super::function::{Results, WindowFunction};
use super::lateness::Lateness;
use super::pane::Count;
use super::rule::{ByAssigner, FiringRule};
use super::trigger::Trigger;
use super::{WindowAssigner, WindowResult};
use crate::process::TimeDomain;
use crate::{KeyedStream, Stream};

/// A keyed stream cut into windows; [`KeyedStream::window`] makes it.
#[must_use = "windows do nothing until something is made of their records"]
pub struct WindowedStream<K, T, W, R = ByAssigner> {
    keyed: KeyedStream<K, T>,
    windows: W,
    rule: R,
    lateness: Lateness<T>,
    /// One subtask has all the windows.
    is_single: bool,
}

impl<K: Key, T: Record, W: WindowAssigner<T>> WindowedStream<K, T, W> {
    pub(super) fn new(keyed: KeyedStream<K, T>, windows: W) -> Self {
        let lateness = Lateness { allowed: Duration::ZERO, too_late: None };
        Self { keyed, windows, rule: ByAssigner, lateness, is_single: false }
    }
}

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowedStream<K, T, W, R> {
    /// One subtask has all the windows.
    pub(super) fn single(self) -> Self {
        Self { is_single: true, ..self }
    }

    fn with_rule<R2>(self, change: impl FnOnce(R, &W) -> R2) -> WindowedStream<K, T, W, R2> {
        let Self { keyed, windows, rule, lateness, is_single } = self;
        let rule = change(rule, &windows);
        WindowedStream { keyed, windows, rule, lateness, is_single }
    }

    /// Lets a trigger decide when windows fire, in the place of the [default](WindowAssigner::default_trigger) one. As
    /// Flink's `trigger`.
    ///
    /// What windows keep is other than without a trigger: a snapshot that was taken without one cannot be restored with one,
    /// and the other way round.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::CountTrigger;
    ///
    /// let env = Environment::new().parallelism(1);
    /// let sums = env
    ///     .from_collection([1, 2, 3, 4])
    ///     .key_by(|_| ())
    ///     .window(GlobalWindows::at_end())
    ///     .trigger(CountTrigger::of(2))
    ///     .reduce(|sum, next| sum + next)
    ///     .map(|result| result.value)
    ///     .collect();
    /// env.execute("sums")?;
    /// assert_eq!(sums.to_vec(), [3, 10]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn trigger<G: Trigger<T, W::Window>>(self, trigger: G) -> WindowedStream<K, T, W, R::WithTrigger<G>> {
        self.with_rule(|rule, _| rule.with_trigger(trigger))
    }

    /// Lets an evictor take elements out of windows that fire. Windows then keep all their records, and combine them only
    /// when they fire. As Flink's `evictor`.
    ///
    /// What windows keep is other than without an evictor: a snapshot that was taken without one cannot be restored with
    /// one, and the other way round.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::CountEvictor;
    ///
    /// let env = Environment::new().parallelism(1);
    /// let last = env
    ///     .from_collection([1, 2, 3, 4])
    ///     .key_by(|_| ())
    ///     .window(GlobalWindows::at_end())
    ///     .evictor(CountEvictor::of(2))
    ///     .process_fn(|numbers, _, out| out.emit(numbers))
    ///     .collect();
    /// env.execute("the last two")?;
    /// assert_eq!(last.to_vec(), [[3, 4]]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn evictor<E: Evictor<T, W::Window>>(self, evictor: E) -> WindowedStream<K, T, W, R::WithEvictor<E>> {
        self.with_rule(|rule, windows| rule.with_evictor(evictor, windows))
    }

    /// Keeps windows for this long (in event time) after they have fired: a record that still comes
    /// to one is added, and the new result emitted at once. A whole number of milliseconds, zero unless
    /// set. As Flink's `allowedLateness`. With a [trigger](Self::trigger), that decides whether a late record lets the window
    /// fire.
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
        let Self { keyed, windows, rule, lateness, is_single } = self;
        let kind = windows.kind();
        let problem = problem(&windows, &rule, &lateness);
        let timed = rule.needs_timestamps();
        let late = lateness.too_late.as_ref().map(OutputTag::untyped);
        let make =
            move |info: &OperatorInfo| rule.operator(&windows, function.clone(), lateness.clone(), info);
        let results = keyed.transform(kind, make);
        let results = if is_single { results.parallelism(1) } else { results };
        let mut graph = results.graph.lock();
        if !F::EMITS_ASIDE {
            graph.mark_side_outputs(results.node, late);
        }
        if timed {
            graph.mark_needs_timestamps(results.node);
        }
        if let Some(problem) = problem {
            graph.mark_problem(results.node, problem);
        }
        drop(graph);
        results
    }

    /// As [`apply`](Self::apply), for a function that only the general operator can run.
    pub(super) fn apply_general<F: WindowFunction<K, T, W::Window>>(self, function: F) -> Stream<F::Output> {
        self.with_rule(R::general).apply(function)
    }
}

/// What makes windows impossible, if anything.
pub(crate) fn problem<T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>>(
    windows: &W,
    rule: &R,
    lateness: &Lateness<T>,
) -> Option<String> {
    let without_effect = || {
        (W::TIME == Some(TimeDomain::ProcessingTime) && lateness.is_allowed()).then(|| {
            "no record is late for windows of processing time: `allowed_lateness` has no effect on them, so leave it out"
                .to_owned()
        })
    };
    windows.problem().or_else(|| rule.problem(windows)).or_else(|| lateness.problem()).or_else(without_effect)
}
