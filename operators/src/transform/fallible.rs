//! Map, filter and flat map by functions that may fail: the job then fails with what they return.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use super::flat_map::FlatMap;
use crate::Stream;
use crate::function::FunctionResult;

impl<T: Record> Stream<T> {
    /// Turns each record into another, or fails the job. As [`map`](Self::map).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["1", "two", "3"].map(String::from));
    /// words.try_map(|word| Ok(word.parse::<i64>()?)).name("parse").discard();
    /// let error = env.execute("numbers").unwrap_err();
    /// assert_eq!((error.kind(), error.operator()), (ErrorKind::Function, Some("parse")));
    /// assert!(error.to_string().contains("invalid digit"));
    /// ```
    pub fn try_map<O: Record>(
        &self,
        function: impl FnMut(T) -> FunctionResult<O> + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.apply("Map", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, O>| {
                let target = output.batch();
                for (record, timestamp) in batch.drain_timed() {
                    target.push(function(record)?, timestamp);
                }
                Ok(())
            })
        })
    }

    /// Keeps the records for which the function holds, or fails the job. As [`filter`](Self::filter).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["1", "-2", "3"].map(String::from));
    /// let positive = words.try_filter(|word| Ok(word.parse::<i64>()? > 0)).collect();
    /// env.execute("positive")?;
    /// assert_eq!(positive.sorted(), ["1", "3"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn try_filter(
        &self,
        function: impl FnMut(&T) -> FunctionResult<bool> + Clone + Send + Sync + 'static,
    ) -> Self {
        self.apply("Filter", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, T>| {
                let target = output.batch();
                for (record, timestamp) in batch.drain_timed() {
                    if function(&record)? {
                        target.push(record, timestamp);
                    }
                }
                Ok(())
            })
        })
    }

    /// Turns each record into another, drops it where the function says `None`, or fails the job. As
    /// [`filter_map`](Self::filter_map).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let lines = env.from_collection(["n=1", "# a remark", "n=3"].map(String::from));
    /// let numbers = lines
    ///     .try_filter_map(|line| match line.strip_prefix("n=") {
    ///         Some(number) => Ok(Some(number.parse::<i64>()?)),
    ///         None => Ok(None),
    ///     })
    ///     .collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [1, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_filter_map<O: Record>(
        &self,
        function: impl FnMut(T) -> FunctionResult<Option<O>> + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.apply("Filter map", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, O>| {
                let target = output.batch();
                for (record, timestamp) in batch.drain_timed() {
                    if let Some(made) = function(record)? {
                        target.push(made, timestamp);
                    }
                }
                Ok(())
            })
        })
    }

    /// Turns each record into any number of others, or fails the job. As [`flat_map`](Self::flat_map).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let lines = env.from_collection(["1 2", "3"].map(String::from));
    /// let numbers = lines
    ///     .try_flat_map(|line| Ok(line.split(' ').map(str::parse).collect::<std::result::Result<Vec<i64>, _>>()?))
    ///     .collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_flat_map<O: Record, M: IntoIterator<Item = O, IntoIter: Send> + 'static>(
        &self,
        function: impl FnMut(T) -> FunctionResult<M> + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.apply("Flat map", move |_| FlatMap::new(function.clone()))
    }
}
