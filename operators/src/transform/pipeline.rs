//! Pipeline: stateless steps as one loop of iterator adaptors.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_state::{Record, Timestamp};

use crate::Stream;

/// The records that [`Stream::pipeline`] hands to its function: an iterator that owns them.
pub struct PipelineRecords<T> {
    records: std::vec::IntoIter<T>,
    /// One for each record, or none at all.
    timestamps: std::vec::IntoIter<Timestamp>,
    /// The timestamp of the record that was taken last, for what the adaptors make of it. Only one
    /// thread looks at it; it is atomic because a chain of operators may move to another.
    current: Arc<AtomicI64>,
}

impl<T> PipelineRecords<T> {
    #[inline]
    fn next_timestamp(&mut self) {
        if let Some(timestamp) = self.timestamps.next() {
            self.current.store(timestamp.as_millis(), Ordering::Relaxed);
        }
    }
}

impl<T> Iterator for PipelineRecords<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let record = self.records.next()?;
        self.next_timestamp();
        Some(record)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(self, init: B, mut fold: F) -> B {
        if self.timestamps.as_slice().is_empty() {
            return self.records.fold(init, fold);
        }
        let mut folded = init;
        for record in self {
            folded = fold(folded, record);
        }
        folded
    }
}

impl<T> ExactSizeIterator for PipelineRecords<T> {}

/// Runs the iterator that `function` makes of each batch.
pub(super) struct Pipeline<F, M> {
    function: F,
    current: Arc<AtomicI64>,
    /// What has not been emitted yet of what the last batch has become.
    made: Option<M>,
}

impl<F, M: Iterator> Pipeline<F, M> {
    pub(super) fn new(function: F) -> Self {
        Self { function, current: Arc::default(), made: None }
    }

    /// Emits what the last batch has become, until the task should yield.
    #[inline]
    fn emit_made(&mut self, output: &mut Output<'_, M::Item>) -> Result<()> {
        let Some(made) = &mut self.made else { return Ok(()) };
        for record in made {
            output.emit(record, Timestamp::from_millis(self.current.load(Ordering::Relaxed)))?;
            if output.should_yield() {
                output.suspend();
                return Ok(());
            }
        }
        self.made = None;
        Ok(())
    }
}

impl<F, M> OperatorHooks<M::Item> for Pipeline<F, M>
where
    F: Send + 'static,
    M: Iterator + Send + 'static,
{
    fn resume(&mut self, output: &mut Output<'_, M::Item>) -> Result<()> {
        self.emit_made(output)
    }
}

impl<T, F, M> Operator<T, M::Item> for Pipeline<F, M>
where
    F: FnMut(PipelineRecords<T>) -> M + Send + 'static,
    M: Iterator + Send + 'static,
{
    fn process(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, M::Item>) -> Result<()> {
        let timed = batch.has_timestamps();
        self.current.store(Timestamp::MIN.as_millis(), Ordering::Relaxed);
        let (records, timestamps) = batch.take_parts();
        let made = (self.function)(PipelineRecords {
            records: records.into_iter(),
            timestamps: timestamps.into_iter(),
            current: self.current.clone(),
        });
        // Where no more come out than went in, as with `map` and `filter`, there is no need to look at the
        // room after each.
        let fits = made.size_hint().1.is_some_and(|most| most <= Batch::<M::Item>::FULL);
        if fits && !timed {
            let target = output.batch();
            made.for_each(|record| target.push(record, Timestamp::MIN));
            return Ok(());
        }
        self.made = Some(made);
        self.emit_made(output)
    }
}

impl<T: Record> Stream<T> {
    /// Does several stateless steps in one loop, written as adaptors of an iterator.
    ///
    /// `function` gets the records of a batch and says what becomes of them. All steps are compiled into
    /// one loop, which hands a record from step to step without storing it: for large records, and for
    /// steps that do little, that is quicker than an operator for each. Behind a source of numbers it is a
    /// source: `env.from_generator(count, |number| number).pipeline(|numbers| numbers.map(make))` stores
    /// no record before the last step.
    ///
    /// What comes out carries the timestamp of the record that was taken last, so adaptors that read
    /// ahead, such as `peekable`, shift timestamps. A batch has any number of records, and the next one
    /// begins anew: adaptors that remember something, such as `enumerate`, `skip`, `scan` or `dedup`,
    /// count within a batch, which means nothing. What is to be remembered belongs into
    /// [state](crate::KeyedStream::process).
    ///
    /// The closures must own what they use: `function` clones it for each batch.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let lines = env.from_collection(["3 4", "x", "5"].map(String::from));
    /// let squares = lines.pipeline(|lines| {
    ///     lines
    ///         .flat_map(|line| line.split(' ').map(String::from).collect::<Vec<_>>())
    ///         .filter_map(|word| word.parse::<u64>().ok())
    ///         .map(|number| number * number)
    /// });
    /// let squares = squares.collect();
    /// env.execute("squares")?;
    /// assert_eq!(squares.sorted(), [9, 16, 25]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn pipeline<O: Record, M: Iterator<Item = O> + Send + 'static>(
        &self,
        function: impl FnMut(PipelineRecords<T>) -> M + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.apply("Pipeline", move |_| Pipeline::new(function.clone()))
    }
}
