//! From what a user writes to a folder of snapshots.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use url::Url;

use super::SnapshotHome;
use crate::stores::Stores;
use crate::{Result, StateError};

impl Stores {
    /// Opens the folder of snapshots at a URL (`s3://bucket/folder`, `memory:///`, …) or a path of the local disk.
    ///
    /// Each `memory:///` that is not registered is a store of its own. A local folder that is missing is
    /// created if `create` says so.
    ///
    /// # Errors
    /// [`StateError::NoSnapshot`] for a local folder that is missing and is not to be created,
    /// [`StateError::Storage`] where it cannot be created, [`StateError::Usage`] for a malformed URL
    /// or one that this build cannot open.
    pub fn open(&self, location: &str, create: bool) -> Result<SnapshotHome> {
        if self.given(location).is_none()
            && let Some(folder) = local_folder(location)?
        {
            return open_folder(&folder, create);
        }
        let mut opened = self.open_store(location)?;
        if self.is_memory(location) {
            opened.store = Arc::new(InMemory::new());
        }
        let home = SnapshotHome::with_root(opened.store, opened.path, &format!("{}/", opened.root));
        Ok(SnapshotHome { options: opened.options.into(), ..home })
    }

    /// As [`Self::open`], for something that must outlive the process.
    ///
    /// # Errors
    /// As there, and [`StateError::Usage`] for a location in memory.
    pub fn open_lasting(&self, location: &str) -> Result<SnapshotHome> {
        if self.is_memory(location) {
            return Err(StateError::Usage(format!(
                "`{location}` is gone with the process, and nothing can read it before: name a folder on \
                 the disk or on an object store"
            )));
        }
        self.open(location, true)
    }

    fn is_memory(&self, location: &str) -> bool {
        location.starts_with("memory:") && self.given(location).is_none()
    }
}

/// Opens a folder with no stores but those that URLs describe: see [`Stores::open`].
///
/// # Errors
/// As there.
pub fn open_url(location: &str, create: bool) -> Result<SnapshotHome> {
    Stores::default().open(location, create)
}

/// The path of a local folder, if `location` is one: as a path, or as a `file://` URL.
pub(super) fn local_folder(location: &str) -> Result<Option<PathBuf>> {
    if !location.contains("://") {
        return Ok(Some(location.into()));
    }
    match Url::parse(location) {
        Ok(url) if url.scheme() == "file" => url
            .to_file_path()
            .map(Some)
            .map_err(|()| StateError::Usage(format!("`{location}` is not a URL of a local folder"))),
        _ => Ok(None),
    }
}

fn open_failed(location: &str, error: object_store::Error) -> StateError {
    StateError::Storage { action: "open", path: location.to_owned(), source: Arc::new(error) }
}

pub(super) fn open_folder(folder: &std::path::Path, create: bool) -> Result<SnapshotHome> {
    let name = folder.display().to_string();
    if create {
        std::fs::create_dir_all(folder).map_err(|error| {
            open_failed(&name, object_store::Error::Generic { store: "local", source: error.into() })
        })?;
    } else if !folder.is_dir() {
        return Err(StateError::NoSnapshot { path: name, problem: "there is no such folder".into() });
    }
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| open_failed(&name, error))?;
    // As on a remote store, what was written must outlive a loss of power: a manifest that survives
    // its state files would be a snapshot nobody can read.
    let store = store.with_automatic_cleanup(true).with_fsync(true);
    Ok(SnapshotHome::with_root(Arc::new(store), Path::default(), &name))
}
