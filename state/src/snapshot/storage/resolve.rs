//! From what a user asks to restore to the manifest of one snapshot.

use super::open::{local_folder, open_folder, open_url};
use super::{SnapshotHome, parse_checkpoint};
use crate::snapshot::manifest::{MANIFEST, Manifest, SnapshotKind};
use crate::{CheckpointId, Result, StateError};

/// A snapshot that was found.
#[derive(Clone, Debug)]
pub struct ResolvedSnapshot {
    /// The folder that the names of its files are relative to.
    pub home: SnapshotHome,
    /// Its manifest, relative to `home`.
    pub manifest_file: String,
}

impl ResolvedSnapshot {
    /// What to call it when talking to people: where its manifest lies.
    pub fn name(&self) -> String {
        self.home.name_of(&self.manifest_file)
    }

    fn checkpoint(home: SnapshotHome, id: CheckpointId) -> Self {
        Self { home, manifest_file: SnapshotHome::manifest_of(id) }
    }
}

/// Finds the snapshot that `location`, a URL or a local path, means:
///
/// 1. the folder of a checkpoint or of a savepoint, or the manifest in it: that one;
/// 2. the folder of a job: its latest completed checkpoint;
/// 3. a folder of jobs: the latest completed checkpoint of `job`; where `job` is not given, or has
///    never written anything, that of the only job, or else the one completed last.
///
/// # Errors
/// [`StateError::NoSnapshot`] where it means none, [`StateError::Corrupt`] where a manifest that
/// had to be read is damaged, [`StateError::Storage`].
pub async fn resolve(location: &str, job: Option<&str>) -> Result<ResolvedSnapshot> {
    let trimmed = location.trim_end_matches('/');
    let folder = trimmed.strip_suffix("/manifest").unwrap_or(trimmed);
    // Nothing is left of the root folder `/`.
    let folder = if folder.is_empty() { location } else { folder };
    let (outer, name) = split_checkpoint(folder)?;
    let here = match &name {
        Some(name) => outer.child(name),
        None => outer,
    };
    resolve_at(here, job).await
}

/// Opens `folder`, or where it has the name of a checkpoint's, the folder around it: that is where
/// the names of its files begin. On other stores than the local disk, a folder knows what is around it.
fn split_checkpoint(folder: &str) -> Result<(SnapshotHome, Option<String>)> {
    let Some(path) = local_folder(folder)? else { return Ok((open_url(folder, false)?, None)) };
    // A relative path may not tell the folder's name: `.` inside it, or a link to it.
    let whole = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let name =
        whole.file_name().and_then(|name| name.to_str()).filter(|name| parse_checkpoint(name).is_some());
    match (name, whole.parent()) {
        (Some(name), Some(parent)) if whole.is_dir() => {
            Ok((open_folder(parent, false)?, Some(name.to_owned())))
        }
        _ => Ok((open_folder(&path, false)?, None)),
    }
}

async fn resolve_at(here: SnapshotHome, job: Option<&str>) -> Result<ResolvedSnapshot> {
    if let Some(content) = here.get_if_present(MANIFEST).await? {
        let manifest = Manifest::decode(&here.name_of(MANIFEST), &content)?;
        return in_folder_of_manifest(here, &manifest);
    }
    if let Some(id) = here.latest_checkpoint().await? {
        return Ok(ResolvedSnapshot::checkpoint(here, id));
    }
    let folder = here.prefix.filename().unwrap_or_default();
    if parse_checkpoint(folder).is_some() {
        return Err(nothing(&here, "the checkpoint was never completed: its folder has no manifest".into()));
    }
    if let Some(job) = job {
        let folder = here.child(job);
        match (folder.latest_checkpoint().await?, folder.highest_used().await?) {
            (Some(id), _) => return Ok(ResolvedSnapshot::checkpoint(folder, id)),
            (None, Some(_)) => {
                return Err(nothing(&folder, format!("job `{job}` has not completed any checkpoint")));
            }
            (None, None) => {}
        }
    }
    newest_of_jobs(&here).await?.ok_or_else(|| {
        let job = job.map(|job| format!(", no folder `{job}` of this job")).unwrap_or_default();
        nothing(
            &here,
            format!("neither a manifest, nor a completed `chk-…` folder{job}, nor a job's folder with one"),
        )
    })
}

fn in_folder_of_manifest(here: SnapshotHome, manifest: &Manifest) -> Result<ResolvedSnapshot> {
    if manifest.kind == SnapshotKind::Savepoint {
        return Ok(ResolvedSnapshot { home: here, manifest_file: MANIFEST.into() });
    }
    let id = manifest.checkpoint;
    let folder = SnapshotHome::checkpoint_folder(id);
    match here.parent() {
        Some(home) if here.prefix.filename() == Some(&folder) => Ok(ResolvedSnapshot::checkpoint(home, id)),
        _ => Err(nothing(
            &here,
            format!(
                "the manifest is that of a checkpoint, which only works inside its job's folder under the name \
                 `{folder}`; take a savepoint to have something that can be moved"
            ),
        )),
    }
}

/// The latest completed checkpoint of the only job in a folder, or of the one that completed one last.
async fn newest_of_jobs(root: &SnapshotHome) -> Result<Option<ResolvedSnapshot>> {
    let mut found = Vec::new();
    for folder in root.folders().await? {
        let home = root.at(folder);
        if let Some(id) = home.latest_checkpoint().await? {
            found.push(ResolvedSnapshot::checkpoint(home, id));
        }
    }
    if found.len() <= 1 {
        return Ok(found.pop());
    }
    let mut newest = None;
    for snapshot in found {
        let created = snapshot.home.read_manifest(&snapshot.manifest_file).await?.created;
        if newest.as_ref().is_none_or(|(until_now, _)| *until_now < created) {
            newest = Some((created, snapshot));
        }
    }
    Ok(newest.map(|(_, snapshot)| snapshot))
}

fn nothing(home: &SnapshotHome, problem: String) -> StateError {
    StateError::NoSnapshot { path: home.to_string(), problem }
}
