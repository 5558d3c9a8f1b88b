//! The records of a stream that is collected, as they become visible.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use futures::stream::poll_fn;
use millstream_runtime::Result;
use millstream_runtime::driver::actor::{JobHandle, JobReport};

use super::Collected;

impl<T: Send + 'static> Collected<T> {
    /// The records as they become visible, until the job is over; if it has failed, its error comes last. As Flink's
    /// `executeAndCollect`, for a job of which this stream is collected.
    ///
    /// Records are taken out: each comes once, of several streams in one. With checkpoints on they come with the checkpoint that covers
    /// them, in their order within a subtask; without, when the job has ended. Dropping the stream does not stop the job.
    /// `futures::executor::block_on_stream` makes an iterator of it.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use futures::executor::block_on_stream;
    ///
    /// let env = Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(5));
    /// let endless = GeneratorSource::new(None, |number| number).rate(10_000.0);
    /// let numbers = env.from_source(endless).collect();
    /// let job = env.spawn("numbers without end")?;
    /// let first = block_on_stream(numbers.stream(&job)).take(3).collect::<Result<Vec<_>>>()?;
    /// assert_eq!(first, [0, 1, 2]);
    /// job.cancel();
    /// # job.join_blocking()?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "executeAndCollect")]
    pub fn stream(&self, job: &JobHandle) -> impl Stream<Item = Result<T>> + Send + Unpin + 'static + use<T> {
        let mut records = Records {
            collected: self.clone(),
            taken: VecDeque::new(),
            end: End::Awaited(job.clone().into_future()),
        };
        poll_fn(move |cx| records.poll_next(cx))
    }
}

/// What is still to come.
struct Records<T> {
    collected: Collected<T>,
    /// Records that have been taken out.
    taken: VecDeque<T>,
    end: End,
}

/// The end of the job.
enum End {
    Awaited(BoxFuture<'static, Result<JobReport>>),
    /// It is over; what it has failed with comes behind the last record.
    Over(Option<millstream_runtime::Error>),
}

impl<T> Records<T> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(record) = self.taken.pop_front() {
                return Poll::Ready(Some(Ok(record)));
            }
            match &mut self.end {
                End::Over(failure) => return Poll::Ready(failure.take().map(Err)),
                End::Awaited(job) => {
                    // Before it looks: a commit in between wakes it.
                    self.collected.wake_at_commit(cx.waker());
                    // Before it takes: nothing is committed once the job is over.
                    if let Poll::Ready(ended) = job.as_mut().poll(cx) {
                        self.end = End::Over(ended.err());
                    }
                    self.taken = self.collected.take_by_commit().into();
                    if self.taken.is_empty() && matches!(self.end, End::Awaited(_)) {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}
