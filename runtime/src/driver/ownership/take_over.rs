//! How a process takes a job's folder over, and what it goes on from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use millstream_state::snapshot::journal::{
    EntryKind, JobIdentity, JobRecord, Journal, JournalEntry, SnapshotReference,
};
use millstream_state::snapshot::storage::ResolvedSnapshot;
use millstream_state::stores::Stores;
use millstream_state::{CheckpointId, Epoch, StateError};

use super::{Owned, Ownership, TRIES};
use crate::error::Result;
use crate::job::{RestoreFrom, RestoreMode};

impl Ownership {
    pub(super) async fn take_over(&self, restore: &RestoreFrom) -> Result<Owned> {
        let mut outcome = self.try_take_over(restore).await;
        for _ in 1..TRIES {
            match outcome {
                Err(StateError::Contended { .. }) => outcome = self.try_take_over(restore).await,
                _ => break,
            }
        }
        let owned = outcome?;
        self.epoch.store(owned.journal.epoch().number(), Ordering::Release);
        self.inherited.lock().clone_from(&owned.journal.last().record.retained);
        tracing::info!(job = %self.job, epoch = %owned.journal.epoch(), folder = %self.home, "took the folder over");
        Ok(owned)
    }

    async fn try_take_over(&self, restore: &RestoreFrom) -> Result<Owned, StateError> {
        let found = Journal::read(&self.home).await?;
        let not_overtaken = self.check_not_overtaken(found.as_ref());
        let identity = match &found {
            Some(entry) if entry.job.name != self.job => return Err(self.not_ours(entry)),
            Some(entry) => entry.job.clone(),
            None => JobIdentity { id: self.process.nonce, name: self.job.clone() },
        };
        let from = self.look_for(restore).await?;
        let goes_on = matches!(restore, RestoreFrom::IfAny(_))
            || from.as_ref().is_some_and(|found| found.listed.is_some());
        if !goes_on {
            not_overtaken?;
        }
        let (record, elsewhere) = self.begin_with(found.as_ref(), from).await?;
        let (home, writer) = (self.home.clone(), self.process.clone());
        let journal =
            Journal::take_over_with(self.options, home, found.as_ref(), identity, writer, record).await?;
        Ok(Owned { journal, elsewhere })
    }

    /// Fails where another process has taken the folder over since this one first looked. That matters to one
    /// that was told to start afresh, or to restore a snapshot by its own path: the other one was started
    /// later, so those instructions are stale. Where the folder says what to go on from, nothing is stale.
    fn check_not_overtaken(&self, found: Option<&JournalEntry>) -> Result<(), StateError> {
        let epoch = found.map_or(Epoch::default(), |entry| entry.epoch);
        let first_seen = *self.first_seen.lock().get_or_insert(epoch);
        match found {
            // Its own take-over may have taken effect without an answer.
            Some(entry) if epoch > first_seen && entry.writer != self.process => {
                Err(StateError::Fenced { path: self.home.to_string(), newer: entry.writer.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// The snapshot that the user means.
    async fn look_for(&self, restore: &RestoreFrom) -> Result<Option<ResolvedSnapshot>, StateError> {
        let own = self.home.name_of("");
        let (found, may_be_missing) = match restore {
            RestoreFrom::Path(path) => (self.stores.resolve(path, Some(&self.job)).await, false),
            RestoreFrom::IfAny(Some(path)) => (self.stores.resolve(path, Some(&self.job)).await, true),
            RestoreFrom::IfAny(None) => (self.stores.resolve_job(&self.home).await, true),
            // The master has seen a checkpoint complete, so the journal is open.
            RestoreFrom::Nothing | RestoreFrom::Checkpoint(_) => return Ok(None),
        };
        match found {
            Ok(found) => Ok(Some(found)),
            Err(StateError::NoSnapshot { problem, .. }) if may_be_missing => {
                tracing::info!(job = %self.job, folder = %own, %problem, "nothing to restore: starting afresh");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What the first entry of this process says, given the last of the one before.
    async fn begin_with(
        &self,
        found: Option<&JournalEntry>,
        from: Option<ResolvedSnapshot>,
    ) -> Result<(JobRecord, Option<ResolvedSnapshot>), StateError> {
        let next_checkpoint = found.map_or(CheckpointId::new(1), |entry| entry.record.next_checkpoint);
        let afresh =
            JobRecord { kind: EntryKind::Opened, next_checkpoint, latest: None, retained: Vec::new() };
        let Some(from) = from else { return Ok((afresh, None)) };
        let listed = match (&from.listed, from.checkpoint_name()) {
            // By its own path: whose it is, the journal beside it says.
            (None, Some(_)) => Journal::read(&from.home).await?.map(Arc::new),
            (listed, _) => listed.clone(),
        };
        let is_own = match (&listed, found) {
            (Some(listed), Some(found)) => {
                if from.listed.is_some() && listed.job == found.job && listed.number != found.number {
                    let (path, other) = (self.home.to_string(), listed.writer.to_string());
                    return Err(StateError::Contended { path, other });
                }
                listed.job == found.job
            }
            _ => false,
        };
        let claims = self.mode == RestoreMode::Claim;
        match (from.checkpoint_name(), found) {
            (Some(name), Some(found)) if is_own => {
                let mut retained = found.record.retained.clone();
                if claims && !retained.contains(&name) {
                    retained.push(name);
                    retained.sort_unstable();
                }
                let latest = Some(SnapshotReference::Checkpoint(name));
                let next_checkpoint = next_checkpoint.max(name.id.next());
                Ok((JobRecord { kind: EntryKind::TookOver, next_checkpoint, latest, retained }, None))
            }
            (name, found) => {
                if claims {
                    return Err(StateError::Usage(format!(
                        "`{}` cannot be claimed, since it does not lie in the folder `{}` of this job: \
                         restore it without claiming it",
                        from.folder(),
                        self.home
                    )));
                }
                // With a savepoint the run before may have stopped: what it owned is still owned.
                let goes_on = is_own && name.is_none();
                let retained =
                    found.filter(|_| goes_on).map_or(Vec::new(), |found| found.record.retained.clone());
                let kind = if goes_on { EntryKind::TookOver } else { EntryKind::Opened };
                let latest = Some(SnapshotReference::Elsewhere(Stores::absolute(&from.folder())));
                Ok((JobRecord { kind, latest, retained, ..afresh }, Some(from)))
            }
        }
    }

    fn not_ours(&self, entry: &JournalEntry) -> StateError {
        StateError::Usage(format!(
            "the folder `{}` belongs to the job `{}`, and this job is called `{}`: choose another name or \
             another folder",
            self.home, entry.job.name, self.job
        ))
    }
}
