//! The commits of a writer that must happen in order.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::channel::oneshot::{Receiver, Sender, channel};
use futures::future::Shared;
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

/// The commits of a writer that are not known to be done. They happen in order, and none behind one that has failed.
#[derive(Default)]
pub(crate) struct Commits(Mutex<Vec<Shared<Receiver<()>>>>);

impl Commits {
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
            let failed =
                |_| Error::new(ErrorKind::External, "records of an earlier checkpoint could not be written");
            commit.clone().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// The turn of one commit. Those behind it wait until it is dropped.
pub(crate) struct Turn {
    earlier: Earlier,
    done: Option<Sender<()>>,
    /// Whether everything that was to be written is.
    is_clean: AtomicBool,
}

impl Turn {
    /// Waits for the commits before. If this one is dropped without having [succeeded](Self::succeeded), it has failed.
    pub(crate) async fn begin(&self) -> Result<()> {
        self.is_clean.store(false, Ordering::Relaxed);
        self.earlier.done().await
    }

    /// Everything has been written.
    pub(crate) fn succeeded(&self) {
        self.is_clean.store(true, Ordering::Relaxed);
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
        let commits = Commits::default();
        let (first, second) = (commits.next(), commits.next());
        // One that has nothing to do is done, and does not hide those before it.
        let third = commits.next();
        drop(second);
        block_on(first.begin()).unwrap();
        drop(first);
        let error = block_on(third.begin()).unwrap_err();
        assert!(error.to_string().contains("earlier checkpoint could not be written"), "{error}");
        drop(third);
        assert!(block_on(commits.begun().done()).is_err());
    }

    #[test]
    fn a_commit_waits_for_those_before_it() {
        let commits = Commits::default();
        let (first, second) = (commits.next(), commits.next());
        block_on(first.begin()).unwrap();
        assert!(second.begin().now_or_never().is_none());
        first.succeeded();
        drop(first);
        block_on(second.begin()).unwrap();
    }
}
