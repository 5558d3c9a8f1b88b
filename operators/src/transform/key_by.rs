//! Key by: from a stream to a keyed stream.

use std::sync::Arc;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::graph::SidePorts;
use millstream_runtime::partition::{ByKeyGroup, Partitioning};
use millstream_state::{Key, Record};

use super::each_batch;
use crate::{KeyedStream, Stream};

impl<T: Record> Stream<T> {
    /// Spreads the records by a key, so that all records of a key meet in one subtask. As Flink's
    /// `keyBy`.
    ///
    /// The key is computed once and travels with the record. It must depend on the record alone,
    /// and its `Hash` must give the same value in every run, since state is stored by it. Records of a
    /// key that come from one subtask keep their order.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["to", "be", "or", "not", "to", "be"].map(String::from));
    /// let last = words.key_by(|word| word.len()).count().collect();
    /// env.execute("words by length")?;
    /// assert_eq!(last.sorted(), [(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "keyBy")]
    pub fn key_by<K: Key>(
        &self,
        key: impl FnMut(&T) -> K + Clone + Send + Sync + 'static,
    ) -> KeyedStream<K, T> {
        let make = move |_: &OperatorInfo| {
            let mut key = key.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, (K, T)>| {
                batch.map_into(output.batch(), |record| (key(&record), record));
                Ok(())
            })
        };
        // The key is computed where the records come from: one more hop, to subtasks of another
        // number, would mix up their order. So each part of a union has an operator of its own.
        let parts = self.upstreams.iter().map(|upstream| {
            let part = Self { upstreams: vec![upstream.clone()], ..self.clone() };
            let pairs = part.apply("Key by", make.clone());
            self.graph.lock().follow_input(pairs.node);
            pairs
        });
        let parts: Vec<_> = parts.collect();
        let upstreams = parts.iter().flat_map(|part| part.upstreams.clone()).collect();
        let node = parts.last().map_or(self.node, |part| part.node);
        let pairs = Stream { graph: self.graph.clone(), upstreams, node, sides: SidePorts::default() };
        pairs.keyed()
    }
}

impl<K: Key, V: Record> Stream<(K, V)> {
    /// Spreads pairs by their first half, without an operator of its own.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let sales = env.from_collection([("tea".to_owned(), 3), ("milk".to_owned(), 1), ("tea".to_owned(), 4)]);
    /// let totals = sales.keyed().sum(|pieces| *pieces).collect();
    /// env.execute("sales")?;
    /// assert_eq!(totals.sorted(), [("milk".to_owned(), 1), ("tea".to_owned(), 3), ("tea".to_owned(), 7)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "keyBy")]
    pub fn keyed(&self) -> KeyedStream<K, V> {
        let by_key = Arc::new(|groups, parallelism| Box::new(ByKeyGroup::new(groups, parallelism)) as _);
        KeyedStream { pairs: self.partitioned(Partitioning::KeyGroup, Some(by_key)) }
    }
}
