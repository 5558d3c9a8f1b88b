//! A stream in which a pattern is looked for.

use millstream_runtime::chain::OperatorInfo;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record, Timestamp};

use super::Pattern;
use super::function::{PatternProcessFunction, Select, SelectWithTimeout};
use super::nfa::Matched;
use super::operator::{PatternOperator, Settings};
use crate::process::TimeDomain;
use crate::{KeyedStream, Stream};

/// A stream in which a pattern is looked for; [`KeyedStream::pattern`] and [`Stream::pattern`] make it. As FlinkCEP's
/// `PatternStream`.
#[must_use = "a pattern is not looked for until it is said what becomes of the matches"]
pub struct PatternStream<K, T> {
    keyed: KeyedStream<K, T>,
    pattern: Pattern<T>,
    domain: TimeDomain,
    late: Option<OutputTag<T>>,
    /// The stream has no key, so that one subtask sees all of it.
    is_global: bool,
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Looks for a pattern among the records of each key. As Flink's `CEP.pattern`. See
    /// [`Pattern`] for an example.
    ///
    /// In event time records wait until the watermark has come to their timestamp, and are looked at in the order of
    /// time; those of the same time in the order in which they have come.
    #[doc(alias("CEP", "MATCH_RECOGNIZE"))]
    pub fn pattern(&self, pattern: &Pattern<T>) -> PatternStream<K, T> {
        let (keyed, pattern) = (self.clone(), pattern.clone());
        PatternStream { keyed, pattern, domain: TimeDomain::EventTime, late: None, is_global: false }
    }
}

impl<T: Record> Stream<T> {
    /// Looks for a pattern among all records of the stream, in a single subtask. As Flink's `CEP.pattern` on a stream
    /// without a key.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::pattern::Pattern;
    ///
    /// let rise = Pattern::begin("low").where_is(|degrees: &i32| *degrees < 0).next("high").where_is(|degrees| *degrees > 20);
    /// let env = Environment::new().parallelism(1);
    /// let readings = env.from_collection([-3, 4, -1, 25]);
    /// let found = readings.pattern(&rise).processing_time().select(|found| found.first("low").copied()).collect();
    /// env.execute("rise")?;
    /// assert_eq!(found.to_vec(), [-1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("CEP", "MATCH_RECOGNIZE"))]
    pub fn pattern(&self, pattern: &Pattern<T>) -> PatternStream<(), T> {
        PatternStream { is_global: true, ..self.key_by(|_| ()).pattern(pattern) }
    }
}

impl<K: Key, T: Record> PatternStream<K, T> {
    /// Looks at records in the order in which they come, and takes the time of day for their time. As Flink's
    /// `inProcessingTime`. Partial matches that are left when the stream ends do not time out.
    #[doc(alias = "inProcessingTime")]
    pub fn processing_time(mut self) -> Self {
        self.domain = TimeDomain::ProcessingTime;
        self
    }

    /// Emits records that come after the watermark has passed them to a side output, instead of dropping and counting
    /// them. As Flink's `sideOutputLateData`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// #[derive(Clone)]
    /// struct AtOnce;
    ///
    /// /// The watermark is always that of the latest number.
    /// impl WatermarkGenerator<i64> for AtOnce {
    ///     fn on_event(&mut self, _: &i64, timestamp: Timestamp) -> Option<Timestamp> {
    ///         Some(timestamp)
    ///     }
    ///     fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
    ///         None
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// let time = WatermarkStrategy::for_generator(|| AtOnce).timestamp_assigner(|millis| Timestamp::from_millis(*millis));
    /// let numbers = env.from_collection([1, 5, 3, 6]).assign_timestamps_and_watermarks(time);
    /// let late = OutputTag::new("late");
    /// let any = Pattern::begin("any");
    /// let found = numbers.pattern(&any).side_output_late_data(&late).select(|found| found.first("any").copied());
    /// let (found, late) = (found.collect(), found.side_output(&late).collect());
    /// env.execute("in time")?;
    /// assert_eq!((found.to_vec(), late.to_vec()), (vec![1, 5, 6], vec![3]));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "sideOutputLateData")]
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.late = Some(tag.clone());
        self
    }

    /// Makes records of matches: none, one, or several of each, as the closure returns an `Option`, a `Vec` and so on. As
    /// Flink's `select` and `flatSelect`. See [`Pattern`] for an example.
    #[doc(alias("flatSelect", "PatternSelectFunction"))]
    pub fn select<O: Record, I: IntoIterator<Item = O> + 'static>(
        self,
        select: impl FnMut(&Matched<'_, T>) -> I + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.process(Select(select))
    }

    /// As [`select`](Self::select), and makes records of a side output of partial matches whose time is over, and the point in time at which
    /// it was. As Flink's `select` with a `PatternTimeoutFunction`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::pattern::Pattern;
    ///
    /// let pattern = Pattern::begin("order").where_is(|(what, _): &(char, i64)| *what == 'o')
    ///     .followed_by("payment").where_is(|(what, _)| *what == 'p')
    ///     .within(Duration::from_secs(10));
    /// # let env = Environment::new().parallelism(1);
    /// # let time = WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(char, i64)| Timestamp::from_millis(second * 1_000));
    /// let events = env.from_collection([('o', 0), ('p', 3), ('o', 20), ('p', 30)]).assign_timestamps_and_watermarks(time);
    /// let unpaid = OutputTag::new("unpaid");
    /// let paid = events.pattern(&pattern).select_with_timeout(
    ///     &unpaid,
    ///     |partial, at| Some((partial.first("order")?.1, at.as_millis())),
    ///     |found| Some((found.first("order")?.1, found.first("payment")?.1)),
    /// );
    /// let (paid, unpaid) = (paid.collect(), paid.side_output(&unpaid).collect());
    /// env.execute("payments")?;
    /// assert_eq!((paid.to_vec(), unpaid.to_vec()), (vec![(0, 3)], vec![(20, 30_000)]));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("PatternTimeoutFunction", "flatSelect"))]
    pub fn select_with_timeout<O, S, I, J>(
        self,
        tag: &OutputTag<S>,
        timed_out: impl FnMut(&Matched<'_, T>, Timestamp) -> J + Clone + Send + Sync + 'static,
        select: impl FnMut(&Matched<'_, T>) -> I + Clone + Send + Sync + 'static,
    ) -> Stream<O>
    where
        O: Record,
        S: Record,
        I: IntoIterator<Item = O> + 'static,
        J: IntoIterator<Item = S> + 'static,
    {
        self.process(SelectWithTimeout { select, timed_out, tag: tag.clone() })
    }

    /// Hands matches to a [`PatternProcessFunction`]. As Flink's `process` on a `PatternStream`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::pattern::{Matched, Pattern, PatternContext, PatternProcessFunction};
    ///
    /// /// Says which key a pair was found for.
    /// #[derive(Clone)]
    /// struct Pairs;
    ///
    /// impl PatternProcessFunction<bool, u32, (bool, u32)> for Pairs {
    ///     fn process_match(
    ///         &mut self,
    ///         found: &Matched<'_, u32>,
    ///         cx: &mut PatternContext<'_, bool>,
    ///         out: &mut Emitter<'_, (bool, u32)>,
    ///     ) -> FunctionResult {
    ///         out.emit((*cx.key(), found.events("any").sum()))
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([1, 2, 3, 4]).parallelism(1);
    /// let odd = numbers.key_by(|number| number % 2 == 1);
    /// let sums = odd.pattern(&Pattern::begin("any").times(2)).processing_time().process(Pairs).collect();
    /// env.execute("sums of pairs")?;
    /// assert_eq!(sums.sorted(), [(false, 6), (true, 4)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process<O: Record>(self, function: impl PatternProcessFunction<K, T, O>) -> Stream<O> {
        let Self { keyed, pattern, domain, late, is_global } = self;
        let compiled = pattern.compile();
        let problem = compiled.as_ref().err().cloned();
        let settings = Settings { domain, late };
        let make = move |info: &OperatorInfo| {
            let compiled = compiled.as_ref().ok().cloned();
            PatternOperator::new(compiled, settings.clone(), function.clone(), info)
        };
        let mut found = keyed.transform("Pattern", make);
        if is_global {
            found = found.parallelism(1);
        }
        let mut graph = found.graph.lock();
        if domain == TimeDomain::EventTime {
            graph.mark_needs_timestamps(found.node);
        }
        if let Some(problem) = problem {
            graph.mark_problem(found.node, format!("the pattern is impossible: {problem}"));
        }
        drop(graph);
        found
    }
}
