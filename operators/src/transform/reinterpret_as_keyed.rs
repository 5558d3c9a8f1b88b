//! Reinterpret as keyed: from a stream that is spread by a key already to a keyed stream.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::partition::Partitioning;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Key, KeyGroup, KeyGroups, Record, stable_hash};

use super::each_batch;
use crate::{KeyedStream, Stream};

impl<T: Record> Stream<T> {
    /// Takes the stream as one that is spread by this key already, so that no record leaves its subtask. As
    /// Flink's `reinterpretAsKeyedStream`.
    ///
    /// That holds for what comes out of an operator on a keyed stream and still has the key. The operators on the
    /// keyed stream must have the same parallelism and maximum parallelism as the one before. Whether a record is
    /// where its key belongs is checked for each: one that is not fails the job. Where the stream is not spread
    /// like that, there is [`key_by`](Self::key_by).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(2);
    /// let words = env.from_collection(["tea", "milk", "tea", "jam", "tea", "milk"].map(String::from));
    /// let counts = words.key_by(|word| word.clone()).count();
    /// // How often each word has come so far in even numbers: behind the same exchange.
    /// let even = counts.filter(|(_, count)| count % 2 == 0).reinterpret_as_keyed(|(word, _)| word.clone()).count();
    /// let exchanges = env.explain()?.to_string().matches("key group").count();
    /// let even = even.collect();
    /// env.execute("even")?;
    /// assert_eq!(even.sorted(), [("milk".to_owned(), 1), ("tea".to_owned(), 1)]);
    /// assert_eq!(exchanges, 1);
    ///
    /// let env = Environment::new().parallelism(2);
    /// let numbers = env.from_collection(0..100).rebalance().reinterpret_as_keyed(|number| *number).count();
    /// numbers.discard();
    /// let error = env.execute("not spread by the key").unwrap_err().to_string();
    /// assert!(error.contains("use `key_by`"), "{error}");
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("reinterpretAsKeyedStream", "DataStreamUtils"))]
    pub fn reinterpret_as_keyed<K: Key>(
        &self,
        key: impl FnMut(&T) -> K + Clone + Send + Sync + 'static,
    ) -> KeyedStream<K, T> {
        let mut spread = self.clone();
        for upstream in &mut spread.upstreams {
            upstream.partitioning.get_or_insert(Partitioning::Forward);
        }
        let pairs = spread.apply("Reinterpret as keyed", move |info| {
            let (mut key, place) = (key.clone(), Place::of(info));
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, (K, T)>| {
                let target = output.batch();
                batch.drain_timed().try_for_each(|(record, timestamp)| {
                    let key = key(&record);
                    place.check(stable_hash(&key))?;
                    target.push((key, record), timestamp);
                    Ok(())
                })
            })
        });
        pairs.graph.lock().follow_input(pairs.node);
        KeyedStream { pairs: pairs.partitioned(Partitioning::Forward, None) }
    }
}

/// A subtask, and which keys belong to it.
#[derive(Clone, Copy)]
struct Place {
    subtask: u32,
    parallelism: u32,
    groups: KeyGroups,
}

impl Place {
    const fn of(info: &OperatorInfo) -> Self {
        Self { subtask: info.subtask, parallelism: info.parallelism, groups: info.groups }
    }

    #[inline]
    fn check(self, hash: u64) -> Result<()> {
        let group = self.groups.of_hash(hash);
        let owner = self.groups.owner(group, self.parallelism);
        if owner == self.subtask { Ok(()) } else { Err(self.misplaced(group, owner)) }
    }

    #[cold]
    fn misplaced(self, group: KeyGroup, owner: u32) -> Error {
        let problem = format!(
            "a record has come to subtask {} whose key is in key group {} and belongs to subtask {owner}: the \
             stream is not spread by this key, use `key_by` instead of `reinterpret_as_keyed`",
            self.subtask,
            group.index()
        );
        Error::new(ErrorKind::InvalidJob, problem)
    }
}
