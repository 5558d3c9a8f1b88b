//! Flat map: one record becomes any number of others.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_state::{Record, Timestamp};

use crate::Stream;
use crate::function::FunctionResult;

/// What one record has become may be much, or without end: it is emitted a few batches at a time.
pub(super) struct FlatMap<F, M: IntoIterator> {
    function: F,
    /// What the last record has become and has not been emitted, with its timestamp.
    made: Option<(M::IntoIter, Timestamp)>,
}

impl<F, M: IntoIterator> FlatMap<F, M> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, made: None }
    }

    /// Emits what the last record has become; false if the task should yield before all is emitted.
    #[inline]
    fn emit_made(&mut self, output: &mut Output<'_, M::Item>) -> Result<bool> {
        let Some((made, timestamp)) = &mut self.made else { return Ok(true) };
        for record in made {
            output.emit(record, *timestamp)?;
            if output.should_yield() {
                output.suspend();
                return Ok(false);
            }
        }
        self.made = None;
        Ok(true)
    }
}

impl<F, M> OperatorHooks<M::Item> for FlatMap<F, M>
where
    F: Send + 'static,
    M: IntoIterator<IntoIter: Send> + 'static,
{
    fn resume(&mut self, output: &mut Output<'_, M::Item>) -> Result<()> {
        self.emit_made(output).map(drop)
    }
}

impl<T, F, M> Operator<T, M::Item> for FlatMap<F, M>
where
    F: FnMut(T) -> FunctionResult<M> + Send + 'static,
    M: IntoIterator<IntoIter: Send> + 'static,
{
    fn process(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, M::Item>) -> Result<()> {
        batch.drain_while(|record, timestamp| {
            self.made = Some(((self.function)(record)?.into_iter(), timestamp));
            self.emit_made(output)
        })
    }
}

impl<T: Record> Stream<T> {
    /// Turns each record into any number of others, which carry its timestamp. As Flink's `flatMap`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let lines = env.from_collection(["to be", "or not"].map(String::from));
    /// let words = lines.flat_map(|line| line.split(' ').map(String::from).collect::<Vec<_>>()).collect();
    /// env.execute("words")?;
    /// assert_eq!(words.sorted(), ["be", "not", "or", "to"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("flatMap", "FlatMapFunction"))]
    pub fn flat_map<O: Record, M: IntoIterator<Item = O, IntoIter: Send> + 'static>(
        &self,
        mut function: impl FnMut(T) -> M + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.try_flat_map(move |record| Ok(function(record)))
    }
}
