//! Joins of records with the version that was valid at their time: what is written down.

use millstream_runtime::chain::OperatorInfo;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record};

use super::kind::{self, JoinFunction, JoinKind};
use super::temporal_operator::temporal_operator;
use crate::{KeyedStream, Stream};

/// A stream joined with versions; [`KeyedStream::temporal_join`] makes it.
#[must_use = "streams are not joined until it is said what becomes of the pairs"]
pub struct TemporalJoin<K, A, B> {
    left: KeyedStream<K, A>,
    versions: KeyedStream<K, B>,
    late: Option<OutputTag<A>>,
}

impl<K: Key, A: Record> KeyedStream<K, A> {
    /// Joins each record with the version of its key that was valid at its time: of the records of `versions` with this
    /// key the latest that is not later (of several of the same time, the one that has come last). As Flink's event-time
    /// temporal join, `FOR SYSTEM_TIME AS OF` in SQL; also known as an as-of join.
    ///
    /// A record waits until the watermark has come to its time, since versions may come until then; what is emitted
    /// has its timestamp. Versions that no record can ask for any more are forgotten, but the latest of each key is kept for good.
    ///
    /// A version that comes after the watermark has passed its time is taken into account from then on; records that have
    /// been joined already stay as they are.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second, _): &(char, i64, u32)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(char, i64, u32)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// // A currency, a second, and an amount or a rate.
    /// let orders = stream(vec![('e', 1, 10), ('e', 5, 10), ('y', 6, 10), ('e', 9, 10)]);
    /// let rates = stream(vec![('e', 0, 114), ('e', 5, 116), ('y', 7, 1)]);
    /// let totals = orders
    ///     .key_by(|(currency, ..)| *currency)
    ///     .temporal_join(&rates.key_by(|(currency, ..)| *currency))
    ///     .left_outer(|order, rate| (order.1, rate.map(|rate| order.2 * rate.2)))
    ///     .collect();
    /// env.execute("totals")?;
    /// assert_eq!(totals.sorted(), [(1, Some(1_140)), (5, Some(1_160)), (6, None), (9, Some(1_160))]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("FOR SYSTEM_TIME AS OF", "asof"))]
    pub fn temporal_join<B: Record>(&self, versions: &KeyedStream<K, B>) -> TemporalJoin<K, A, B> {
        TemporalJoin { left: self.clone(), versions: versions.clone(), late: None }
    }
}

impl<K: Key, A: Record, B: Record> TemporalJoin<K, A, B> {
    /// Emits records that come after the watermark has passed them to a side output, instead of dropping and counting
    /// them.
    #[doc(alias = "sideOutputLateData")]
    pub fn side_output_late_data(mut self, tag: &OutputTag<A>) -> Self {
        self.late = Some(tag.clone());
        self
    }

    /// Makes a record of each record and its version; those without a version are left out: an inner join.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous().timestamp_assigner(|second: &i64| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<i64>| env.from_collection(records).assign_timestamps_and_watermarks(time()).key_by(|_| ());
    /// let (records, versions) = (stream(vec![1, 5, 9]), stream(vec![3, 9]));
    /// let joined = records.temporal_join(&versions).apply(|record, version| (*record, *version)).collect();
    /// env.execute("versions")?;
    /// assert_eq!(joined.sorted(), [(5, 3), (9, 9)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn apply<O: Record>(
        self,
        join: impl FnMut(&A, &B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::INNER, kind::inner(join))
    }

    /// Makes a record of each record and its version, if there is one. See [`KeyedStream::temporal_join`] for an example.
    pub fn left_outer<O: Record>(
        self,
        join: impl FnMut(&A, Option<&B>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::LEFT, kind::left(join))
    }

    fn joined<O: Record>(self, kind: JoinKind, join: impl JoinFunction<A, B, O>) -> Stream<O> {
        let Self { left, versions, late } = self;
        let late_records = late.as_ref().map(OutputTag::untyped);
        let make = move |info: &OperatorInfo| temporal_operator(kind, join.clone(), late.clone(), info);
        let joined = left.connect(&versions).transform("Temporal join", make);
        let mut graph = joined.graph.lock();
        graph.mark_needs_timestamps(joined.node);
        graph.mark_side_outputs(joined.node, late_records);
        drop(graph);
        joined
    }
}
