//! The part of a driver's work that concerns the object store: restoring, preparing, manifests, deletions.

use std::collections::BTreeSet;
use std::sync::Arc;

use millstream_state::snapshot::manifest::{MANIFEST, Manifest, OperatorManifest, SnapshotKind};
use millstream_state::snapshot::part::{OperatorPart, SubtaskPart};
use millstream_state::snapshot::read::{LoadedSnapshot, OpenedSnapshot};
use millstream_state::snapshot::storage::{ResolvedSnapshot, SnapshotHome, Stores, job_folder};
use millstream_state::{CheckpointId, CheckpointName, Epoch, Timestamp};

use crate::chain::SnapshotFolders;
use crate::checkpoint::SnapshotTarget;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Placement, Plan, Preparations};
use crate::job::{RestoreFrom, SubtaskId};

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
}

/// What an attempt begins with.
pub(super) struct Prepared {
    /// What its subtasks restore.
    pub(super) snapshot: Option<LoadedSnapshot>,
    /// What operators without restored state begin with.
    pub(super) preparations: Preparations,
    pub(super) next_checkpoint_id: CheckpointId,
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
    pub(super) fn open(job: &str, location: &SnapshotLocation, stores: Stores) -> Result<Self> {
        let root = match location {
            SnapshotLocation::Memory => stores.open("memory:///", true)?,
            SnapshotLocation::Folder(path) => stores.open(path, true)?,
            SnapshotLocation::Opened(home) => home.clone(),
        };
        Ok(Self { job: job.to_owned(), stores, home: root.child(&job_folder(job)) })
    }

    /// Reads the snapshot that an attempt begins from, and prepares the operators that it has
    /// nothing for.
    ///
    /// # Errors
    /// If the snapshot cannot be read or does not fit the job, or an operator's preparation fails.
    pub(super) async fn prepare(
        &self,
        plan: &Plan,
        restore: &RestoreFrom,
        allow_unclaimed: bool,
    ) -> Result<Prepared> {
        let resolved = match restore {
            RestoreFrom::Nothing => None,
            RestoreFrom::Path(path) => Some(self.stores.resolve(path, Some(&self.job)).await?),
            RestoreFrom::Checkpoint(id) => {
                Some(ResolvedSnapshot::checkpoint(self.home.clone(), self.checkpoint(*id)))
            }
        };
        let snapshot = match resolved {
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
        let used = self.home.highest_used().await?;
        let next_checkpoint_id = used.map_or(CheckpointId::new(1), CheckpointId::next);
        Ok(Prepared { snapshot, preparations, next_checkpoint_id })
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

    /// Writes a manifest: from then on the snapshot is real.
    ///
    /// # Errors
    /// If the store fails. The manifest may be there all the same.
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
        Ok(())
    }

    /// Deletes a checkpoint's manifest, and then files that nothing refers to any more.
    ///
    /// # Errors
    /// If the store fails: what was to be deleted stays.
    pub(super) async fn delete(&self, checkpoint: Option<CheckpointId>, files: Vec<Arc<str>>) -> Result<()> {
        if let Some(checkpoint) = checkpoint {
            self.home.delete_manifest(self.checkpoint(checkpoint)).await?;
        }
        Ok(self.home.delete_files(files).await?)
    }

    fn folder(&self, target: &SnapshotTarget, checkpoint: CheckpointId) -> Result<(SnapshotHome, String)> {
        Ok(match target {
            SnapshotTarget::Checkpoint { .. } => (self.home.clone(), self.checkpoint(checkpoint).to_string()),
            SnapshotTarget::Savepoint { path, .. } => (self.stores.open_lasting(path)?, String::new()),
        })
    }

    /// The newest completed checkpoint on the store.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn latest(&self) -> Result<Option<CheckpointId>> {
        Ok(self.home.latest_checkpoint().await?.map(|name| name.id))
    }

    fn checkpoint(&self, id: CheckpointId) -> CheckpointName {
        CheckpointName { id, epoch: Epoch::default() }
    }

    /// Where checkpoints lie, for people.
    pub(super) fn describe(&self) -> String {
        self.home.name_of("")
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
