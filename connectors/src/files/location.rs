//! Where files lie: paths and URLs, and the stores behind them.

use std::collections::HashMap;
use std::path::{Component, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, ObjectStoreScheme};
use parking_lot::Mutex;
use url::{Position, Url};

#[cfg(test)]
mod tests;

/// What can be given where one or several paths are wanted: a string or a path, or an array, slice
/// or vector of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a path nor several of them",
    note = "give a string, a `Path` or a `PathBuf`, or an array, slice or vector of them"
)]
pub trait IntoPaths {
    /// The paths, in order.
    fn into_paths(self) -> Vec<String>;
}

macro_rules! one_path {
    ($($type:ty: $this:ident => $text:expr),* $(,)?) => {$(
        impl IntoPaths for $type {
            fn into_paths(self) -> Vec<String> {
                let $this = self;
                vec![$text]
            }
        }
    )*};
}

one_path! {
    &str: this => this.to_owned(),
    String: this => this,
    &String: this => this.clone(),
    &std::path::Path: this => this.to_string_lossy().into_owned(),
    PathBuf: this => this.to_string_lossy().into_owned(),
    &PathBuf: this => this.to_string_lossy().into_owned(),
}

impl<P: IntoPaths> IntoPaths for Vec<P> {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().flat_map(P::into_paths).collect()
    }
}

impl<P: IntoPaths, const N: usize> IntoPaths for [P; N] {
    fn into_paths(self) -> Vec<String> {
        self.into_iter().flat_map(P::into_paths).collect()
    }
}

impl<P: IntoPaths + Clone> IntoPaths for &[P] {
    fn into_paths(self) -> Vec<String> {
        self.iter().cloned().flat_map(P::into_paths).collect()
    }
}

/// How a name leads to a store.
#[derive(Clone)]
pub(crate) enum Stores {
    /// By what the name says: a URL, or else a local path.
    ByName {
        /// Whether what is written to local files must survive a loss of power.
        durable: bool,
        /// The stores opened so far, by scheme and host: opening one can mean a pool of connections.
        opened: Arc<Mutex<HashMap<String, Arc<dyn ObjectStore>>>>,
    },
    /// Always this one; names are paths in it.
    Given(Arc<dyn ObjectStore>),
}

/// A file or directory in a store.
#[derive(Clone)]
pub(crate) struct Location {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    /// As people write it, and as [`Stores::locate`] finds it again.
    pub(crate) name: String,
}

/// A file that a listing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) name: String,
    pub(crate) size: u64,
}

impl Stores {
    /// Stores by what names say; `durable` is whether local files must survive a loss of power.
    pub(crate) fn by_name(durable: bool) -> Self {
        Self::ByName { durable, opened: Arc::default() }
    }

    /// The place that a name means.
    pub(crate) fn locate(&self, name: &str) -> Result<Location> {
        let bad = |problem: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("`{name}` is not a path or URL of a known store: {problem}"),
            )
        };
        match self {
            Self::Given(store) => {
                let path = Path::parse(name.trim_matches('/')).map_err(|error| bad(&error))?;
                Ok(Location { store: store.clone(), name: path.to_string(), path })
            }
            Self::ByName { durable, opened } => match Url::parse(name) {
                Ok(url) if url.scheme() != "file" && name.contains("://") => {
                    let (store, path) = open(&url, opened).map_err(|error| bad(&error))?;
                    Ok(Location { store, path, name: name.to_owned() })
                }
                Ok(url) if url.scheme() == "file" => {
                    let local = url.to_file_path().map_err(|()| bad(&"not a local path"))?;
                    local_location(local, *durable).map_err(|error| bad(&error))
                }
                _ => local_location(PathBuf::from(name), *durable).map_err(|error| bad(&error)),
            },
        }
    }
}

impl Stores {
    /// A name for the directory `name` that all names of it share; `None` where it leads nowhere.
    pub(crate) fn canonical(&self, name: &str) -> Option<String> {
        let location = self.locate(name).ok()?;
        Some(match (self, Url::parse(name)) {
            (Self::Given(store), _) => format!("{} of {store} at {:p}", location.path, Arc::as_ptr(store)),
            (Self::ByName { .. }, Ok(url)) if url.scheme() != "file" && name.contains("://") => {
                format!("{}{}", &url[..Position::BeforePath], url.path().trim_end_matches('/'))
            }
            (Self::ByName { .. }, _) => resolved(PathBuf::from(location.name)).to_string_lossy().into_owned(),
        })
    }
}

/// A path without links, as far down as it exists.
fn resolved(path: PathBuf) -> PathBuf {
    match (std::fs::canonicalize(&path), path.parent(), path.file_name()) {
        (Err(_), Some(parent), Some(name)) => resolved(parent.to_owned()).join(name),
        (outcome, _, _) => outcome.unwrap_or(path),
    }
}

/// The store of a URL, opened before or now, and the path in it.
fn open(
    url: &Url,
    opened: &Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
) -> object_store::Result<(Arc<dyn ObjectStore>, Path)> {
    // With these, which part of the path names the store depends on the host.
    if matches!(url.scheme(), "http" | "https") {
        return object_store::parse_url(url).map(|(store, path)| (Arc::from(store), path));
    }
    let mut opened = opened.lock();
    let key = url[..Position::BeforePath].to_owned();
    if let Some(store) = opened.get(&key) {
        return Ok((store.clone(), ObjectStoreScheme::parse(url)?.1));
    }
    let (store, path) = object_store::parse_url(url)?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    opened.insert(key, store.clone());
    Ok((store, path))
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
    Ok(Location { store: Arc::new(store), path, name: absolute.to_string_lossy().into_owned() })
}

impl Location {
    /// The file of this name in this directory.
    pub(crate) fn child(&self, file: &str) -> Self {
        let name = match Url::parse(&self.name) {
            Ok(mut url) if self.name.contains("://") => {
                // Cannot fail for URLs that have a store; if it did, the name would only look odd.
                if let Ok(mut segments) = url.path_segments_mut() {
                    segments.pop_if_empty().push(file);
                }
                url.to_string()
            }
            _ if self.name.is_empty() => file.to_owned(),
            _ => format!("{}/{file}", self.name.trim_end_matches('/')),
        };
        Self { store: self.store.clone(), path: self.path.clone().join(file), name }
    }

    /// The size of this file in bytes; `None` if there is none.
    pub(crate) async fn size(&self) -> Result<Option<u64>> {
        if self.path.is_root() {
            return Ok(None);
        }
        match self.store.head(&self.path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("look at", error)),
        }
    }

    /// The files directly in this directory, by name, each with its own name and its size. A
    /// directory that is not there has none.
    pub(crate) async fn list(&self) -> Result<Vec<(String, FoundFile)>> {
        let prefix = (!self.path.is_root()).then_some(&self.path);
        let listed = match self.store.list_with_delimiter(prefix).await {
            Ok(listed) => listed.objects,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(self.failed("list", error)),
        };
        let mut files: Vec<_> = listed
            .into_iter()
            .filter_map(|meta| {
                let file = meta.location.filename()?.to_owned();
                let name = self.child(&file).name;
                Some((file, FoundFile { name, size: meta.size }))
            })
            .collect();
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(files)
    }

    /// The folder below this directory with this relative path, whose characters all stand for
    /// themselves.
    pub(crate) fn folder(&self, relative: &str) -> Result<Self> {
        if relative.is_empty() {
            return Ok(self.clone());
        }
        let named = relative.split('/').fold(self.clone(), |folder, part| folder.child(part));
        let separator = if self.path.is_root() { "" } else { "/" };
        let path = Path::parse(format!("{}{separator}{relative}", self.path)).map_err(|error| {
            let problem = format!("`{relative}` cannot be a folder in `{}`", self.name);
            Error::new(ErrorKind::InvalidInput, problem).caused_by(error)
        })?;
        Ok(Self { path, ..named })
    }

    /// All files below this directory, by their paths from it, each with its own name and its size.
    /// A directory that is not there has none.
    pub(crate) async fn list_all(&self) -> Result<Vec<(String, FoundFile)>> {
        let prefix = (!self.path.is_root()).then_some(&self.path);
        let listed: Vec<_> = match self.store.list(prefix).try_collect().await {
            Ok(listed) => listed,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(self.failed("list", error)),
        };
        let start = if self.path.is_root() { 0 } else { self.path.as_ref().len() + 1 };
        let files = listed.into_iter().filter_map(|meta| {
            let relative = meta.location.as_ref().get(start..)?.to_owned();
            let name = relative.split('/').fold(self.clone(), |folder, part| folder.child(part)).name;
            Some((relative, FoundFile { name, size: meta.size }))
        });
        let mut files: Vec<_> = files.collect();
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(files)
    }

    /// The error that something could not be done with this place.
    pub(crate) fn failed(&self, action: &str, error: object_store::Error) -> Error {
        // What is not there will not be there after a restart either.
        let is_missing = matches!(error, object_store::Error::NotFound { .. });
        let kind = if is_missing { ErrorKind::InvalidInput } else { ErrorKind::External };
        Error::new(kind, format!("cannot {action} `{}`", self.name)).caused_by(error)
    }
}

/// Whether a file of this name is part of a directory's data.
pub(crate) fn is_visible(file: &str) -> bool {
    !file.starts_with(['.', '_'])
}

/// Finds the files that a name means: the file of that name, the files in the directory of that
/// name (`recursive`: in the folders below too), or the files whose names match a pattern with `*` in
/// its last part.
///
/// # Errors
/// If there are none, or they cannot be listed.
pub(crate) async fn find_files(stores: &Stores, name: &str, recursive: bool) -> Result<Vec<FoundFile>> {
    let found = list_files(stores, name, recursive).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let is_pattern = split_name(name).1.contains('*');
    let problem =
        if is_pattern { "no file matches" } else { "no such file, and no directory with files in it" };
    Err(Error::new(ErrorKind::InvalidInput, format!("`{name}`: {problem}")))
}

/// The directory of a name, and its last part.
fn split_name(name: &str) -> (&str, &str) {
    name.trim_end_matches('/').rsplit_once('/').unwrap_or((".", name))
}

/// As [`find_files`], where there may be none.
pub(crate) async fn list_files(stores: &Stores, name: &str, recursive: bool) -> Result<Vec<FoundFile>> {
    let (directory, last) = split_name(name);
    if last.contains('*') {
        let directory = if matches!(stores, Stores::Given(_)) && directory == "." { "" } else { directory };
        let files = stores.locate(if name.starts_with("/*") { "/" } else { directory })?.list().await?;
        let found = files
            .into_iter()
            .filter(|(file, _)| matches(last, file) && (is_visible(file) || !is_visible(last)))
            .map(|(_, found)| found);
        return Ok(found.collect());
    }
    let location = stores.locate(name)?;
    if let Some(size) = location.size().await? {
        return Ok(vec![FoundFile { name: location.name, size }]);
    }
    let files = if recursive { location.list_all().await? } else { location.list().await? };
    let visible = files.into_iter().filter(|(file, _)| file.split('/').all(is_visible));
    Ok(visible.map(|(_, found)| found).collect())
}

/// Whether a name matches a pattern in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.any(|at| name.get(at..).is_some_and(|tail| matches(rest, tail)))
}
