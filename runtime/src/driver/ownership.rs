//! A job's folder as the process sees it that runs the job: whose it is, and what is listed there.

mod discard;
mod take_over;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::lock::Mutex;
use millstream_state::snapshot::journal::{
    EntryKind, JobRecord, Journal, JournalMistake, JournalOptions, ProcessIdentity, SnapshotReference,
};
use millstream_state::snapshot::manifest::Manifest;
use millstream_state::snapshot::storage::{ResolvedSnapshot, SnapshotHome};
use millstream_state::stores::Stores;
use millstream_state::{CheckpointId, CheckpointName, Epoch, StateError};

use crate::checkpoint::FoundCheckpoints;
use crate::error::{Error, ErrorKind, Result};
use crate::guard::guarded;
use crate::job::{RestoreFrom, RestoreMode};

/// How often a process tries to take over a folder that others take over at the same time, and how
/// often it asks the store for an answer before it reports that there is none.
const TRIES: usize = 5;

/// The folder of one job, and this process's part in its journal.
pub(super) struct Ownership {
    job: String,
    home: SnapshotHome,
    stores: Stores,
    process: ProcessIdentity,
    /// How many completed checkpoints are kept.
    keep: usize,
    mode: RestoreMode,
    options: JournalOptions,
    /// `None` until the folder has been taken over. Entries are made one after another.
    owned: Mutex<Option<Owned>>,
    epoch: AtomicU64,
    /// The epoch of the journal when this process first looked.
    first_seen: parking_lot::Mutex<Option<Epoch>>,
    swept: AtomicBool,
    /// The checkpoints of earlier processes that were listed at the take-over.
    inherited: parking_lot::Mutex<Vec<CheckpointName>>,
}

struct Owned {
    journal: Journal,
    /// The snapshot that the run began from, where it lies outside the folder.
    elsewhere: Option<ResolvedSnapshot>,
}

/// What an attempt begins with, by the journal.
pub(super) struct Beginning {
    pub(super) snapshot: Option<ResolvedSnapshot>,
    pub(super) next_checkpoint: CheckpointId,
    pub(super) found: FoundCheckpoints,
}

impl Ownership {
    pub(super) fn new(
        job: &str,
        home: SnapshotHome,
        stores: Stores,
        process: ProcessIdentity,
        keep: usize,
        mode: RestoreMode,
        options: JournalOptions,
    ) -> Self {
        let (owned, epoch, inherited) = (Mutex::default(), AtomicU64::new(0), parking_lot::Mutex::default());
        let (swept, first_seen) = (AtomicBool::new(false), parking_lot::Mutex::default());
        let (job, keep) = (job.to_owned(), keep.max(1));
        Self { job, home, stores, process, keep, mode, options, owned, epoch, first_seen, swept, inherited }
    }

    /// What an attempt begins with. The first takes the folder over, and decides with `restore` what to go
    /// on from; to all others the journal says it.
    ///
    /// # Errors
    /// [`ErrorKind::Fenced`] where a newer process has the folder; if there is nothing to restore, or the
    /// store fails.
    pub(super) async fn begin(&self, restore: &RestoreFrom) -> Result<Beginning> {
        let mut owned = self.owned.lock().await;
        let owned = match &mut *owned {
            Some(owned) => {
                owned.journal.confirm().await?;
                owned
            }
            none => none.insert(self.take_over(restore).await?),
        };
        if self.options.makes(JournalMistake::ManifestAlone) {
            return self.begin_with_latest_manifest().await;
        }
        self.resolve(&mut owned.journal).await?;
        let record = &owned.journal.last().record;
        let snapshot = match &record.latest {
            None => None,
            Some(SnapshotReference::Checkpoint(name)) => {
                Some(ResolvedSnapshot::checkpoint(self.home.clone(), *name))
            }
            // With which the job was to stop, but failed instead.
            Some(SnapshotReference::Savepoint { .. }) => Some(self.stores.resolve_job(&self.home).await?),
            Some(SnapshotReference::Elsewhere(_)) => owned.elsewhere.clone(),
        };
        Ok(Beginning {
            snapshot,
            next_checkpoint: record.next_checkpoint.max(self.next_unused().await?),
            found: self.found(record).await?,
        })
    }

    /// Why something has failed: `error`, unless a newer process has the folder, which explains whatever
    /// was found there. As long as nobody can say whether one has, `error` is not final.
    pub(super) async fn explain(&self, error: Error) -> Error {
        match &*self.owned.lock().await {
            Some(Owned { journal, .. }) => match journal.confirm().await {
                Ok(()) => error,
                Err(fenced @ StateError::Fenced { .. }) => Error::from(fenced),
                Err(unknown) => error.wrapped(
                    ErrorKind::External,
                    format_args!(
                        "a newer process may have taken `{}` over, which cannot be looked up ({unknown})",
                        self.home
                    ),
                ),
            },
            None => error,
        }
    }

    /// What a process would do that takes a manifest for a checkpoint: only in simulations.
    async fn begin_with_latest_manifest(&self) -> Result<Beginning> {
        let latest = self.home.latest_checkpoint().await?;
        let next_checkpoint = self.next_unused().await?;
        let snapshot = latest.map(|name| ResolvedSnapshot::checkpoint(self.home.clone(), name));
        self.inherited.lock().extend(latest);
        Ok(Beginning { snapshot, next_checkpoint, found: FoundCheckpoints::default() })
    }

    /// The first number above those of all checkpoints in the folder.
    async fn next_unused(&self) -> Result<CheckpointId> {
        Ok(self.home.highest_used().await?.map_or(CheckpointId::new(1), CheckpointId::next))
    }

    /// The checkpoints that the job owns, and their files.
    async fn found(&self, record: &JobRecord) -> Result<FoundCheckpoints> {
        let mut retained = Vec::with_capacity(record.retained.len());
        for name in &record.retained {
            let file = SnapshotHome::manifest_of(*name);
            // One that somebody has deleted by hand is not there to be deleted.
            if let Some(content) = self.home.get_if_present(&file).await? {
                retained.push((name.id, Manifest::decode(&self.home.name_of(&file), &content)?.files()));
            }
        }
        let latest = match &record.latest {
            Some(SnapshotReference::Checkpoint(name)) if record.retained.contains(name) => Some(name.id),
            _ => None,
        };
        Ok(FoundCheckpoints { latest, retained })
    }

    /// Deletes, once, what earlier processes have left unfinished. Errors are no more than a leak.
    pub(super) async fn sweep(&self) {
        if self.swept.swap(true, Ordering::Relaxed) {
            return;
        }
        let epoch = Epoch::new(self.epoch.load(Ordering::Acquire));
        let retained = self.inherited.lock().clone();
        let sweep = async { Ok(self.home.sweep(epoch, &retained).await?) };
        match guarded(sweep).await {
            Ok(0) => {}
            Ok(files) => {
                tracing::info!(job = %self.job, files, "deleted what earlier processes left unfinished")
            }
            Err(error) => {
                tracing::warn!(job = %self.job, %error, "cannot delete what earlier processes left")
            }
        }
    }

    /// The name of a checkpoint in this folder: one of an earlier process, or else this one's.
    pub(super) fn name_of(&self, id: CheckpointId) -> CheckpointName {
        let inherited = self.inherited.lock().iter().copied().find(|name| name.id == id);
        inherited.unwrap_or(CheckpointName { id, epoch: Epoch::new(self.epoch.load(Ordering::Acquire)) })
    }

    /// Lists a checkpoint whose manifest is written: from now on it is complete.
    ///
    /// # Errors
    /// [`ErrorKind::Fenced`]; if the store does not answer, and then it may be listed or not.
    pub(super) async fn complete(&self, id: CheckpointId) -> Result<()> {
        let name = self.name_of(id);
        if self.options.makes(JournalMistake::ManifestAlone) {
            return Ok(());
        }
        self.record(|last| {
            let kept: BTreeSet<_> = last.retained.iter().copied().chain([name]).collect();
            let retained: Vec<_> = kept.iter().copied().skip(kept.len().saturating_sub(self.keep)).collect();
            if !retained.contains(&name) {
                return None; // Overtaken by as many newer ones as are kept.
            }
            let own = SnapshotReference::Checkpoint(name);
            let newer = last.latest.clone().filter(|latest| latest.number() > own.number());
            let latest = Some(newer.unwrap_or(own));
            let next_checkpoint = last.next_checkpoint.max(id.next());
            Some(JobRecord { kind: EntryKind::Completed, next_checkpoint, latest, retained })
        })
        .await
    }

    /// Says that the job stops with the savepoint at `path`, which is complete.
    ///
    /// # Errors
    /// As [`Self::complete`].
    pub(super) async fn stop_with(&self, number: CheckpointId, path: &str) -> Result<()> {
        let savepoint = SnapshotReference::Savepoint { number, folder: Stores::absolute(path) };
        self.record(|last| {
            let (kind, latest) = (EntryKind::Savepoint, Some(savepoint.clone()));
            let next_checkpoint = last.next_checkpoint.max(number.next());
            Some(JobRecord { kind, next_checkpoint, latest, retained: last.retained.clone() })
        })
        .await
    }

    async fn record(&self, next: impl Fn(&JobRecord) -> Option<JobRecord>) -> Result<()> {
        let mut owned = self.owned.lock().await;
        let not_owned = || Error::new(ErrorKind::Internal, "the job's folder was not taken over");
        let journal = &mut owned.as_mut().ok_or_else(not_owned)?.journal;
        self.resolve(journal).await?;
        let Some(record) = next(&journal.last().record) else { return Ok(()) };
        match journal.record(record).await {
            Err(StateError::Storage { .. }) => self.resolve(journal).await,
            outcome => Ok(outcome?),
        }
    }

    /// Finds out whether the last entry exists.
    async fn resolve(&self, journal: &mut Journal) -> Result<()> {
        let mut outcome = journal.resolve().await;
        for _ in 1..TRIES {
            match outcome {
                Err(StateError::Storage { .. }) => outcome = journal.resolve().await,
                _ => break,
            }
        }
        Ok(outcome?)
    }
}
