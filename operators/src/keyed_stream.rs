//! A stream of records with a key: what keyed state, timers and windows work on.

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record};

use crate::stream::Stream;

/// A stream whose records are spread by key: all records of a key meet in one subtask.
///
/// Records travel as `(key, record)`, so the key is computed once, however many operators use it.
pub struct KeyedStream<K, T> {
    /// The pairs, partitioned by key group on the way to the operators that read them.
    pub(crate) pairs: Stream<(K, T)>,
}

impl<K, T> Clone for KeyedStream<K, T> {
    fn clone(&self) -> Self {
        Self { pairs: self.pairs.clone() }
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Gives a human-readable name to the operator that made the pairs of key and record: the one of
    /// [`key_by`](Stream::key_by) (of a union, that for its last stream), or for
    /// [`keyed`](Stream::keyed) the one whose pairs these are. What works on the keyed stream has a
    /// name of its own.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["to", "be", "or", "not"].map(String::from));
    /// words.key_by(|word| word.len()).name("by length").count().name("counts").discard();
    /// let graph = env.explain()?.to_string();
    /// assert!(graph.contains("by length") && graph.contains("counts"));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { pairs: self.pairs.name(name) }
    }

    /// Gives an identifier to the operator that made the pairs of key and record (see
    /// [`name`](Self::name)), by which snapshots know its state. That of windows, functions and counts
    /// of this stream is known by the uid of what they return.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // The source's position is known by this uid, and the counts by the other one.
    /// let sales = env.from_collection([("tea".to_owned(), 3), ("milk".to_owned(), 1)]);
    /// sales.keyed().uid("sales").sum(|pieces| *pieces).uid("totals").discard();
    /// let graph = env.explain()?.to_json();
    /// assert!(graph.contains("\"sales\"") && graph.contains("\"totals\""));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn uid(self, uid: impl Into<String>) -> Self {
        Self { pairs: self.pairs.uid(uid) }
    }

    /// Applies an operator of your own to the pairs of key and record.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::{Operator, OperatorHooks, Output};
    ///
    /// struct Keys;
    ///
    /// impl OperatorHooks<u32> for Keys {}
    ///
    /// impl Operator<(u32, char), u32> for Keys {
    ///     fn process(&mut self, batch: &mut Batch<(u32, char)>, output: &mut Output<'_, u32>) -> Result<()> {
    ///         batch.drain_timed().try_for_each(|((key, _), timestamp)| output.emit(key, timestamp))
    ///     }
    /// }
    ///
    /// let env = Environment::new();
    /// let keys = env.from_collection(['a', 'b']).key_by(|letter| *letter as u32).transform("Keys", |_| Keys).collect();
    /// env.execute("keys")?;
    /// assert_eq!(keys.sorted(), [97, 98]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn transform<O: Record, Op: Operator<(K, T), O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        self.pairs.transform(kind, make)
    }
}
