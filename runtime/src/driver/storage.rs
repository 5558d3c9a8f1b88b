//! The part of a driver's work that concerns the object store: restoring, preparing, manifests, deletions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Waker;

use millstream_state::snapshot::journal::{JournalOptions, ProcessIdentity};
use millstream_state::snapshot::manifest::{MANIFEST, Manifest, OperatorManifest, SnapshotKind};
use millstream_state::snapshot::part::{OperatorPart, SubtaskPart};
use millstream_state::snapshot::read::{LoadedSnapshot, OpenedSnapshot};
use millstream_state::snapshot::storage::{SnapshotHome, job_folder};
use millstream_state::stores::Stores;
use millstream_state::{CheckpointId, CheckpointName, Timestamp};

use super::Job;
use super::ownership::Ownership;
use crate::chain::{SnapshotFolders, TaskServices};
use crate::checkpoint::{FoundCheckpoints, Report, SnapshotTarget};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Deployment, Placement, Plan, Preparations};
use crate::guard::guarded;
use crate::job::{AttemptId, MasterEvent, RestoreFrom, SubtaskId};

/// Where a job's checkpoints lie.
#[derive(Clone)]
pub enum SnapshotLocation {
    /// In the memory of the process: they survive a restart of the job, not of the process.
    Memory,
    /// In a folder of this path or URL, within which the job has one of its own.
    Folder(String),
    /// In a folder that has been opened already.
    Opened(SnapshotHome),
}

/// The store as one job uses it.
pub(super) struct JobStorage {
    job: String,
    stores: Stores,
    /// `<root>/<job>`, in which checkpoints lie.
    home: SnapshotHome,
    /// Whether state is compressed that is written there, or to savepoints.
    compressed: bool,
    /// Whose that is, and what counts in it.
    ownership: Ownership,
}

/// What an attempt begins with.
pub(super) struct Prepared {
    /// What its subtasks restore.
    pub(super) snapshot: Option<LoadedSnapshot>,
    /// What operators without restored state begin with.
    pub(super) preparations: Preparations,
    pub(super) next_checkpoint_id: CheckpointId,
    /// The checkpoints that the job owns.
    pub(super) found: FoundCheckpoints,
}

impl Prepared {
    /// How the attempt is deployed: all of it in this process.
    pub(super) const fn deployment<'a>(
        &'a self,
        services: &'a TaskServices,
        wakers: &'a [Waker],
        seed: u64,
    ) -> Deployment<'a> {
        Deployment {
            services,
            placement: &Placement::Everything,
            wakers,
            restored: self.snapshot.as_ref(),
            base: self.found.latest,
            prepared: &self.preparations,
            seed,
        }
    }

    /// What the job master hears once the attempt is deployed.
    pub(super) fn deployed(self, attempt: AttemptId) -> MasterEvent {
        let Self { next_checkpoint_id, found, .. } = self;
        MasterEvent::Deployed { attempt, next_checkpoint_id, found }
    }
}

/// A manifest to be written.
pub(super) struct ManifestRequest {
    pub(super) checkpoint: CheckpointId,
    pub(super) target: SnapshotTarget,
    pub(super) triggered: Timestamp,
    pub(super) parts: Vec<(SubtaskId, SubtaskPart)>,
}

impl JobStorage {
    /// Opens the job's folder.
    ///
    /// # Errors
    /// If the URL or path cannot be used.
    pub(super) fn open(job: &Job, process: ProcessIdentity, options: JournalOptions) -> Result<Self> {
        let (name, stores) = (job.name.clone(), job.stores.clone());
        let root = match &job.snapshots {
            SnapshotLocation::Memory => stores.open("memory:///", true)?,
            SnapshotLocation::Folder(path) => stores.open(path, true)?,
            SnapshotLocation::Opened(home) => home.clone(),
        };
        let home = root.child(&job_folder(&name));
        let (keep, mode) = (job.master.checkpoint.retained, job.master.restore_mode);
        let (own_home, own_stores) = (home.clone(), stores.clone());
        let ownership = Ownership::new(&name, own_home, own_stores, process, keep, mode, options);
        Ok(Self { job: name, stores, home, compressed: job.master.checkpoint.compressed, ownership })
    }

    /// Reads the snapshot that an attempt begins from, and prepares the operators that it has
    /// nothing for.
    ///
    /// # Errors
    /// [`ErrorKind::Fenced`] where a newer process has the job's folder; if the snapshot cannot be read or
    /// does not fit the job, or an operator's preparation fails.
    pub(super) async fn prepare(
        &self,
        plan: &Plan,
        restore: &RestoreFrom,
        allow_unclaimed: bool,
    ) -> Result<Prepared> {
        match self.try_prepare(plan, restore, allow_unclaimed).await {
            Err(error) => Err(self.ownership.explain(error).await),
            prepared => prepared,
        }
    }

    /// What a subtask reports that would end the job for good, with what has caused it: of what is
    /// reported otherwise there is nothing to explain.
    ///
    /// A process that was overtaken and does not know it yet finds what the newer one has done in places
    /// where only its own work should be, such as the output of a sink. The job is not at fault then.
    pub(super) async fn explain(&self, event: MasterEvent) -> MasterEvent {
        let explained = |error: Error| async {
            // Whatever else goes wrong here, the failure itself must not get lost.
            let explanation = guarded(async { Ok(self.ownership.explain(error.clone()).await) }).await;
            explanation.unwrap_or(error)
        };
        match event {
            MasterEvent::Report { attempt, subtask, report } => {
                let report = match report {
                    Report::Failed(error) => Report::Failed(explained(error).await),
                    Report::Declined { checkpoint, error } => {
                        Report::Declined { checkpoint, error: explained(error).await }
                    }
                    other => other,
                };
                MasterEvent::Report { attempt, subtask, report }
            }
            other => other,
        }
    }

    /// Whether [`Self::explain`] has to look at an event before the job master sees it.
    pub(super) fn needs_explanation(event: &MasterEvent) -> bool {
        match event {
            MasterEvent::Report {
                report: Report::Failed(error) | Report::Declined { error, .. }, ..
            } => {
                !matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Fenced)
                    && !error.kind().is_retryable()
            }
            _ => false,
        }
    }

    async fn try_prepare(
        &self,
        plan: &Plan,
        restore: &RestoreFrom,
        allow_unclaimed: bool,
    ) -> Result<Prepared> {
        let beginning = self.ownership.begin(restore).await?;
        let snapshot = match beginning.snapshot {
            None => None,
            Some(resolved) => {
                let opened = OpenedSnapshot::open(resolved).await?;
                if !allow_unclaimed {
                    check_claimed(plan, opened.manifest())?;
                }
                Some(opened.load_for(&plan.shares(&Placement::Everything)).await?)
            }
        };
        let is_restored = |operator| {
            snapshot.as_ref().is_some_and(|snapshot| snapshot.operators().any(|(id, _)| id == operator))
        };
        let preparations = plan.run_preparations(is_restored).await?;
        let (next_checkpoint_id, found) = (beginning.next_checkpoint, beginning.found);
        Ok(Prepared { snapshot, preparations, next_checkpoint_id, found })
    }

    /// Makes sure that no snapshot lies where a savepoint is to be written: its files would be
    /// overwritten long before its manifest stood in the way.
    ///
    /// # Errors
    /// If one does, or the store fails.
    pub(super) async fn check_savepoint(&self, path: &str) -> Result<()> {
        let failed = |error: Error| error.wrapped(ErrorKind::Checkpoint, format!("no savepoint at `{path}`"));
        let home = self.stores.open_lasting(path).map_err(|error| failed(error.into()))?;
        match home.get_if_present(MANIFEST).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(failed(Error::new(
                ErrorKind::Checkpoint,
                "there is a snapshot already: choose another folder, or delete that one first",
            ))),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Writes a manifest and lists a checkpoint in the journal: from then on the snapshot is real. A
    /// savepoint is listed if the job stops with it.
    ///
    /// # Errors
    /// [`ErrorKind::Fenced`] where a newer process has the job's folder; if the store fails, and then the
    /// snapshot may be real or not.
    pub(super) async fn write_manifest(&self, plan: &Plan, request: &ManifestRequest) -> Result<()> {
        let (home, folder) = self.folder(&request.target, request.checkpoint)?;
        let kind = match request.target {
            SnapshotTarget::Checkpoint { .. } => SnapshotKind::Checkpoint,
            SnapshotTarget::Savepoint { .. } => SnapshotKind::Savepoint,
        };
        let manifest = Manifest {
            job: self.job.clone(),
            checkpoint: request.checkpoint,
            kind,
            created: request.triggered,
            operators: operators(plan, &request.parts),
        };
        home.create_manifest(&folder, &manifest).await?;
        let unnamed = without_uid(&manifest);
        if kind == SnapshotKind::Savepoint && !unnamed.is_empty() {
            tracing::warn!(
                job = %self.job,
                operators = %unnamed.join(", "),
                "the savepoint holds state of operators without a uid, which a changed job may not find again: \
                 give them one with `uid`"
            );
        }
        match &request.target {
            SnapshotTarget::Checkpoint { .. } => self.ownership.complete(request.checkpoint).await,
            SnapshotTarget::Savepoint { path, then } if then.stops() => {
                self.ownership.stop_with(request.checkpoint, path).await
            }
            SnapshotTarget::Savepoint { .. } => Ok(()),
        }
    }

    /// Deletes what earlier processes have left unfinished in the job's folder.
    pub(super) async fn sweep(&self) {
        self.ownership.sweep().await;
    }

    /// Deletes the manifests of checkpoints, and then files that nothing refers to any more.
    ///
    /// # Errors
    /// If the store fails: what was to be deleted stays.
    pub(super) async fn delete(&self, checkpoints: Vec<CheckpointId>, files: Vec<Arc<str>>) -> Result<()> {
        for checkpoint in checkpoints {
            self.home.delete_manifest(self.checkpoint(checkpoint)).await?;
        }
        Ok(self.home.delete_files(files).await?)
    }

    /// Deletes the checkpoints of a job that was cancelled. Errors are no more than a leak.
    pub(super) async fn discard(&self) {
        match guarded(self.ownership.discard()).await {
            Ok(checkpoints) => {
                tracing::info!(job = %self.job, checkpoints, "deleted the checkpoints of the cancelled job");
            }
            Err(error) => {
                tracing::warn!(job = %self.job, %error, "cannot delete the checkpoints of the cancelled job");
            }
        }
    }

    fn folder(&self, target: &SnapshotTarget, checkpoint: CheckpointId) -> Result<(SnapshotHome, String)> {
        Ok(match target {
            SnapshotTarget::Checkpoint { .. } => (self.home.clone(), self.checkpoint(checkpoint).to_string()),
            SnapshotTarget::Savepoint { path, .. } => (self.stores.open_lasting(path)?, String::new()),
        })
    }

    fn checkpoint(&self, id: CheckpointId) -> CheckpointName {
        self.ownership.name_of(id)
    }

    /// Where checkpoints lie, as what the folder is opened by.
    pub(super) fn describe(&self) -> String {
        self.home.location_of("")
    }
}

impl SnapshotFolders for JobStorage {
    fn locate(
        &self,
        target: &SnapshotTarget,
        checkpoint: CheckpointId,
        file: &str,
    ) -> Result<(SnapshotHome, String)> {
        let (home, folder) = self.folder(target, checkpoint)?;
        let home = home.with_compression(self.compressed);
        let file = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        Ok((home, file))
    }
}

/// The list of operators in a manifest, from what the subtasks wrote.
fn operators(plan: &Plan, parts: &[(SubtaskId, SubtaskPart)]) -> Vec<OperatorManifest> {
    let describe = |(planned, node): (&crate::graph::PlannedNode, &crate::graph::Node)| {
        let part_of = |index: u32| {
            let subtask = SubtaskId { vertex: planned.vertex, index };
            let part = parts.iter().find(|(id, _)| *id == subtask).map(|(_, part)| part);
            let own =
                part.and_then(|part| part.operators.iter().find(|own| own.operator == planned.operator));
            own.cloned().unwrap_or_else(|| OperatorPart {
                operator: planned.operator,
                keyed: Vec::new(),
                lists: Vec::new(),
            })
        };
        OperatorManifest {
            operator: planned.operator,
            name: planned.name.clone(),
            uid: node.uid.clone(),
            parallelism: planned.parallelism,
            max_parallelism: planned.groups.count(),
            subtasks: (0..planned.parallelism).map(part_of).collect(),
        }
    };
    let has_state = |operator: &OperatorManifest| {
        operator.subtasks.iter().any(|part| !part.keyed.is_empty() || !part.lists.is_empty())
    };
    plan.operators().map(describe).filter(has_state).collect()
}

/// The operators whose state is known by their place in the graph alone.
fn without_uid(manifest: &Manifest) -> Vec<&str> {
    let unnamed = manifest.operators.iter().filter(|operator| operator.uid.is_none());
    unnamed.map(|operator| operator.name.as_str()).collect()
}

/// Fails if the snapshot holds state of operators that the job does not have.
fn check_claimed(plan: &Plan, manifest: &Manifest) -> Result<()> {
    let known: BTreeSet<_> = plan.operators().map(|(planned, _)| planned.operator).collect();
    let unclaimed = manifest.operators.iter().filter(|operator| !known.contains(&operator.operator));
    let names: Vec<_> = unclaimed
        .map(|operator| match &operator.uid {
            Some(uid) => format!("`{}` (uid `{uid}`)", operator.name),
            None => format!("`{}` (no uid; id {})", operator.name, operator.operator),
        })
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Restore,
        format!(
            "the snapshot holds state of operators that the job does not have: {}; \
             give operators the uids they had, or allow unclaimed state to drop it",
            names.join(", ")
        ),
    ))
}
