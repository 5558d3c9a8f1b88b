//! From what a user writes to a folder on a store.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use url::Url;

use super::SnapshotHome;
use crate::{Result, StateError};

/// Opens the folder at a URL (`s3://bucket/folder`, `memory:///`, …) or a path of the local disk.
///
/// Which URLs work depends on the features with which `object_store` is built; each `memory:///`
/// is a store of its own. A local folder that is missing is created if `create` says so.
///
/// # Errors
/// [`StateError::NoSnapshot`] for a local folder that is missing and is not to be created,
/// [`StateError::Storage`] where the store cannot be opened, [`StateError::Usage`] for a malformed URL.
pub fn open_url(location: &str, create: bool) -> Result<SnapshotHome> {
    if let Some(folder) = local_folder(location)? {
        return open_folder(&folder, create);
    }
    let url = Url::parse(location)
        .map_err(|error| StateError::Usage(format!("`{location}` is not a URL of a folder: {error}")))?;
    let (store, prefix) = object_store::parse_url(&url).map_err(|error| open_failed(location, error))?;
    let whole = if prefix.is_root() { location } else { location.trim_end_matches('/') };
    let root = whole.strip_suffix(prefix.as_ref()).unwrap_or(location);
    Ok(SnapshotHome::with_root(Arc::from(store), prefix, root))
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

fn open_failed(location: &str, error: object_store::Error) -> StateError {
    StateError::Storage { action: "open", path: location.to_owned(), source: Arc::new(error) }
}
