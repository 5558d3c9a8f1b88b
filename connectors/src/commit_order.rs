//! Commits of a writer, one after the other.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::channel::oneshot::{Receiver, Sender, channel};
use futures::future::Shared;
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

/// The commits of a writer that are not known to be done: they happen in order, and none behind one that has failed.
#[derive(Default)]
pub(crate) struct CommitOrder(Mutex<Vec<Shared<Receiver<()>>>>);

impl CommitOrder {
    /// Those that have been begun so far.
    pub(crate) fn begun(&self) -> Earlier {
        let mut commits = self.0.lock();
        commits.retain(|commit| !matches!(commit.peek(), Some(Ok(()))));
        Earlier(commits.clone())
    }

    /// The next one.
    pub(crate) fn next(&self) -> Turn {
        let earlier = self.begun();
        let (done, when_done) = channel();
        self.0.lock().push(when_done.shared());
        Turn { earlier, done: Some(done), is_clean: AtomicBool::new(true) }
    }
}

/// Commits that were begun before something.
pub(crate) struct Earlier(Vec<Shared<Receiver<()>>>);

impl Earlier {
    /// Waits until they are done.
    pub(crate) async fn done(&self) -> Result<()> {
        for commit in &self.0 {
            let failed = |_| {
                Error::new(ErrorKind::External, "what belongs to an earlier checkpoint could not be written")
            };
            commit.clone().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// A place among the commits of a writer. When it is dropped, the next one's turn has come, if all that was done is done well;
/// one in which there was nothing to do counts as such.
pub(crate) struct Turn {
    earlier: Earlier,
    done: Option<Sender<()>>,
    /// Whether everything that was to be committed is.
    is_clean: AtomicBool,
}

impl Turn {
    /// Commits, when everything before is committed.
    pub(crate) async fn take(&self, commit: impl Future<Output = Result<()>>) -> Result<()> {
        self.is_clean.store(false, Ordering::Relaxed);
        self.earlier.done().await?;
        commit.await?;
        self.is_clean.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(done) = self.done.take().filter(|_| self.is_clean.load(Ordering::Relaxed)) {
            // Nobody may wait for it.
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn no_commit_happens_behind_one_that_has_failed() {
        let commits = CommitOrder::default();
        let (first, second) = (commits.next(), commits.next());
        // One that has nothing to do is done, and does not hide those before it.
        let third = commits.next();
        drop(second);
        block_on(first.take(async { Err(Error::new(ErrorKind::External, "no")) })).unwrap_err();
        drop(first);
        let error = block_on(third.take(async { Ok(()) })).unwrap_err();
        assert!(error.to_string().contains("earlier checkpoint could not be written"), "{error}");
        drop(third);
        assert!(block_on(commits.begun().done()).is_err());
    }

    #[test]
    fn what_was_begun_is_waited_for() {
        let commits = CommitOrder::default();
        let first = commits.next();
        let earlier = commits.begun();
        assert!(earlier.done().now_or_never().is_none(), "it is not done");
        block_on(first.take(async { Ok(()) })).unwrap();
        drop(first);
        block_on(earlier.done()).unwrap();
    }
}
