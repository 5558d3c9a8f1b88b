//! Where a job's records come from.

use millstream_state::Record;

use super::Environment;
use crate::source::{CollectionSource, GeneratorSource, Source, add_source};
use crate::{Stream, WatermarkStrategy};

impl Environment {
    /// A stream of what a [`Source`] yields.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::source::CollectionSource;
    /// # let env = Environment::new();
    /// let numbers = env.from_source(CollectionSource::new(0..3)).collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [0, 1, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("fromSource", "addSource"))]
    pub fn from_source<S: Source>(&self, source: S) -> Stream<S::Record> {
        let added = add_source(&mut self.graph.lock(), source);
        Stream::new(&self.graph, added)
    }

    /// A stream of what a [`Source`] yields, with the timestamps and watermarks of a strategy: split by split where the
    /// source can do that (its rustdoc says so), or else for all records of a subtask together, as
    /// [`Stream::assign_timestamps_and_watermarks`] does it. As Flink's `fromSource` with a strategy.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::source::CollectionSource;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous().timestamp_assigner(|n: &i64| Timestamp::from_millis(*n));
    /// let numbers = env.from_source_with_watermarks(CollectionSource::new([5_i64]), strategy);
    /// let times = numbers.process_fn(|_, cx, out| out.emit(cx.timestamp().map(Timestamp::as_millis))).collect();
    /// env.execute("numbers")?;
    /// assert_eq!(times.sorted(), [Some(5)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "fromSource")]
    pub fn from_source_with_watermarks<S: Source>(
        &self,
        mut source: S,
        strategy: WatermarkStrategy<S::Record>,
    ) -> Stream<S::Record> {
        if source.set_watermark_strategy(&strategy) {
            let timed = self.from_source(source);
            if let Some(problem) = strategy.problem() {
                timed.graph.lock().mark_problem(timed.node, problem);
            }
            return timed;
        }
        self.from_source(source).assign_timestamps_and_watermarks(strategy)
    }

    /// A stream of the elements of a collection, which then ends. With several subtasks each yields
    /// a part of them; within a subtask they keep their order.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["to", "be"].map(String::from)).collect();
    /// env.execute("words")?;
    /// assert_eq!(words.sorted(), ["be", "to"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("fromCollection", "fromElements", "fromData"))]
    pub fn from_collection<T: Record>(&self, elements: impl IntoIterator<Item = T>) -> Stream<T> {
        self.from_source(CollectionSource::new(elements))
    }

    /// A stream of `function(0)`, `function(1)`, and so on: `count` records, or without end. With
    /// several subtasks each computes a part of them. [`GeneratorSource`] can limit the rate too.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let squares = env.from_generator(Some(4), |number| number * number).collect();
    /// env.execute("squares")?;
    /// assert_eq!(squares.sorted(), [0, 1, 4, 9]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("fromSequence", "DataGeneratorSource"))]
    pub fn from_generator<T: Record>(
        &self,
        count: Option<u64>,
        function: impl Fn(u64) -> T + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        self.from_source(GeneratorSource::new(count, function))
    }
}
