//! From what a user writes to a folder on a store.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use parking_lot::Mutex;
use url::Url;

use super::SnapshotHome;
use crate::{Result, StateError};

/// The environment variables that say how to reach a store begin like this.
const ENVIRONMENT: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// The object stores that locations of snapshots mean: those that the user gave, and for everything else
/// the one that the URL describes. Checkpoints, savepoints and restores use the same. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    given: BTreeMap<String, Arc<dyn ObjectStore>>,
    options: Vec<(String, String)>,
    /// Those opened so far, by URL of their root: each can mean a pool of connections.
    opened: Arc<Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>>,
}

impl Stores {
    /// From now on `url` (scheme and authority, such as `s3://bucket`) and everything below it means
    /// `store`.
    pub fn register(&mut self, url: &str, store: Arc<dyn ObjectStore>) {
        self.given.insert(url.trim_end_matches('/').to_owned(), store);
    }

    /// Sets an option of the stores that are opened by their URL, such as `aws_endpoint`. Options of the
    /// same names in the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`) are taken where none is set.
    pub fn set_option(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.options.push((name.into(), value.into()));
        self.opened = Arc::default();
    }

    /// Opens the folder at a URL (`s3://bucket/folder`, `memory:///`, …) or a path of the local disk.
    ///
    /// Each `memory:///` that is not registered is a store of its own. A local folder that is missing is
    /// created if `create` says so.
    ///
    /// # Errors
    /// [`StateError::NoSnapshot`] for a local folder that is missing and is not to be created,
    /// [`StateError::Storage`] where the store cannot be opened, [`StateError::Usage`] for a malformed URL
    /// or one that this build cannot open.
    pub fn open(&self, location: &str, create: bool) -> Result<SnapshotHome> {
        if let Some((root, store)) = self.given(location) {
            let path = location.get(root.len()..).unwrap_or_default();
            let prefix = Path::from_url_path(path).map_err(|error| malformed(location, error))?;
            return Ok(SnapshotHome::with_root(store.clone(), prefix, root));
        }
        if let Some(folder) = local_folder(location)? {
            return open_folder(&folder, create);
        }
        let url = Url::parse(location).map_err(|error| malformed(location, error))?;
        let (scheme, path) =
            ObjectStoreScheme::parse(&url).map_err(|error| open_failed(location, error.into()))?;
        check_built(location, &scheme)?;
        let whole = if path.is_root() { location } else { location.trim_end_matches('/') };
        let root = whole.strip_suffix(path.as_ref()).unwrap_or(location);
        let is_shared = scheme != ObjectStoreScheme::Memory;
        let known = self.opened.lock().get(root).filter(|_| is_shared).cloned();
        let store = match known {
            Some(store) => store,
            None => {
                let opened = object_store::parse_url_opts(&url, self.options());
                let (store, _) = opened.map_err(|error| open_failed(location, error))?;
                let store: Arc<dyn ObjectStore> = Arc::from(store);
                self.opened.lock().insert(root.to_owned(), store.clone());
                store
            }
        };
        Ok(SnapshotHome::with_root(store, path, root))
    }

    /// As [`Self::open`], for something that must outlive the process.
    ///
    /// # Errors
    /// As there, and [`StateError::Usage`] for a location in memory.
    pub fn open_lasting(&self, location: &str) -> Result<SnapshotHome> {
        if location.starts_with("memory:") && self.given(location).is_none() {
            return Err(StateError::Usage(format!(
                "`{location}` is gone with the process, and nothing can read it before: name a folder on \
                 the disk or on an object store"
            )));
        }
        self.open(location, true)
    }

    fn given(&self, location: &str) -> Option<(&str, &Arc<dyn ObjectStore>)> {
        let is_below = |root: &str| {
            location.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.given.iter().filter(|(root, _)| is_below(root)).max_by_key(|(root, _)| root.len());
        found.map(|(root, store)| (root.as_str(), store))
    }

    /// Those of the environment first: later ones win.
    fn options(&self) -> impl Iterator<Item = (String, String)> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let is_known = ENVIRONMENT.iter().any(|prefix| name.starts_with(prefix));
            Some((is_known.then_some(name)?, value.into_string().ok()?))
        });
        environment.chain(self.options.iter().cloned())
    }
}

/// Opens a folder with no stores but those that URLs describe: see [`Stores::open`].
///
/// # Errors
/// As there.
pub fn open_url(location: &str, create: bool) -> Result<SnapshotHome> {
    Stores::default().open(location, create)
}

/// Says which feature is missing, if one is.
fn check_built(location: &str, scheme: &ObjectStoreScheme) -> Result<()> {
    let (feature, is_built) = match scheme {
        ObjectStoreScheme::AmazonS3 => ("s3", cfg!(feature = "s3")),
        ObjectStoreScheme::GoogleCloudStorage => ("gcs", cfg!(feature = "gcs")),
        ObjectStoreScheme::MicrosoftAzure => ("azure", cfg!(feature = "azure")),
        _ => return Ok(()),
    };
    if is_built {
        return Ok(());
    }
    Err(StateError::Usage(format!(
        "`{location}` needs the feature `{feature}`, which this program was built without: \
         enable it for the crate `millstream`, or register a store for this URL"
    )))
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

fn malformed(location: &str, error: impl std::fmt::Display) -> StateError {
    StateError::Usage(format!("`{location}` is not a URL of a folder: {error}"))
}

fn open_failed(location: &str, error: object_store::Error) -> StateError {
    StateError::Storage { action: "open", path: location.to_owned(), source: Arc::new(error) }
}
