//! What is asked for each record, and what takes the place of an answer that does not come.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use millstream_runtime::chain::OpenContext;
use millstream_runtime::{Error, ErrorKind};

use crate::FunctionResult;

/// Asks an outside system about each record. As Flink's `AsyncFunction` and `RichAsyncFunction`; for a closure there are
/// [`map_async`](crate::Stream::map_async) and [`flat_map_async`](crate::Stream::flat_map_async).
///
/// Each subtask works with a clone of it, of which [`open`](Self::open) is called first. What it asks runs on the threads
/// for I/O, within a tokio runtime: it may wait, but what computes for long or blocks its thread keeps others from theirs.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::engine::chain::OpenContext;
/// use millstream::engine::clock::Sleeper;
///
/// /// Asks a slow service for squares.
/// #[derive(Clone, Default)]
/// struct Squares(Option<Sleeper>);
///
/// impl AsyncFunction<u64, u64> for Squares {
///     fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
///         // Where a real one connects.
///         self.0 = Some(cx.task().sleeper());
///         Ok(())
///     }
///
///     async fn invoke(&self, number: u64) -> FunctionResult<Vec<u64>> {
///         let client = self.0.as_ref().ok_or("not connected")?;
///         client.sleep(Duration::from_millis(5)).await;
///         Ok(vec![number * number])
///     }
/// }
///
/// let env = Environment::new();
/// let squares = env.from_collection([1, 2, 3]).async_io(Squares::default()).unordered().collect();
/// env.execute("squares")?;
/// assert_eq!(squares.sorted(), [1, 4, 9]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "RichAsyncFunction")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `AsyncFunction` on records `{I}` that answers with `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for a closure there is `map_async`"
)]
pub trait AsyncFunction<I, O>: Send + Sync + 'static {
    /// Before the first record: connects, for instance.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// Asks about a record; the answers are emitted with its timestamp. Called again after a restore, if the answers
    /// had not been emitted by the time of the snapshot, and where the
    /// [retry strategy](super::AsyncIo::retry) says so.
    ///
    /// # Errors
    /// Whatever fails the job, unless it is asked again.
    #[doc(alias("asyncInvoke", "ResultFuture"))]
    fn invoke(&self, record: I) -> impl Future<Output = FunctionResult<Vec<O>>> + Send;

    /// The time for a record is over, for all attempts together: says what takes the place of the answer. Fails
    /// the job unless it is written otherwise. Called on the thread of the task, so it must not wait.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn timeout(&self, record: I, timeout: RequestTimeout) -> FunctionResult<Vec<O>> {
        let _ = record;
        Err(Error::from(timeout))?
    }

    /// The subtask ends, after the last record, a failure or a cancel: releases what the function holds. What it
    /// was asked is given up by then.
    fn close(&self) {}
}

/// A request that was not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTimeout {
    /// How long it was waited for.
    pub timeout: Duration,
    /// How often it was asked meanwhile; at least once.
    pub attempts: u32,
}

impl fmt::Display for RequestTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timeout, attempts } = self;
        write!(f, "a request was not answered within {timeout:?}")?;
        if *attempts > 1 {
            write!(f, ", in {attempts} attempts")?;
        }
        f.write_str(": give it more time, or say with `on_timeout` what takes the place of the answer")
    }
}

impl std::error::Error for RequestTimeout {}

/// An [`ErrorKind::External`].
impl From<RequestTimeout> for Error {
    fn from(timeout: RequestTimeout) -> Self {
        Self::new(ErrorKind::External, timeout.to_string())
    }
}

/// A closure that answers with one record.
#[derive(Clone)]
pub(super) struct MapAsync<F>(pub(super) F);

impl<I, O, F, Fut> AsyncFunction<I, O> for MapAsync<F>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = FunctionResult<O>> + Send,
{
    async fn invoke(&self, record: I) -> FunctionResult<Vec<O>> {
        Ok(vec![(self.0)(record).await?])
    }
}

/// A closure that answers with any number of records.
pub(super) struct FlatMapAsync<F, M> {
    function: F,
    _made: PhantomData<fn() -> M>,
}

impl<F, M> FlatMapAsync<F, M> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, _made: PhantomData }
    }
}

impl<F: Clone, M> Clone for FlatMapAsync<F, M> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<I, O, F, Fut, M> AsyncFunction<I, O> for FlatMapAsync<F, M>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = FunctionResult<M>> + Send,
    M: IntoIterator<Item = O> + 'static,
{
    async fn invoke(&self, record: I) -> FunctionResult<Vec<O>> {
        Ok((self.function)(record).await?.into_iter().collect())
    }
}
