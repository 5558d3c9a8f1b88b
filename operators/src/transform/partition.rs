//! How records are spread over the subtasks of the next operator.

use std::sync::Arc;

use millstream_runtime::graph::PartitionerFactory;
use millstream_runtime::partition::{ByFunction, Partitioner, Partitioning};
use millstream_state::{KeyGroups, Record};

use crate::Stream;

impl<T: Record> Stream<T> {
    /// The same stream, spread in another way on its way to the operators that read it.
    pub(crate) fn partitioned(
        &self,
        partitioning: Partitioning,
        factory: Option<PartitionerFactory<T>>,
    ) -> Self {
        let mut stream = self.clone();
        for upstream in &mut stream.upstreams {
            upstream.partitioning = Some(partitioning);
            upstream.partitioner.clone_from(&factory);
        }
        stream
    }

    /// Each subtask's records go to the same subtask of the next operator: no record leaves its
    /// core, and the two may be chained. Needs equal parallelism, and is the default where it is equal.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let doubled = env.from_collection(0..3).forward().map(|n| 2 * n).collect();
    /// env.execute("forward")?;
    /// assert_eq!(doubled.sorted(), [0, 2, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn forward(&self) -> Self {
        self.partitioned(Partitioning::Forward, None)
    }

    /// Records go to all subtasks of the next operator in turn: even load whatever the data. The
    /// default where the parallelism changes.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let doubled = env.from_collection(0..3).rebalance().map(|n| 2 * n).parallelism(2).collect();
    /// env.execute("rebalance")?;
    /// assert_eq!(doubled.sorted(), [0, 2, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn rebalance(&self) -> Self {
        self.partitioned(Partitioning::Rebalance, None)
    }

    /// Records go in turn to a few subtasks of the next operator, near their own: fewer channels
    /// than with [`Stream::rebalance`], where one parallelism is a multiple of the other.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let doubled = env.from_collection(0..3).rescale().map(|n| 2 * n).parallelism(2).collect();
    /// env.execute("rescale")?;
    /// assert_eq!(doubled.sorted(), [0, 2, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn rescale(&self) -> Self {
        self.partitioned(Partitioning::Rescale, None)
    }

    /// Records go to subtasks of the next operator at random.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let doubled = env.from_collection(0..3).shuffle().map(|n| 2 * n).parallelism(2).collect();
    /// env.execute("shuffle")?;
    /// assert_eq!(doubled.sorted(), [0, 2, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn shuffle(&self) -> Self {
        self.partitioned(Partitioning::Shuffle, None)
    }

    /// Every record goes to every subtask of the next operator.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let copies = env.from_collection(0..2).broadcast().map(|n| n).parallelism(3).collect();
    /// env.execute("broadcast")?;
    /// assert_eq!(copies.sorted(), [0, 0, 0, 1, 1, 1]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn broadcast(&self) -> Self {
        self.partitioned(Partitioning::Broadcast, None)
    }

    /// All records go to the first subtask of the next operator.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let all = env.from_collection(0..3).global().collect();
    /// env.execute("global")?;
    /// assert_eq!(all.sorted(), [0, 1, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn global(&self) -> Self {
        self.partitioned(Partitioning::Global, None)
    }

    /// `choose` names the subtask of the next operator that a record goes to; it is given how many
    /// there are. A number that is not below that fails the job.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let numbers = env.from_collection(0_usize..4);
    /// let spread = numbers.partition_custom(|n, subtasks| n % subtasks).map(|n| n).parallelism(2).collect();
    /// env.execute("custom")?;
    /// assert_eq!(spread.sorted(), [0, 1, 2, 3]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "partitionCustom")]
    #[must_use]
    pub fn partition_custom(
        &self,
        choose: impl FnMut(&T, usize) -> usize + Clone + Send + Sync + 'static,
    ) -> Self {
        let factory = Arc::new(move |_, _| Box::new(ByFunction(choose.clone())) as _);
        self.partitioned(Partitioning::Custom, Some(factory))
    }

    /// Spreads records with a [`Partitioner`] of your own, which may also split them: `make` makes one for
    /// each subtask, and is given the key groups and the parallelism of the next operator. `kind` says
    /// what it does, for plans: [`Partitioning::KeyGroup`] if it sends each record to the owner of its
    /// key group.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::Outlet;
    /// use millstream::engine::partition::{Partitioner, Partitioning};
    ///
    /// /// Sends each half of a list to a subtask of its own.
    /// struct Halves;
    ///
    /// impl Partitioner<Vec<u32>> for Halves {
    ///     fn route(
    ///         &mut self,
    ///         batch: &mut Batch<Vec<u32>>,
    ///         outlet: &mut Outlet<Vec<u32>>,
    ///     ) -> Result<()> {
    ///         for (mut list, timestamp) in batch.drain_timed() {
    ///             let second = list.split_off(list.len() / 2);
    ///             outlet.push(0, list, timestamp);
    ///             outlet.push(1, second, timestamp);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # let env = Environment::new();
    /// let lists = env.from_collection([vec![1, 2, 3, 4], vec![5, 6]]);
    /// let halves = lists.partition_by(Partitioning::Custom, |_, _| Box::new(Halves));
    /// let lengths = halves.map(|half| half.len()).parallelism(2).collect();
    /// env.execute("halves")?;
    /// assert_eq!(lengths.sorted(), [1, 1, 2, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "partitionCustom")]
    #[must_use]
    pub fn partition_by(
        &self,
        kind: Partitioning,
        make: impl Fn(KeyGroups, u32) -> Box<dyn Partitioner<T>> + Send + Sync + 'static,
    ) -> Self {
        self.partitioned(kind, Some(Arc::new(make)))
    }
}
