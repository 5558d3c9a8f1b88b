//! How the name of a file leads to a store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, PathBuf};
use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::{Stores, split_options};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use url::{Position, Url};

use super::Location;

/// How the names of files lead to stores.
#[derive(Clone)]
pub(crate) enum FileStores {
    /// By what the name says: a URL, or else a local path.
    ByName {
        /// Whether what is written to local files must survive a loss of power.
        durable: bool,
        /// The stores that URLs mean.
        stores: Stores,
        /// What URLs said behind a `?`, by scheme and host: names of files are without it.
        options: BTreeMap<String, BTreeSet<String>>,
    },
    /// Always this one; names are paths in it.
    Given {
        /// The store.
        store: Arc<dyn ObjectStore>,
        /// The same store as one whose uploads have ids.
        uploads: Option<Arc<dyn MultipartStore>>,
    },
}

impl FileStores {
    /// Stores by what names say; `durable` is whether local files must survive a loss of power.
    pub(crate) fn by_name(durable: bool) -> Self {
        Self::ByName { durable, stores: Stores::default(), options: BTreeMap::new() }
    }

    /// This store, whatever names say.
    pub(crate) fn given(store: Arc<dyn ObjectStore>) -> Self {
        Self::Given { store, uploads: None }
    }

    /// This store, whose uploads have ids, whatever names say.
    pub(crate) fn given_with_uploads<S: ObjectStore + MultipartStore>(store: Arc<S>) -> Self {
        Self::Given { store: store.clone(), uploads: Some(store) }
    }

    pub(crate) const fn is_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }

    /// Sets an option of the stores that URLs mean.
    pub(crate) fn set_option(&mut self, name: String, value: String) {
        if let Self::ByName { stores, .. } = self {
            stores.set_option(name, value);
        }
    }

    /// The name as it is located from now on: without the options of its store, which are kept.
    pub(crate) fn take_options(&mut self, name: &str) -> String {
        let (place, text) = split_options(name);
        if let Self::ByName { options, .. } = self
            && !text.is_empty()
        {
            options.entry(host_of(place).to_owned()).or_default().insert(text.to_owned());
        }
        place.to_owned()
    }

    /// The place that a name means.
    pub(crate) fn locate(&self, name: &str) -> Result<Location> {
        match self {
            Self::Given { store, uploads } => {
                let path = Path::parse(name.trim_matches('/')).map_err(|error| bad(name, &error))?;
                let (store, uploads) = (store.clone(), uploads.clone());
                Ok(Location { store, uploads, name: path.to_string(), path })
            }
            Self::ByName { durable, stores, options } => match Url::parse(name) {
                Ok(url) if url.scheme() != "file" && name.contains("://") => {
                    let options = options.get(host_of(name));
                    if options.is_some_and(|options| options.len() > 1) {
                        return Err(bad(name, &"several paths give its store different options"));
                    }
                    let options = options.and_then(BTreeSet::first).map_or("", String::as_str);
                    let opened = stores.open_store(&format!("{name}{options}"))?;
                    let (store, uploads, path) = (opened.store, opened.uploads, opened.path);
                    Ok(Location { store, uploads, path, name: name.to_owned() })
                }
                Ok(url) if url.scheme() == "file" => {
                    let local = url.to_file_path().map_err(|()| bad(name, &"not a local path"))?;
                    local_location(local, *durable).map_err(|error| bad(name, &error))
                }
                _ => local_location(PathBuf::from(name), *durable).map_err(|error| bad(name, &error)),
            },
        }
    }

    /// A name for the directory `name` that all names of it share; `None` where it leads nowhere.
    pub(crate) fn canonical(&self, name: &str) -> Option<String> {
        let location = self.locate(name).ok()?;
        Some(match (self, Url::parse(name)) {
            (Self::Given { store, .. }, _) => {
                format!("{} of {store} at {:p}", location.path, Arc::as_ptr(store))
            }
            (Self::ByName { .. }, Ok(url)) if url.scheme() != "file" && name.contains("://") => {
                format!("{}{}", &url[..Position::BeforePath], url.path().trim_end_matches('/'))
            }
            (Self::ByName { .. }, _) => resolved(PathBuf::from(location.name)).to_string_lossy().into_owned(),
        })
    }
}

fn bad(name: &str, problem: &dyn std::fmt::Display) -> Error {
    let problem = format!("`{name}` is not a path or URL of a known store: {problem}");
    Error::new(ErrorKind::InvalidInput, problem)
}

/// Scheme and host of a URL.
fn host_of(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("://") else { return url };
    let host = rest.split('/').next().unwrap_or_default();
    url.get(..scheme.len() + "://".len() + host.len()).unwrap_or(url)
}

/// A path without links, as far down as it exists.
fn resolved(path: PathBuf) -> PathBuf {
    match (std::fs::canonicalize(&path), path.parent(), path.file_name()) {
        (Err(_), Some(parent), Some(name)) => resolved(parent.to_owned()).join(name),
        (outcome, _, _) => outcome.unwrap_or(path),
    }
}

/// Relative to the current directory; `..` is resolved by its letters, which needs no I/O.
fn local_location(
    path: PathBuf,
    durable: bool,
) -> Result<Location, Box<dyn std::error::Error + Send + Sync>> {
    let mut absolute = PathBuf::new();
    for component in std::path::absolute(path)?.components() {
        match component {
            Component::ParentDir => drop(absolute.pop()),
            Component::CurDir => {}
            other => absolute.push(other),
        }
    }
    let path = Path::from_absolute_path(&absolute)?;
    let store = LocalFileSystem::new().with_fsync(durable);
    let name = absolute.to_string_lossy().into_owned();
    Ok(Location { store: Arc::new(store), uploads: None, path, name })
}
