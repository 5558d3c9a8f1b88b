//! Deletes what checkpoints no longer need.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::pool::TokioPool;
use crate::driver::storage::JobStorage;
use crate::guard::guarded;

/// How long the last deletions may take after the job is over.
const DELETIONS_TIMEOUT: Duration = Duration::from_secs(10);

/// Manifests, and then files.
pub(super) type Deletion = (Vec<CheckpointId>, Vec<Arc<str>>);

/// Deletes one after another, in order, on the I/O pool.
pub(super) struct Deletions {
    queue: mpsc::UnboundedSender<Deletion>,
    worker: JoinHandle<()>,
}

impl Deletions {
    pub(super) fn start(pool: &TokioPool, storage: Arc<JobStorage>) -> Self {
        let (queue, mut next) = mpsc::unbounded_channel::<Deletion>();
        let worker = pool.runtime().spawn(async move {
            while let Some((checkpoints, files)) = next.recv().await {
                // A file that stays is a leak, not an error: nothing refers to it.
                if let Err(error) = guarded(storage.delete(checkpoints, files)).await {
                    tracing::warn!(%error, "cannot delete what old checkpoints no longer need");
                }
            }
        });
        Self { queue, worker }
    }

    pub(super) fn queue(&self) -> mpsc::UnboundedSender<Deletion> {
        self.queue.clone()
    }

    pub(super) fn finish(self, pool: &TokioPool) {
        drop(self.queue);
        let finished = async { tokio::time::timeout(DELETIONS_TIMEOUT, self.worker).await };
        if pool.runtime().block_on(finished).is_err() {
            tracing::warn!("gave up waiting for the last deletions");
        }
    }
}
