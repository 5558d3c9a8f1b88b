//! The methods of streams that ask something for each record.

use millstream_state::{Key, Record};

use super::function::{FlatMapAsync, MapAsync};
use super::{AsyncFunction, AsyncIo};
use crate::{FunctionResult, KeyedStream, Stream};

impl<T: Record> Stream<T> {
    /// Turns each record into another that an outside system is asked for, many at a time. As Flink's `AsyncDataStream`.
    ///
    /// The future runs on the threads for I/O, within a tokio runtime: it may wait, but what computes for long or blocks
    /// its thread keeps others from theirs. It is made again after a restore if its result had not been emitted by the time of the
    /// snapshot. The result gets the timestamp of its record.
    ///
    /// [`AsyncIo`] says how many records may wait at a time, how long, and what happens after an error.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // Stands for the client of a service.
    /// async fn name_of(product: u32) -> std::result::Result<String, std::io::Error> {
    ///     tokio::time::sleep(Duration::from_millis(5)).await;
    ///     Ok(["tea", "milk"][product as usize].to_owned())
    /// }
    ///
    /// let named = env
    ///     .from_collection([(0, 3), (1, 1)])
    ///     .map_async(|(product, pieces)| async move { Ok((name_of(product).await?, pieces)) })
    ///     .capacity(50)
    ///     .timeout(Duration::from_secs(10))
    ///     .unordered()
    ///     .collect();
    /// env.execute("name products")?;
    /// assert_eq!(named.sorted(), [("milk".to_owned(), 1), ("tea".to_owned(), 3)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "AsyncDataStream")]
    pub fn map_async<O, Fut>(
        &self,
        function: impl Fn(T) -> Fut + Clone + Send + Sync + 'static,
    ) -> AsyncIo<Self, T, O, impl AsyncFunction<T, O> + Clone>
    where
        O: Record,
        Fut: Future<Output = FunctionResult<O>> + Send + 'static,
    {
        self.async_io(MapAsync(function))
    }

    /// Turns each record into any number of others that an outside system is asked for. As
    /// [`map_async`](Self::map_async).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// async fn children(id: u32) -> FunctionResult<Vec<u32>> {
    ///     Ok((10 * id..10 * id + id).collect())
    /// }
    ///
    /// let found = env.from_collection([0, 1, 2]).flat_map_async(children).ordered().collect();
    /// env.execute("children")?;
    /// assert_eq!(found.sorted(), [10, 20, 21]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "AsyncDataStream")]
    pub fn flat_map_async<O, M, Fut>(
        &self,
        function: impl Fn(T) -> Fut + Clone + Send + Sync + 'static,
    ) -> AsyncIo<Self, T, O, impl AsyncFunction<T, O> + Clone>
    where
        O: Record,
        M: IntoIterator<Item = O> + 'static,
        Fut: Future<Output = FunctionResult<M>> + Send + 'static,
    {
        self.async_io(FlatMapAsync::new(function))
    }

    /// Asks an outside system about each record, with a function that opens and closes its client. As
    /// [`map_async`](Self::map_async); see [`AsyncFunction`] for an example.
    #[doc(alias = "AsyncDataStream")]
    pub fn async_io<O: Record, F: AsyncFunction<T, O> + Clone>(&self, function: F) -> AsyncIo<Self, T, O, F> {
        AsyncIo::new(self.clone(), function)
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Turns each pair of key and record into a record that an outside system is asked for. As
    /// [`Stream::map_async`], but [ordered](AsyncIo::ordered) results of a key keep their order whatever the
    /// parallelism with which the job goes on after a restore.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let doubled = env
    ///     .from_collection([("tea".to_owned(), 3), ("milk".to_owned(), 1)])
    ///     .keyed()
    ///     .map_async(|(name, pieces)| async move { Ok((name, pieces * 2)) })
    ///     .ordered()
    ///     .collect();
    /// env.execute("double")?;
    /// assert_eq!(doubled.sorted(), [("milk".to_owned(), 2), ("tea".to_owned(), 6)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "AsyncDataStream")]
    pub fn map_async<O, Fut>(
        &self,
        function: impl Fn((K, T)) -> Fut + Clone + Send + Sync + 'static,
    ) -> AsyncIo<Self, (K, T), O, impl AsyncFunction<(K, T), O> + Clone>
    where
        O: Record,
        Fut: Future<Output = FunctionResult<O>> + Send + 'static,
    {
        self.async_io(MapAsync(function))
    }

    /// Turns each pair of key and record into any number of records that an outside system is asked for. As
    /// [`map_async`](Self::map_async).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let repeated = env
    ///     .from_collection([('a', 2), ('b', 1)])
    ///     .keyed()
    ///     .flat_map_async(|(letter, times)| async move { Ok(vec![letter; times]) })
    ///     .ordered()
    ///     .collect();
    /// env.execute("repeat")?;
    /// assert_eq!(repeated.sorted(), ['a', 'a', 'b']);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "AsyncDataStream")]
    pub fn flat_map_async<O, M, Fut>(
        &self,
        function: impl Fn((K, T)) -> Fut + Clone + Send + Sync + 'static,
    ) -> AsyncIo<Self, (K, T), O, impl AsyncFunction<(K, T), O> + Clone>
    where
        O: Record,
        M: IntoIterator<Item = O> + 'static,
        Fut: Future<Output = FunctionResult<M>> + Send + 'static,
    {
        self.async_io(FlatMapAsync::new(function))
    }

    /// Asks an outside system about each pair of key and record, with a function that opens and closes its client. As
    /// [`map_async`](Self::map_async).
    #[doc(alias = "AsyncDataStream")]
    pub fn async_io<O: Record, F: AsyncFunction<(K, T), O> + Clone>(
        &self,
        function: F,
    ) -> AsyncIo<Self, (K, T), O, F> {
        AsyncIo::new(self.clone(), function)
    }
}
