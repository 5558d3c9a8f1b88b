//! Which operators run in one chain, how long their records may wait for others, and how far an operator can be scaled.

use std::time::Duration;

use millstream_runtime::graph::ChainingPolicy;
use millstream_state::Record;

use crate::Stream;

impl<T: Record> Stream<T> {
    /// Begins a new chain with the operator that made this stream: a channel comes before it. As
    /// Flink's `startNewChain`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let heavy = env.from_collection(0..3).map(|n| n * n).start_new_chain().collect();
    /// env.execute("two chains")?;
    /// assert_eq!(heavy.sorted(), [0, 1, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "startNewChain")]
    #[must_use]
    pub fn start_new_chain(self) -> Self {
        self.chaining(ChainingPolicy::Head)
    }

    /// Keeps the operator that made this stream out of all chains: channels come before and after
    /// it. As Flink's `disableChaining`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let alone = env.from_collection(0..3).map(|n| n * n).disable_chaining().collect();
    /// env.execute("three chains")?;
    /// assert_eq!(alone.sorted(), [0, 1, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "disableChaining")]
    #[must_use]
    pub fn disable_chaining(self) -> Self {
        self.chaining(ChainingPolicy::Never)
    }

    /// Sets how long a batch of records of the operator that made this stream may wait where it is not full and the subtask is
    /// busy, in place of what the [environment](crate::Environment::buffer_timeout) says. `None`: for as long as the subtask has more to do.
    /// As Flink's `setBufferTimeout` of an operator.
    ///
    /// It matters where records leave the subtask: to an operator that is chained they go at once.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    ///
    /// static HAS_ARRIVED: AtomicBool = AtomicBool::new(false);
    /// // In general batches wait until they are full, but what is rare is wanted soon.
    /// let env = Environment::new().parallelism(1).buffer_timeout(None);
    /// let rare = env.from_generator(None, |number| number).filter(|number| *number == 7);
    /// let rare = rare.buffer_timeout(Duration::from_millis(10));
    /// rare.rebalance().for_each(|_| HAS_ARRIVED.store(true, Relaxed));
    /// let job = env.spawn("rare records")?;
    /// std::thread::sleep(Duration::from_millis(500));
    /// job.cancel();
    /// job.join_blocking()?;
    /// assert!(HAS_ARRIVED.load(Relaxed));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setBufferTimeout")]
    #[must_use]
    pub fn buffer_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.graph.lock().set_buffer_timeout(self.node, timeout.into());
        self
    }

    /// Sets the number of key groups of the operator that made this stream, from 1 to 32,768: the
    /// most subtasks it can ever have. A snapshot can only be restored with the same number.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let counts = env.from_collection(0..3).key_by(|n| n % 2).count().max_parallelism(256).collect();
    /// env.execute("scalable count")?;
    /// assert_eq!(counts.sorted(), [(0, 1), (0, 2), (1, 1)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "setMaxParallelism")]
    #[must_use]
    pub fn max_parallelism(self, max_parallelism: u32) -> Self {
        self.graph.lock().set_max_parallelism(self.node, max_parallelism);
        self
    }
}
