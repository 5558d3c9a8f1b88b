//! What a writer has under way on the I/O pool: how much that is, and how it ended.

use millstream_runtime::Result;
use millstream_runtime::clock::IoHandle;

/// How many pieces of work may be under way before the writer takes no more records: what it holds
/// in memory is about as many chunks.
#[cfg(any(feature = "files", feature = "jdbc", feature = "kafka", feature = "nats"))]
const MOST: usize = 3;

/// Work that was started and has not been seen to be done.
#[derive(Default)]
pub(crate) struct UnderWay(Vec<IoHandle<()>>);

impl UnderWay {
    pub(crate) fn push(&mut self, work: IoHandle<()>) {
        self.0.push(work);
    }

    /// Whether there is so much of it that the writer should wait, at most three pieces: some of it is certain to wake the
    /// task then.
    ///
    /// # Errors
    /// As [`is_at_least`](Self::is_at_least).
    #[cfg(any(feature = "files", feature = "jdbc", feature = "kafka", feature = "nats"))]
    pub(crate) fn is_too_much(&mut self) -> Result<bool> {
        self.is_at_least(MOST)
    }

    /// Whether so many pieces of it are not done.
    ///
    /// Looks for what is done, rather than count what was not done at the last look: that has woken the
    /// task already. The rest of a batch that was suspended is written before the writer is polled, and
    /// would wait for ever.
    ///
    /// # Errors
    /// What some of the work failed with.
    pub(crate) fn is_at_least(&mut self, most: usize) -> Result<bool> {
        let mut failure = None;
        self.0.retain(|work| match work.take() {
            None => true,
            Some(done) => {
                failure = failure.take().or(done.err());
                false
            }
        });
        failure.map_or(Ok(self.0.len() >= most), Err)
    }
}
