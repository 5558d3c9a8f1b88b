//! Flat map with a function that each subtask makes for itself when it opens.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

use super::flat_map::FlatMap;
use crate::Stream;
use crate::function::FunctionResult;

/// Makes its function when it opens, and then does as [`FlatMap`] does.
pub(super) struct Rich<D, F, T, M: IntoIterator> {
    open: D,
    opened: Option<FlatMap<F, M>>,
    _input: PhantomData<fn(T)>,
}

impl<D, F, T, M: IntoIterator> Rich<D, F, T, M> {
    pub(super) const fn new(open: D) -> Self {
        Self { open, opened: None, _input: PhantomData }
    }

    fn function(&mut self) -> Result<&mut FlatMap<F, M>> {
        let closed = || Error::new(ErrorKind::Internal, "the function is called before it is opened");
        self.opened.as_mut().ok_or_else(closed)
    }
}

impl<D, F, T, M> OperatorHooks<M::Item> for Rich<D, F, T, M>
where
    D: Fn(&mut OpenContext<'_>) -> FunctionResult<F> + Send + 'static,
    F: FnMut(T) -> FunctionResult<M> + Send + 'static,
    T: 'static,
    M: IntoIterator<IntoIter: Send> + 'static,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.opened = Some(FlatMap::new((self.open)(cx)?));
        Ok(())
    }

    fn resume(&mut self, output: &mut Output<'_, M::Item>) -> Result<()> {
        self.function()?.resume(output)
    }
}

impl<D, F, T, M> Operator<T, M::Item> for Rich<D, F, T, M>
where
    D: Fn(&mut OpenContext<'_>) -> FunctionResult<F> + Send + 'static,
    F: FnMut(T) -> FunctionResult<M> + Send + 'static,
    T: 'static,
    M: IntoIterator<IntoIter: Send> + 'static,
{
    fn process(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, M::Item>) -> Result<()> {
        self.function()?.process(batch, output)
    }
}

impl<T: Record> Stream<T> {
    /// Turns each record into any number of others, by a function that `open` makes in each subtask before the first
    /// record. As Flink's `RichMapFunction`, `RichFilterFunction` and `RichFlatMapFunction` in one: `Some` of a record is
    /// a map, `Some` or `None` a filter, and anything else that can be iterated over a flat map.
    ///
    /// `open` is for what a subtask has for itself: [metrics](millstream_runtime::metrics), a client, a buffer, something
    /// that depends on [which subtask](millstream_runtime::chain::OperatorInfo) it is. The function owns it, and need not be
    /// `Clone`; it is dropped when the subtask ends, after the last record, a failure or a cancel. Operator state that
    /// is [declared](millstream_runtime::chain::OpenContext::operator_list_state) in `open` is part of snapshots. So this operator
    /// counts among those with state, and should have a [`uid`](Stream::uid).
    ///
    /// What `open` or the function fails with fails the job.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::metrics::MetricValue;
    ///
    /// let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["1", "two", "3"].map(String::from));
    /// let numbers = words
    ///     .flat_map_rich(|cx| {
    ///         let malformed = cx.metric_group().counter("malformed");
    ///         Ok(move |word: String| match word.parse::<i64>() {
    ///             Ok(number) => Ok(Some(number)),
    ///             Err(_) => {
    ///                 malformed.add(1);
    ///                 Ok(None)
    ///             }
    ///         })
    ///     })
    ///     .name("parse")
    ///     .collect();
    /// let report = env.execute("numbers")?;
    /// assert_eq!(numbers.to_vec(), [1, 3]);
    /// assert_eq!(report.metrics.operator("parse").metric("malformed"), Some(&MetricValue::Counter(1)));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias(
        "RichFunction",
        "RichMapFunction",
        "RichFilterFunction",
        "RichFlatMapFunction",
        "RuntimeContext"
    ))]
    pub fn flat_map_rich<F, M>(
        &self,
        open: impl Fn(&mut OpenContext<'_>) -> FunctionResult<F> + Clone + Send + Sync + 'static,
    ) -> Stream<M::Item>
    where
        F: FnMut(T) -> FunctionResult<M> + Send + 'static,
        M: IntoIterator<Item: Record, IntoIter: Send> + 'static,
    {
        let made = self.transform("Flat map", move |_| Rich::new(open.clone()));
        made.graph.lock().mark_side_outputs(made.node, []);
        made
    }
}

#[cfg(test)]
mod tests;
