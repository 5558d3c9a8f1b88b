//! A job's folder as the process sees it that runs the job: whose it is, and what is listed there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::lock::Mutex;
use millstream_state::snapshot::journal::{
    EntryKind, JobIdentity, JobRecord, Journal, JournalEntry, JournalMistake, JournalOptions,
    ProcessIdentity, SnapshotReference,
};
use millstream_state::snapshot::storage::{ResolvedSnapshot, SnapshotHome, Stores};
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
        let (job, keep) = (job.to_owned(), keep.max(1));
        Self { job, home, stores, process, keep, mode, options, owned, epoch, inherited }
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
        if self.options.mistake == JournalMistake::ManifestAlone {
            return self.begin_with_latest_manifest().await;
        }
        self.resolve(&mut owned.journal).await?;
        let record = &owned.journal.last().record;
        let snapshot = match &record.latest {
            None => None,
            Some(SnapshotReference::Checkpoint(name)) => {
                Some(ResolvedSnapshot::checkpoint(self.home.clone(), *name))
            }
            Some(SnapshotReference::Elsewhere(_)) => owned.elsewhere.clone(),
        };
        let used = self.home.highest_used().await?.map_or(CheckpointId::new(1), CheckpointId::next);
        Ok(Beginning {
            snapshot,
            next_checkpoint: record.next_checkpoint.max(used),
            found: self.found(record).await?,
        })
    }

    /// Why something has failed: `error`, unless a newer process has the folder, which explains whatever
    /// was found there.
    pub(super) async fn explain(&self, error: Error) -> Error {
        match &*self.owned.lock().await {
            Some(Owned { journal, .. }) => match journal.confirm().await {
                Err(fenced @ StateError::Fenced { .. }) => Error::from(fenced),
                _ => error,
            },
            None => error,
        }
    }

    /// What a process would do that takes a manifest for a checkpoint: only in simulations.
    async fn begin_with_latest_manifest(&self) -> Result<Beginning> {
        let latest = self.home.latest_checkpoint().await?;
        let next_checkpoint =
            self.home.highest_used().await?.map_or(CheckpointId::new(1), CheckpointId::next);
        let snapshot = latest.map(|name| ResolvedSnapshot::checkpoint(self.home.clone(), name));
        self.inherited.lock().extend(latest);
        Ok(Beginning { snapshot, next_checkpoint, found: FoundCheckpoints::default() })
    }

    /// The checkpoints that the job owns, and their files.
    async fn found(&self, record: &JobRecord) -> Result<FoundCheckpoints> {
        let mut retained = Vec::with_capacity(record.retained.len());
        for name in &record.retained {
            let file = SnapshotHome::manifest_of(*name);
            // One that somebody has deleted by hand is not there to be deleted.
            if self.home.get_if_present(&file).await?.is_some() {
                retained.push((name.id, self.home.read_manifest(&file).await?.files()));
            }
        }
        let latest = match &record.latest {
            Some(SnapshotReference::Checkpoint(name)) if record.retained.contains(name) => Some(name.id),
            _ => None,
        };
        Ok(FoundCheckpoints { latest, retained })
    }

    async fn take_over(&self, restore: &RestoreFrom) -> Result<Owned> {
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
        let identity = match &found {
            Some(entry) if entry.job.name != self.job => return Err(self.not_ours(entry)),
            Some(entry) => entry.job.clone(),
            None => JobIdentity { id: self.process.nonce, name: self.job.clone() },
        };
        let from = self.look_for(restore).await?;
        let (record, elsewhere) = self.begin_with(found.as_ref(), from).await?;
        let (home, writer) = (self.home.clone(), self.process.clone());
        let journal =
            Journal::take_over_with(self.options, home, found.as_ref(), identity, writer, record).await?;
        Ok(Owned { journal, elsewhere })
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

    /// Deletes what earlier processes have left unfinished. Errors are no more than a leak.
    pub(super) async fn sweep(&self) {
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
        if self.options.mistake == JournalMistake::ManifestAlone {
            return Ok(());
        }
        self.record(|last| {
            let kept: BTreeSet<_> = last.retained.iter().copied().chain([name]).collect();
            let retained: Vec<_> = kept.iter().copied().skip(kept.len().saturating_sub(self.keep)).collect();
            if !retained.contains(&name) {
                return None; // Overtaken by as many newer ones as are kept.
            }
            let newer = match &last.latest {
                Some(SnapshotReference::Checkpoint(latest)) if *latest > name => *latest,
                _ => name,
            };
            let latest = Some(SnapshotReference::Checkpoint(newer));
            let next_checkpoint = last.next_checkpoint.max(id.next());
            Some(JobRecord { kind: EntryKind::Completed, next_checkpoint, latest, retained })
        })
        .await
    }

    /// Says that the job stops with the savepoint at `path`, which is complete.
    ///
    /// # Errors
    /// As [`Self::complete`].
    pub(super) async fn stop_with(&self, path: &str) -> Result<()> {
        let latest = SnapshotReference::Elsewhere(Stores::absolute(path));
        self.record(|last| {
            Some(JobRecord { kind: EntryKind::Savepoint, latest: Some(latest.clone()), ..last.clone() })
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

    fn not_ours(&self, entry: &JournalEntry) -> StateError {
        StateError::Usage(format!(
            "the folder `{}` belongs to the job `{}`, and this job is called `{}`: choose another name or \
             another folder",
            self.home, entry.job.name, self.job
        ))
    }
}
