//! Readers for clients whose calls block.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_state::Record;

use super::SourceReader;

/// Reads splits with a client whose calls block: it runs on a thread of its own, never on an arbiter. As Flink's
/// `SplitReader`, which a `SplitFetcher` calls.
pub trait BlockingSplitReader: Send + 'static {
    /// What it yields.
    type Record: Record;
    /// A part of the input, with the position in it.
    type Split: Record;

    /// Gives the reader more to read.
    #[doc(alias = "handleSplitsChanges")]
    fn add_splits(&mut self, splits: Vec<Self::Split>);

    /// Reads about a batch. May block until there is something, but not for long (a second, say): the answer may be
    /// empty, and splits that have come meanwhile are only added between two calls.
    ///
    /// # Errors
    /// If the input cannot be read.
    fn fetch(&mut self) -> Result<Fetched<Self::Record>>;

    /// What is left to read after everything fetched so far, positions included.
    fn snapshot(&self) -> Vec<Self::Split>;

    /// As [`SourceReader::checkpoint_completed`], on the thread of the client; may block.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn checkpoint_completed(&mut self, left: Vec<Self::Split>) -> Result<()> {
        let _ = left;
        Ok(())
    }
}

/// What a call of a [`BlockingSplitReader`] has fetched.
#[derive(Debug, Default)]
pub struct Fetched<T> {
    /// The records, with their timestamps where they have any.
    pub batch: Batch<T>,
    /// Whether all splits that it has are read to their ends.
    pub is_done: bool,
}

/// A [`SourceReader`] around a [`BlockingSplitReader`]: one call is under way while the records of the one before are
/// processed.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::source::{BlockingReader, BlockingSplitReader, Fetched, Source};
///
/// /// Counts down, slowly.
/// struct CountDown(Vec<u32>);
///
/// impl BlockingSplitReader for CountDown {
///     type Record = u32;
///     type Split = u32;
///
///     fn add_splits(&mut self, splits: Vec<u32>) {
///         self.0.extend(splits);
///     }
///
///     fn fetch(&mut self) -> Result<Fetched<u32>> {
///         std::thread::sleep(Duration::from_millis(1));
///         let batch: Vec<u32> = self.0.iter().copied().filter(|left| *left > 0).collect();
///         self.0.iter_mut().for_each(|left| *left = left.saturating_sub(1));
///         Ok(Fetched { is_done: batch.is_empty(), batch: batch.into() })
///     }
///
///     fn snapshot(&self) -> Vec<u32> {
///         self.0.clone()
///     }
/// }
///
/// struct Countdowns(Vec<u32>);
///
/// impl Source for Countdowns {
///     type Record = u32;
///     type Split = u32;
///     type Reader = BlockingReader<CountDown>;
///
///     fn kind(&self) -> &'static str {
///         "Countdowns"
///     }
///
///     async fn discover(&self) -> Result<Vec<u32>> {
///         Ok(self.0.clone())
///     }
///
///     fn reader(&self) -> Self::Reader {
///         BlockingReader::new(CountDown(Vec::new()))
///     }
/// }
///
/// let env = Environment::new().parallelism(2);
/// let numbers = env.from_source(Countdowns(vec![2, 1])).collect();
/// env.execute("countdowns")?;
/// assert_eq!(numbers.sorted(), [1, 1, 2]);
/// # Ok::<(), millstream::Error>(())
/// ```
pub struct BlockingReader<R: BlockingSplitReader> {
    client: Client<R>,
    /// Splits that have come while a call was under way.
    added: Vec<R::Split>,
    /// What is left to read after everything that was emitted, without what was added since.
    left: Vec<R::Split>,
    /// The newest complete checkpoint that the client has not been told of.
    completed: Option<Vec<R::Split>>,
}

enum Client<R: BlockingSplitReader> {
    Here(R),
    Away(IoHandle<Returned<R>>),
    /// A call has failed, and with it the job.
    Lost,
}

/// A client that comes back from a call.
struct Returned<R: BlockingSplitReader> {
    client: R,
    fetched: Fetched<R::Record>,
    left: Vec<R::Split>,
}

impl<R: BlockingSplitReader> BlockingReader<R> {
    /// Reads with this client.
    pub const fn new(client: R) -> Self {
        Self { client: Client::Here(client), added: Vec::new(), left: Vec::new(), completed: None }
    }

    /// Starts the next call.
    fn call(&mut self, mut client: R, cx: &TaskContext) {
        let added = std::mem::take(&mut self.added);
        self.left.extend(added.iter().cloned());
        let completed = self.completed.take();
        self.client = Client::Away(cx.spawn_blocking(move || {
            if !added.is_empty() {
                client.add_splits(added);
            }
            if let Some(left) = completed {
                client.checkpoint_completed(left)?;
            }
            let fetched = client.fetch()?;
            let left = client.snapshot();
            Ok(Returned { client, fetched, left })
        }));
    }
}

impl<R: BlockingSplitReader> SourceReader for BlockingReader<R> {
    type Record = R::Record;
    type Split = R::Split;

    fn add_splits(&mut self, splits: Vec<R::Split>) {
        self.added.extend(splits);
    }

    fn next(&mut self, output: &mut Output<'_, R::Record>) -> Result<SourceStatus> {
        match std::mem::replace(&mut self.client, Client::Lost) {
            Client::Here(client)
                if self.added.is_empty() && self.left.is_empty() && self.completed.is_none() =>
            {
                // Nothing to read, nor anything to say.
                self.client = Client::Here(client);
                Ok(SourceStatus::Ended)
            }
            Client::Here(client) => {
                self.call(client, output.context());
                Ok(SourceStatus::Waiting)
            }
            Client::Away(handle) => {
                let Some(returned) = handle.take() else {
                    self.client = Client::Away(handle);
                    return Ok(SourceStatus::Waiting);
                };
                let Returned { client, mut fetched, left } = returned?;
                self.left = left;
                if fetched.is_done && self.added.is_empty() && self.completed.is_none() {
                    self.client = Client::Here(client);
                    self.left.clear();
                } else {
                    self.call(client, output.context());
                }
                output.forward(&mut fetched.batch)?;
                Ok(SourceStatus::More)
            }
            Client::Lost => Ok(SourceStatus::Waiting),
        }
    }

    fn snapshot(&self) -> Vec<R::Split> {
        self.left.iter().chain(&self.added).cloned().collect()
    }

    fn checkpoint_completed(&mut self, left: Vec<R::Split>, _: &mut TaskContext) -> Result<()> {
        self.completed = Some(left);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
