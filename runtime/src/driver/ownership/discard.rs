//! How a job that was cancelled gives up its checkpoints.

use millstream_state::snapshot::journal::{EntryKind, JobRecord, SnapshotReference};

use super::Ownership;
use crate::error::Result;

impl Ownership {
    /// Gives up the checkpoints that the job owns, and deletes them: first an entry that lists none of them, so that
    /// a process that starts finds either all of a checkpoint or no word of it; then their manifests; then
    /// all files that no manifest names. Returns how many checkpoints there were.
    ///
    /// Where the job never came to own its folder, nothing is to be deleted. What cannot be deleted after the entry
    /// is a leak. Nothing of this job may be writing to the folder.
    ///
    /// # Errors
    /// [`ErrorKind::Fenced`](crate::error::ErrorKind::Fenced) where a newer process has the folder, and then nothing
    /// was deleted; if the store fails.
    pub(in crate::driver) async fn discard(&self) -> Result<usize> {
        let last = match &mut *self.owned.lock().await {
            None => return Ok(0),
            Some(owned) => {
                self.resolve(&mut owned.journal).await?;
                owned.journal.last().clone()
            }
        };
        let discarded = last.record.retained;
        self.record(|last| {
            let is_discarded = |latest: &SnapshotReference| {
                matches!(latest, SnapshotReference::Checkpoint(name) if discarded.contains(name))
            };
            // A savepoint with which the job was to stop is still there, and sinks may have committed up to it.
            let latest = last.latest.clone().filter(|latest| !is_discarded(latest));
            let next_checkpoint = last.next_checkpoint;
            Some(JobRecord { kind: EntryKind::Cancelled, next_checkpoint, latest, retained: Vec::new() })
        })
        .await?;
        for name in &discarded {
            self.home.delete_manifest(*name).await?;
        }
        // Those of this process included: it will complete none of them any more.
        self.home.sweep(last.epoch.next(), &[]).await?;
        Ok(discarded.len())
    }
}
