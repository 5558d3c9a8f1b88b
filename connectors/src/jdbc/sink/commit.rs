//! Writes what checkpoints cover, any number of times with the same outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::channel::oneshot::{Receiver, Sender, channel};
use futures::future::Shared;
use millstream_operators::sink::Committer;
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Change;
use crate::jdbc::mark::Mark;
use crate::jdbc::pool::Pool;
use crate::jdbc::session::Write;
use crate::jdbc::statement::WriteTarget;

/// The changes of a subtask between two checkpoints, which are written when the second is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JdbcCommittable {
    pub(super) mark: Mark,
    pub(super) changes: Vec<Change>,
}

/// The commits of a writer that are not known to be done: a mark says that everything before it is written, so that they
/// must happen in order, and none behind one that has failed.
#[derive(Default)]
pub(super) struct Commits(Mutex<Vec<Shared<Receiver<()>>>>);

impl Commits {
    /// Those that have been begun so far.
    pub(super) fn begun(&self) -> Earlier {
        let mut commits = self.0.lock();
        commits.retain(|commit| !matches!(commit.peek(), Some(Ok(()))));
        Earlier(commits.clone())
    }

    /// The next one.
    pub(super) fn next(&self, pool: Pool, target: Arc<WriteTarget>) -> JdbcCommitter {
        let earlier = self.begun();
        let (done, when_done) = channel();
        self.0.lock().push(when_done.shared());
        JdbcCommitter { pool, target, earlier, done: Some(done), is_clean: AtomicBool::new(true) }
    }
}

/// Commits that were begun before something.
pub(super) struct Earlier(Vec<Shared<Receiver<()>>>);

impl Earlier {
    /// Waits until they are done.
    pub(super) async fn done(&self) -> Result<()> {
        for commit in &self.0 {
            let failed =
                |_| Error::new(ErrorKind::External, "rows of an earlier checkpoint could not be written");
            commit.clone().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// Writes changes whose checkpoint is complete.
pub(super) struct JdbcCommitter {
    pool: Pool,
    target: Arc<WriteTarget>,
    earlier: Earlier,
    done: Option<Sender<()>>,
    /// Whether everything that was to be written is.
    is_clean: AtomicBool,
}

impl Committer<JdbcCommittable> for JdbcCommitter {
    async fn commit(&self, mut committables: Vec<JdbcCommittable>) -> Result<()> {
        self.is_clean.store(false, Ordering::Relaxed);
        self.earlier.done().await?;
        // Of several writers, after a restore; each in its order.
        committables.sort_by(|one, other| {
            (&one.mark.writer, one.mark.sequence).cmp(&(&other.mark.writer, other.mark.sequence))
        });
        for JdbcCommittable { mark, changes } in &committables {
            self.pool.ask(&Write { target: &self.target, changes, mark: Some(mark) }).await?;
        }
        self.is_clean.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for JdbcCommitter {
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
    use crate::jdbc::connection::JdbcConnection;
    use crate::jdbc::statement::TableColumns;

    #[test]
    fn no_commit_happens_behind_one_that_has_failed() {
        let commits = Commits::default();
        let pool = Pool::new(JdbcConnection::new("jdbc:sqlite:/no/such/file").max_retries(0));
        let table = TableColumns { table: "t".to_owned(), columns: vec!["n".to_owned()] };
        let target = Arc::new(WriteTarget { table, key: Vec::new() });
        let mark = Mark { sink: "t".to_owned(), writer: "a".to_owned(), sequence: 1 };
        let committable = JdbcCommittable { mark, changes: Vec::new() };
        let (first, second) =
            (commits.next(pool.clone(), target.clone()), commits.next(pool.clone(), target.clone()));
        // One that has nothing to do is done, and does not hide those before it.
        let third = commits.next(pool, target);
        drop(second);
        block_on(first.commit(vec![committable.clone()])).unwrap_err();
        drop(first);
        let error = block_on(third.commit(vec![committable])).unwrap_err();
        assert!(error.to_string().contains("earlier checkpoint could not be written"), "{error}");
        drop(third);
        assert!(block_on(commits.begun().done()).is_err());
    }
}
