//! Joins of records whose times lie within bounds of each other: what is written down.

use millstream_runtime::chain::OperatorInfo;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record};

use super::TimeOffset;
use super::interval_operator::{Interval, IntervalSettings, interval_operator};
use super::kind::{self, JoinFunction, JoinKind};
use crate::{KeyedStream, Stream};

/// Two streams whose records are joined by time; [`KeyedStream::interval_join`] makes it.
#[must_use = "streams are not joined until it is said within which bounds, and what becomes of the pairs"]
pub struct IntervalJoinedStreams<K, A, B> {
    left: KeyedStream<K, A>,
    right: KeyedStream<K, B>,
}

/// Two streams whose records are joined if their times lie within bounds of each other;
/// [`IntervalJoinedStreams::between`] makes it.
#[must_use = "streams are not joined until it is said what becomes of the pairs"]
pub struct IntervalJoin<K, A, B> {
    streams: IntervalJoinedStreams<K, A, B>,
    lower: TimeOffset,
    upper: TimeOffset,
    lower_exclusive: bool,
    upper_exclusive: bool,
    late_left: Option<OutputTag<A>>,
    late_right: Option<OutputTag<B>>,
}

impl<K: Key, A: Record> KeyedStream<K, A> {
    /// Joins each record with those of another stream with the same key whose time lies within bounds of its own. As Flink's `intervalJoin`.
    ///
    /// What is emitted gets the later of the two timestamps. A record is kept until the watermark has passed all that it might be
    /// joined with.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::join::TimeOffset;
    ///
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(u32, i64)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(u32, i64)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// // The number of an order, and a second.
    /// let (orders, payments) = (stream(vec![(1, 0), (2, 5)]), stream(vec![(1, 3), (2, 66)]));
    /// let paid_in_time = orders
    ///     .key_by(|(order, _)| *order)
    ///     .interval_join(&payments.key_by(|(order, _)| *order))
    ///     .between(TimeOffset::ZERO, TimeOffset::after(Duration::from_secs(60)))
    ///     .apply(|order, payment| (order.0, payment.1 - order.1))
    ///     .collect();
    /// env.execute("paid in time")?;
    /// assert_eq!(paid_in_time.sorted(), [(1, 3)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "intervalJoin")]
    pub fn interval_join<B: Record>(&self, other: &KeyedStream<K, B>) -> IntervalJoinedStreams<K, A, B> {
        IntervalJoinedStreams { left: self.clone(), right: other.clone() }
    }
}

impl<K: Key, A: Record, B: Record> IntervalJoinedStreams<K, A, B> {
    /// Joins a record of the left stream with those of the right stream from `lower` to `upper` after it, both included. As
    /// Flink's `between`. See [`KeyedStream::interval_join`] for an example.
    ///
    /// Both are whole numbers of milliseconds. A lower bound above the upper one is an error of the job, before it runs.
    pub const fn between(self, lower: TimeOffset, upper: TimeOffset) -> IntervalJoin<K, A, B> {
        IntervalJoin {
            streams: self,
            lower,
            upper,
            lower_exclusive: false,
            upper_exclusive: false,
            late_left: None,
            late_right: None,
        }
    }
}

impl<K: Key, A: Record, B: Record> IntervalJoin<K, A, B> {
    /// The lower bound itself is out. As Flink's `lowerBoundExclusive`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::join::TimeOffset;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous().timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<i64>| env.from_collection(records).assign_timestamps_and_watermarks(time()).key_by(|_| ());
    /// let (left, right) = (stream(vec![10]), stream(vec![9, 10, 11, 12]));
    /// let second = TimeOffset::after(Duration::from_secs(1));
    /// let joined = left.interval_join(&right).between(TimeOffset::ZERO, second).lower_bound_exclusive();
    /// let joined = joined.apply(|left, right| (*left, *right)).collect();
    /// env.execute("seconds")?;
    /// assert_eq!(joined.sorted(), [(10, 11)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "lowerBoundExclusive")]
    pub const fn lower_bound_exclusive(mut self) -> Self {
        self.lower_exclusive = true;
        self
    }

    /// The upper bound itself is out. As Flink's `upperBoundExclusive`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::join::TimeOffset;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous().timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<i64>| env.from_collection(records).assign_timestamps_and_watermarks(time()).key_by(|_| ());
    /// let (left, right) = (stream(vec![10]), stream(vec![9, 10, 11, 12]));
    /// let second = TimeOffset::after(Duration::from_secs(1));
    /// let joined = left.interval_join(&right).between(TimeOffset::ZERO, second).upper_bound_exclusive();
    /// let joined = joined.apply(|left, right| (*left, *right)).collect();
    /// env.execute("seconds")?;
    /// assert_eq!(joined.sorted(), [(10, 10)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "upperBoundExclusive")]
    pub const fn upper_bound_exclusive(mut self) -> Self {
        self.upper_exclusive = true;
        self
    }

    /// Emits records of the left stream that come after the watermark has passed them to a side output, instead of
    /// dropping and counting them. As Flink's `sideOutputLeftLateData`.
    #[doc(alias = "sideOutputLeftLateData")]
    pub fn side_output_late_left(mut self, tag: &OutputTag<A>) -> Self {
        self.late_left = Some(tag.clone());
        self
    }

    /// As [`side_output_late_left`](Self::side_output_late_left), of the right stream.
    #[doc(alias = "sideOutputRightLateData")]
    pub fn side_output_late_right(mut self, tag: &OutputTag<B>) -> Self {
        self.late_right = Some(tag.clone());
        self
    }

    /// Makes a record of each pair: an inner join. As Flink's `process`. See [`KeyedStream::interval_join`] for an example.
    #[doc(alias = "ProcessJoinFunction")]
    pub fn apply<O: Record>(
        self,
        join: impl FnMut(&A, &B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::INNER, kind::inner(join))
    }

    /// Makes a record of each pair, and of each record of the left stream that has no partner, once none can come any
    /// more.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::join::TimeOffset;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous().timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<i64>| env.from_collection(records).assign_timestamps_and_watermarks(time()).key_by(|_| ());
    /// let (left, right) = (stream(vec![10, 20]), stream(vec![9, 30]));
    /// let second = Duration::from_secs(1);
    /// let joined = left.interval_join(&right).between(TimeOffset::before(second), TimeOffset::after(second));
    /// let joined = joined.left_outer(|left, right| (*left, right.copied())).collect();
    /// env.execute("left outer join")?;
    /// assert_eq!(joined.sorted(), [(10, Some(9)), (20, None)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn left_outer<O: Record>(
        self,
        join: impl FnMut(&A, Option<&B>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::LEFT, kind::left(join))
    }

    /// Makes a record of each pair, and of each record of the right stream that has no partner, once none can come any
    /// more. See [`left_outer`](Self::left_outer) for an example of its mirror image.
    pub fn right_outer<O: Record>(
        self,
        join: impl FnMut(Option<&A>, &B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::RIGHT, kind::right(join))
    }

    /// Makes a record of each pair, and of each record that has no partner, once none can come any more.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::join::TimeOffset;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous().timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<i64>| env.from_collection(records).assign_timestamps_and_watermarks(time()).key_by(|_| ());
    /// let (left, right) = (stream(vec![10, 20]), stream(vec![9, 30]));
    /// let second = Duration::from_secs(1);
    /// let joined = left.interval_join(&right).between(TimeOffset::before(second), TimeOffset::after(second));
    /// let joined = joined.full_outer(|left, right| (left.copied(), right.copied())).collect();
    /// env.execute("full outer join")?;
    /// assert_eq!(joined.sorted(), [(None, Some(30)), (Some(10), Some(9)), (Some(20), None)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn full_outer<O: Record>(
        self,
        join: impl FnMut(Option<&A>, Option<&B>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::FULL, kind::full(join))
    }

    /// The bounds in whole milliseconds, both included.
    fn interval(&self) -> Result<Interval, String> {
        let millis = |name: &str, bound: TimeOffset| {
            bound.millis().ok_or_else(|| {
                format!("the {name} bound of an interval join must be a whole number of milliseconds, but is {bound}")
            })
        };
        let (lower, upper) = (millis("lower", self.lower)?, millis("upper", self.upper)?);
        if lower > upper {
            return Err(format!(
                "the lower bound of an interval join is {}, above the upper one, {}: no record lies between",
                self.lower, self.upper
            ));
        }
        let (first, last) =
            (lower + i64::from(self.lower_exclusive), upper - i64::from(self.upper_exclusive));
        if first > last {
            return Err(format!(
                "the bounds of an interval join are {} and {}, of which one is out at least: no record lies between",
                self.lower, self.upper
            ));
        }
        Ok(Interval { first, last })
    }

    fn joined<O: Record>(self, kind: JoinKind, join: impl JoinFunction<A, B, O>) -> Stream<O> {
        let interval = self.interval();
        let problem = interval.as_ref().err().cloned();
        let interval = interval.unwrap_or(Interval { first: 0, last: 0 });
        let Self { streams, late_left, late_right, .. } = self;
        let late = [late_left.as_ref().map(OutputTag::untyped), late_right.as_ref().map(OutputTag::untyped)];
        let settings = IntervalSettings { interval, kind, late_left, late_right };
        let make = move |info: &OperatorInfo| interval_operator(settings.clone(), join.clone(), info);
        let joined = streams.left.connect(&streams.right).transform("Interval join", make);
        let mut graph = joined.graph.lock();
        graph.mark_needs_timestamps(joined.node);
        graph.mark_side_outputs(joined.node, late.into_iter().flatten());
        if let Some(problem) = problem {
            graph.mark_problem(joined.node, problem);
        }
        drop(graph);
        joined
    }
}
