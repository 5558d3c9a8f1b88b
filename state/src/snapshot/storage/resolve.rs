//! From what a user asks to restore to the manifest of one snapshot.

use std::sync::Arc;

use super::SnapshotHome;
use super::job_folder::{earlier_folder, job_folder};
use super::stores::{local_folder, open_folder};
use crate::snapshot::format::corrupt;
use crate::snapshot::journal::{EntryKind, FOLDER, Journal, JournalEntry, SnapshotReference};
use crate::snapshot::manifest::{MANIFEST, Manifest, SnapshotKind};
use crate::stores::{Stores, split_options};
use crate::{CheckpointName, Result, StateError};

/// A snapshot that was found.
#[derive(Clone, Debug)]
pub struct ResolvedSnapshot {
    /// The folder that the names of its files are relative to.
    pub home: SnapshotHome,
    /// Its manifest, relative to `home`.
    pub manifest_file: String,
    /// The entry that names it, where the journal of a job's folder was asked.
    pub listed: Option<Arc<JournalEntry>>,
}

impl ResolvedSnapshot {
    /// The checkpoint of this name in a job's folder.
    pub fn checkpoint(home: SnapshotHome, name: CheckpointName) -> Self {
        Self { home, manifest_file: SnapshotHome::manifest_of(name), listed: None }
    }

    /// Its human-readable name: where its manifest lies.
    pub fn name(&self) -> String {
        self.home.name_of(&self.manifest_file)
    }

    /// Where it lies: its folder, as what it is opened by.
    pub fn folder(&self) -> String {
        let folder = self.manifest_file.strip_suffix(MANIFEST).unwrap_or(&self.manifest_file);
        self.home.location_of(folder.trim_end_matches('/'))
    }

    /// Which of its job's checkpoints it is, if it lies in a job's folder.
    pub fn checkpoint_name(&self) -> Option<CheckpointName> {
        let (folder, _) = self.manifest_file.split_once('/')?;
        CheckpointName::parse(folder)
    }
}

/// Finds the snapshot that `location` means with no stores but those that URLs describe: see
/// [`Stores::resolve`].
///
/// # Errors
/// As there.
pub async fn resolve(location: &str, job: Option<&str>) -> Result<ResolvedSnapshot> {
    Stores::default().resolve(location, job).await
}

impl Stores {
    /// Finds the snapshot that `location`, a URL or a local path, means:
    ///
    /// 1. the folder of a checkpoint or of a savepoint, or the manifest in it: that one;
    /// 2. the folder of a job: what its journal says it goes on from, or in the folder of a build that kept
    ///    none the latest checkpoint;
    /// 3. a folder of jobs: as 2. for the folder of `job`, or of the only job there where none is given.
    ///
    /// Another job's snapshot is found by its own path only.
    ///
    /// # Errors
    /// [`StateError::NoSnapshot`] where it means none, [`StateError::Corrupt`] where a file that had to be
    /// read is damaged, [`StateError::Storage`].
    pub async fn resolve(&self, location: &str, job: Option<&str>) -> Result<ResolvedSnapshot> {
        let (place, options) = split_options(location);
        let trimmed = place.trim_end_matches('/');
        let folder = trimmed.strip_suffix("/manifest").unwrap_or(trimmed);
        // Nothing is left of the root folder `/`.
        let folder = if folder.is_empty() { place } else { folder };
        let here = self.open_existing(&format!("{folder}{options}"))?;
        if let Some(found) = in_folder_of_manifest(&here).await? {
            return Ok(found);
        }
        if let Some(found) = self.in_job_folder(&here).await? {
            return Ok(found);
        }
        if CheckpointName::parse(here.prefix.filename().unwrap_or_default()).is_some() {
            return Err(nothing(
                &here,
                "the checkpoint was never completed: its folder has no manifest".into(),
            ));
        }
        match job {
            Some(job) => self.of_job(&here, job).await,
            None => self.of_only_job(&here).await,
        }
    }

    /// What the job goes on from whose folder is `here`.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub async fn resolve_job(&self, here: &SnapshotHome) -> Result<ResolvedSnapshot> {
        let found = self.in_job_folder(here).await?;
        found.ok_or_else(|| nothing(here, "no checkpoint was ever completed in this folder".into()))
    }

    /// The location, independent of the directory that the process works in.
    pub fn absolute(location: &str) -> String {
        if location.contains("://") {
            return location.to_owned();
        }
        std::path::absolute(location).map_or_else(|_| location.to_owned(), |path| path.display().to_string())
    }

    /// Opens `folder`; where it has the name of a checkpoint's on the local disk, by way of the folder
    /// around it: that is where the names of its files begin. On other stores, a folder knows what is
    /// around it.
    fn open_existing(&self, folder: &str) -> Result<SnapshotHome> {
        let Some(path) = local_folder(folder)? else { return self.open(folder, false) };
        // A relative path may not tell the folder's name: `.` inside it, or a link to it.
        let whole = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let name = whole.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| CheckpointName::parse(name).is_some());
        match (name, whole.parent()) {
            (Some(name), Some(parent)) if whole.is_dir() => Ok(open_folder(parent, false)?.child(name)),
            _ => open_folder(&path, false),
        }
    }

    /// What the job goes on from whose folder this is; none if it is no job's folder.
    async fn in_job_folder(&self, here: &SnapshotHome) -> Result<Option<ResolvedSnapshot>> {
        let Some(entry) = Journal::read(here).await? else {
            let latest = here.latest_checkpoint().await?;
            return Ok(latest.map(|name| ResolvedSnapshot::checkpoint(here.clone(), name)));
        };
        let found = match &entry.record.latest {
            None => {
                let left = here.checkpoints().await?;
                let left = match left.as_slice() {
                    [] => String::new(),
                    left => format!(
                        "; earlier runs have left {}, each of which can be restored by its own path",
                        names(left)
                    ),
                };
                let (job, run) = (
                    &entry.job.name,
                    match entry.record.kind {
                        EntryKind::Cancelled => "was cancelled, and its checkpoints were deleted with it",
                        _ => "has not completed any checkpoint",
                    },
                );
                return Err(nothing(here, format!("the last run of job `{job}` {run}{left}")));
            }
            Some(SnapshotReference::Checkpoint(name)) => ResolvedSnapshot::checkpoint(here.clone(), *name),
            Some(SnapshotReference::Savepoint { folder, .. } | SnapshotReference::Elsewhere(folder)) => {
                // Not "no snapshot": there is one, and to start afresh instead would be wrong.
                let lost = || {
                    let job = &entry.job.name;
                    corrupt(
                        &here.name_of(FOLDER),
                        format_args!(
                            "job `{job}` goes on from the snapshot at `{folder}`, which is not there any more: \
                             restore from where it has been moved to"
                        ),
                    )
                };
                let there = match self.open_existing(folder) {
                    Err(StateError::NoSnapshot { .. }) => return Err(lost()),
                    opened => opened?,
                };
                in_folder_of_manifest(&there).await?.ok_or_else(lost)?
            }
        };
        Ok(Some(ResolvedSnapshot { listed: Some(Arc::new(entry)), ..found }))
    }

    /// What `job` goes on from, in the folder of several jobs.
    async fn of_job(&self, root: &SnapshotHome, job: &str) -> Result<ResolvedSnapshot> {
        let (folder, earlier) = (job_folder(job), earlier_folder(job));
        let own = root.child(&folder);
        if let Some(found) = self.in_job_folder(&own).await? {
            return Ok(found);
        }
        if own.highest_used().await?.is_some() {
            return Err(nothing(&own, format!("job `{job}` has not completed any checkpoint")));
        }
        // Earlier builds gave several jobs the same folder: look whose it is.
        if earlier != folder
            && let Some(found) = self.in_job_folder(&root.child(&earlier)).await?
            && found.home.read_manifest(&found.manifest_file).await?.job == job
        {
            return Ok(found);
        }
        let others = jobs(root).await?;
        let others = match others.as_slice() {
            [] => "nor a job's folder".to_owned(),
            others => {
                format!("only those of {}, each of which can be restored by its own path", quoted(others))
            }
        };
        Err(nothing(
            root,
            format!(
                "neither a manifest, nor a completed `chk-…` folder, no folder `{folder}` of job `{job}`, {others}"
            ),
        ))
    }

    /// What the only job in a folder of jobs goes on from.
    async fn of_only_job(&self, root: &SnapshotHome) -> Result<ResolvedSnapshot> {
        let folders = jobs(root).await?;
        let [only] = folders.as_slice() else {
            let problem = match folders.as_slice() {
                [] => {
                    "neither a manifest, nor a completed `chk-…` folder, nor a job's folder with one".into()
                }
                several => format!("it holds the folders of several jobs: {}; name one", quoted(several)),
            };
            return Err(nothing(root, problem));
        };
        let own = root.child(only);
        let nothing = || nothing(&own, "no checkpoint was completed".into());
        self.in_job_folder(&own).await?.ok_or_else(nothing)
    }
}

/// The folders of jobs in this one.
async fn jobs(root: &SnapshotHome) -> Result<Vec<String>> {
    let mut jobs = Vec::new();
    for folder in root.folders().await? {
        let home = root.at(folder.clone());
        let is_job = home.highest_used().await?.is_some() || Journal::read(&home).await?.is_some();
        jobs.extend(folder.filename().filter(|_| is_job).map(str::to_owned));
    }
    Ok(jobs)
}

/// The snapshot whose manifest lies in this very folder.
async fn in_folder_of_manifest(here: &SnapshotHome) -> Result<Option<ResolvedSnapshot>> {
    let Some(content) = here.get_if_present(MANIFEST).await? else { return Ok(None) };
    let manifest = Manifest::decode(&here.name_of(MANIFEST), &content)?;
    if manifest.kind == SnapshotKind::Savepoint {
        let manifest_file = MANIFEST.into();
        return Ok(Some(ResolvedSnapshot { home: here.clone(), manifest_file, listed: None }));
    }
    let name = here.prefix.filename().and_then(CheckpointName::parse);
    match (here.parent(), name) {
        (Some(home), Some(name)) if name.id == manifest.checkpoint => {
            Ok(Some(ResolvedSnapshot::checkpoint(home, name)))
        }
        _ => Err(nothing(
            here,
            format!(
                "the manifest is that of a checkpoint, which only works inside its job's folder under the name \
                 it was given there (`chk-{}` or `chk-{}-e…`); take a savepoint to have something that can be \
                 moved",
                manifest.checkpoint, manifest.checkpoint
            ),
        )),
    }
}

fn names(checkpoints: &[CheckpointName]) -> String {
    quoted(&checkpoints.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn nothing(home: &SnapshotHome, problem: String) -> StateError {
    StateError::NoSnapshot { path: home.to_string(), problem }
}
