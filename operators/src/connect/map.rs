//! Map and flat map over two streams: a function for each.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorHooks, Output, TwoInputOperator};
use millstream_state::Record;

use super::ConnectedStreams;
use crate::Stream;
use crate::function::FunctionResult;

/// A function over batches for each of two inputs, without state.
struct TwoBatchFunctions<F, G>(F, G);

impl<O, F: Send + 'static, G: Send + 'static> OperatorHooks<O> for TwoBatchFunctions<F, G> {}

impl<A, B, O, F, G> TwoInputOperator<A, B, O> for TwoBatchFunctions<F, G>
where
    F: FnMut(&mut Batch<A>, &mut Output<'_, O>) -> Result<()> + Send + 'static,
    G: FnMut(&mut Batch<B>, &mut Output<'_, O>) -> Result<()> + Send + 'static,
{
    fn process_first(&mut self, batch: &mut Batch<A>, output: &mut Output<'_, O>) -> Result<()> {
        (self.0)(batch, output)
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        (self.1)(batch, output)
    }
}

fn map_each<I, O>(
    mut map: impl FnMut(I) -> O + Send + 'static,
) -> impl FnMut(&mut Batch<I>, &mut Output<'_, O>) -> Result<()> + Send + 'static {
    move |batch, output| {
        batch.map_into(output.batch(), &mut map);
        Ok(())
    }
}

fn try_map_each<I, O>(
    mut map: impl FnMut(I) -> FunctionResult<O> + Send + 'static,
) -> impl FnMut(&mut Batch<I>, &mut Output<'_, O>) -> Result<()> + Send + 'static {
    move |batch, output| {
        let target = output.batch();
        for (record, timestamp) in batch.drain_timed() {
            target.push(map(record)?, timestamp);
        }
        Ok(())
    }
}

fn flat_map_each<I, O, M: IntoIterator<Item = O>>(
    mut map: impl FnMut(I) -> M + Send + 'static,
) -> impl FnMut(&mut Batch<I>, &mut Output<'_, O>) -> Result<()> + Send + 'static {
    move |batch, output| {
        for (record, timestamp) in batch.drain_timed() {
            for made in map(record) {
                output.emit(made, timestamp)?;
            }
        }
        Ok(())
    }
}

impl<A: Record, B: Record> ConnectedStreams<A, B> {
    /// Turns each record of either stream into one of a common type. As Flink's `CoMapFunction`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let (metres, feet) = (env.from_collection([100_u32]), env.from_collection([1_000.0]));
    /// let metres = metres.connect(&feet).map(f64::from, |feet| feet * 0.3048).collect();
    /// env.execute("heights")?;
    /// assert_eq!(metres.len(), 2);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map<O: Record>(
        &self,
        first: impl FnMut(A) -> O + Clone + Send + Sync + 'static,
        second: impl FnMut(B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        let make = move |_: &_| TwoBatchFunctions(map_each(first.clone()), map_each(second.clone()));
        self.apply("Co-map", make)
    }

    /// Turns each record of either stream into one of a common type, or fails the job. As [`map`](Self::map).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let numbers = |words: [&str; 2]| {
    ///     let env = Environment::new();
    ///     let (ready, words) = (env.from_collection([1_u32]), env.from_collection(words.map(String::from)));
    ///     let numbers = ready.connect(&words).try_map(Ok, |word| Ok(word.parse()?)).collect();
    ///     env.execute("numbers").map(|_| numbers.sorted())
    /// };
    /// assert_eq!(numbers(["2", "3"])?, [1, 2, 3]);
    /// assert!(numbers(["2", "three"]).unwrap_err().to_string().contains("invalid digit"));
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn try_map<O: Record>(
        &self,
        first: impl FnMut(A) -> FunctionResult<O> + Clone + Send + Sync + 'static,
        second: impl FnMut(B) -> FunctionResult<O> + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        let make = move |_: &_| TwoBatchFunctions(try_map_each(first.clone()), try_map_each(second.clone()));
        self.apply("Co-map", make)
    }

    /// Turns each record of either stream into any number of a common type. As Flink's
    /// `CoFlatMapFunction`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let (words, lines) = (env.from_collection(["to".to_owned()]), env.from_collection(["be or".to_owned()]));
    /// let split = |line: String| line.split(' ').map(String::from).collect::<Vec<_>>();
    /// let words = words.connect(&lines).flat_map(|word| vec![word], split).collect();
    /// env.execute("words")?;
    /// assert_eq!(words.sorted(), ["be", "or", "to"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn flat_map<O: Record, M: IntoIterator<Item = O> + 'static, N: IntoIterator<Item = O> + 'static>(
        &self,
        first: impl FnMut(A) -> M + Clone + Send + Sync + 'static,
        second: impl FnMut(B) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        let make =
            move |_: &_| TwoBatchFunctions(flat_map_each(first.clone()), flat_map_each(second.clone()));
        self.apply("Co-flat map", make)
    }
}
