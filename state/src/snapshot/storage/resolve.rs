//! From what a user names to a snapshot: a checkpoint, a savepoint, or a folder of checkpoints.

use super::{SnapshotHome, open_url};
use crate::snapshot::manifest::{MANIFEST, Manifest};
use crate::{Result, StateError, Timestamp};

/// A snapshot that has been found.
#[derive(Clone)]
pub struct ResolvedSnapshot {
    /// The folder that its files' names are relative to.
    pub home: SnapshotHome,
    /// Its manifest, within that folder.
    pub manifest_file: String,
}

/// Finds the snapshot that a path or URL means: a checkpoint's folder, a savepoint's, a job's (then
/// its latest completed checkpoint), or one that holds the folders of jobs (then that of `job`, or
/// else the one with the newest checkpoint).
///
/// # Errors
/// [`StateError::NoSnapshot`] if there is none; or if the store fails.
pub async fn resolve(path_or_url: &str, job: Option<&str>) -> Result<ResolvedSnapshot> {
    let trimmed = match path_or_url.trim_end_matches('/') {
        "" => path_or_url,
        trimmed => trimmed,
    };
    if let Some((parent, name)) = split_checkpoint(trimmed) {
        // Opened at the parent, because a checkpoint may share files with its neighbours.
        let home = open_url(parent, false)?;
        let manifest_file = format!("{name}/{MANIFEST}");
        if home.exists(&manifest_file).await? {
            return Ok(ResolvedSnapshot { home, manifest_file });
        }
        let problem = "the checkpoint has no manifest: it was never completed".to_owned();
        return Err(StateError::NoSnapshot { path: path_or_url.to_owned(), problem });
    }
    let home = open_url(trimmed, false)?;
    resolve_in(&home, job).await
}

/// Finds a snapshot in a folder that is open: its own, or the latest checkpoint within.
///
/// # Errors
/// As [`resolve`].
pub async fn resolve_in(home: &SnapshotHome, job: Option<&str>) -> Result<ResolvedSnapshot> {
    if home.exists(MANIFEST).await? {
        return Ok(ResolvedSnapshot { home: home.clone(), manifest_file: MANIFEST.to_owned() });
    }
    if let Some((found, _)) = latest(home).await? {
        return Ok(found);
    }
    if let Some(job) = job
        && let Some((found, _)) = latest(&home.child(job)).await?
    {
        return Ok(found);
    }
    let mut newest: Option<(ResolvedSnapshot, Timestamp)> = None;
    for folder in home.folders().await? {
        if let Some((found, manifest)) = latest(&home.child(&folder)).await?
            && newest.as_ref().is_none_or(|(_, created)| manifest.created > *created)
        {
            newest = Some((found, manifest.created));
        }
    }
    newest.map(|(found, _)| found).ok_or_else(|| StateError::NoSnapshot {
        path: home.to_string(),
        problem: "it holds neither a manifest nor folders `chk-<number>` with one".to_owned(),
    })
}

async fn latest(home: &SnapshotHome) -> Result<Option<(ResolvedSnapshot, Manifest)>> {
    let Some(checkpoint) = home.latest_checkpoint().await? else { return Ok(None) };
    let manifest_file = format!("{}/{MANIFEST}", home.checkpoint_folder(checkpoint));
    let manifest = home.read_manifest(&manifest_file).await?;
    Ok(Some((ResolvedSnapshot { home: home.clone(), manifest_file }, manifest)))
}

/// Splits `parent/chk-7` into its two parts.
fn split_checkpoint(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
    name.strip_prefix("chk-")?.parse::<u64>().ok()?;
    Some((if parent.is_empty() { "/" } else { parent }, name))
}
