//! Which operators run in one chain, and how far an operator can be scaled.

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
