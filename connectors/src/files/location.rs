//! Where files lie.

mod file_stores;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::TryStreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::{advice, is_final, is_missing};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

pub(crate) use file_stores::FileStores;

/// A file or directory in a store.
#[derive(Clone)]
pub(crate) struct Location {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The same store as one whose uploads have ids, if it is one: what has been uploaded there can be completed by anyone.
    pub(crate) uploads: Option<Arc<dyn MultipartStore>>,
    pub(crate) path: Path,
    /// As people write it, and as [`FileStores::locate`] finds it again.
    pub(crate) name: String,
}

/// A file that a listing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) name: String,
    pub(crate) size: u64,
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
        Self { path: self.path.clone().join(file), name, ..self.clone() }
    }

    /// The size of this file in bytes; `None` if there is none.
    pub(crate) async fn size(&self) -> Result<Option<u64>> {
        if self.path.is_root() {
            return Ok(None);
        }
        match self.store.head(&self.path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed_to_look(error).await),
        }
    }

    /// The error that this file could not be looked at. Over HTTP the answer to that has no room for the reason: another
    /// request is made, whose answer has.
    pub(crate) async fn failed_to_look(&self, error: object_store::Error) -> Error {
        if self.uploads.is_none() {
            return self.failed("look at", error);
        }
        let told = self.store.list_with_delimiter(Some(&self.path)).await.err();
        self.failed("look at", told.unwrap_or(error))
    }

    /// The files directly in this directory, by name, each with its own name and its size. A
    /// directory that is not there has none.
    pub(crate) async fn list(&self) -> Result<Vec<(String, FoundFile)>> {
        let prefix = (!self.path.is_root()).then_some(&self.path);
        let listed = match self.store.list_with_delimiter(prefix).await {
            Ok(listed) => listed.objects,
            Err(error) if is_missing(&error) => Vec::new(),
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
            Err(error) if is_missing(&error) => Vec::new(),
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

    /// The store as one whose uploads have ids.
    ///
    /// # Errors
    /// If it is none: what was uploaded through another client of it cannot be completed.
    pub(crate) fn uploads(&self) -> Result<&dyn MultipartStore> {
        self.uploads.as_deref().ok_or_else(|| {
            let problem = format!(
                "`{}` was uploaded to a store that is now given in another way: give it by its URL, or to `multipart_store`",
                self.name
            );
            Error::new(ErrorKind::InvalidJob, problem)
        })
    }

    /// The error that something could not be done with this place.
    pub(crate) fn failed(&self, action: &str, error: object_store::Error) -> Error {
        let kind = if is_missing(&error) {
            // What is not there will not be there after a restart either.
            ErrorKind::InvalidInput
        } else if is_final(&error) {
            ErrorKind::InvalidJob
        } else {
            ErrorKind::External
        };
        let what = format!("cannot {action} `{}`", self.name);
        match advice(&error) {
            // The error of a client says what it was caused by, and the causes say it again.
            Some(advice) => Error::new(kind, format!("{what}: {advice}: {error}")),
            None => Error::new(kind, what).caused_by(error),
        }
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
pub(crate) async fn find_files(stores: &FileStores, name: &str, recursive: bool) -> Result<Vec<FoundFile>> {
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
pub(crate) async fn list_files(stores: &FileStores, name: &str, recursive: bool) -> Result<Vec<FoundFile>> {
    let (directory, last) = split_name(name);
    if last.contains('*') {
        let directory = if stores.is_given() && directory == "." { "" } else { directory };
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
