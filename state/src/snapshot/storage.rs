//! Where snapshots lie: folders on an object store.

mod resolve;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart};

pub use self::resolve::{ResolvedSnapshot, resolve, resolve_in};
use super::manifest::{MANIFEST, Manifest};
use crate::{CheckpointId, Result, StateError};

/// Files above this size are uploaded in parts, so that no store's limit for one request is met.
const MULTIPART_BYTES: usize = 16 << 20;
const PART_BYTES: usize = 8 << 20;
const PARALLEL_PARTS: usize = 4;

/// A folder on an object store: the one that holds a job's checkpoints, or a savepoint's own. Names
/// of files are relative to it.
#[derive(Clone)]
pub struct SnapshotHome {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder for people: a path or URL that can be given to a restore.
    display: Arc<str>,
}

impl fmt::Display for SnapshotHome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.display)
    }
}

/// Opens a folder by URL, or by local path. `create` says whether a local folder is made if missing.
///
/// Any store that `object_store` knows by URL can be used, once the program enables its feature.
///
/// # Errors
/// If the URL cannot be understood, or the folder cannot be made or is not there.
pub fn open_url(url_or_path: &str, create: bool) -> Result<SnapshotHome> {
    let failed = |action, source| StateError::Storage {
        action,
        path: url_or_path.to_owned(),
        source: Arc::new(source),
    };
    if let Some((scheme, rest)) = url_or_path.split_once("://")
        && scheme != "file"
    {
        let _ = rest;
        let url = url::Url::parse(url_or_path).map_err(|error| {
            StateError::Usage(format!("`{url_or_path}` is no URL that can be used: {error}"))
        })?;
        let (store, prefix) = object_store::parse_url(&url).map_err(|source| failed("open", source))?;
        let display = url_or_path.trim_end_matches('/').into();
        return Ok(SnapshotHome { store: Arc::from(store), prefix, display });
    }
    let path = url_or_path.strip_prefix("file://").unwrap_or(url_or_path);
    let io = |source: std::io::Error| {
        failed("open", StoreError::Generic { store: "local", source: source.into() })
    };
    if create {
        std::fs::create_dir_all(path).map_err(io)?;
    } else if !std::path::Path::new(path).is_dir() {
        let problem = "there is no such folder".to_owned();
        return Err(StateError::NoSnapshot { path: path.to_owned(), problem });
    }
    let store = LocalFileSystem::new_with_prefix(path).map_err(|source| failed("open", source))?;
    Ok(SnapshotHome {
        store: Arc::new(store.with_automatic_cleanup(true)),
        prefix: Path::default(),
        display: path.trim_end_matches('/').into(),
    })
}

impl SnapshotHome {
    /// The root of a store that is open already.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, prefix: Path::default(), display: "".into() }
    }

    /// A folder within this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let prefix = self.prefix.clone().join(name);
        let display =
            if self.display.is_empty() { name.into() } else { format!("{}/{name}", self.display).into() };
        Self { store: self.store.clone(), prefix, display }
    }

    /// The name of a checkpoint's folder.
    pub fn checkpoint_folder(&self, checkpoint: CheckpointId) -> String {
        format!("chk-{checkpoint}")
    }

    fn path(&self, file: &str) -> Path {
        file.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), Path::join)
    }

    /// A file's path for people.
    pub fn describe(&self, file: &str) -> String {
        if self.display.is_empty() { file.to_owned() } else { format!("{}/{file}", self.display) }
    }

    fn failed(&self, action: &'static str, file: &str, source: StoreError) -> StateError {
        StateError::Storage { action, path: self.describe(file), source: Arc::new(source) }
    }

    /// Writes a file, replacing what is there.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn put(&self, file: &str, bytes: Vec<u8>) -> Result<()> {
        let path = self.path(file);
        let result = if bytes.len() > MULTIPART_BYTES {
            self.put_parts(&path, bytes.into()).await
        } else {
            self.store.put(&path, bytes.into()).await.map(drop)
        };
        result.map_err(|source| self.failed("write", file, source))
    }

    async fn put_parts(&self, path: &Path, bytes: Bytes) -> Result<(), StoreError> {
        let upload = self.store.put_multipart(path).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Err(error) = upload.wait_for_capacity(PARALLEL_PARTS).await {
                // What was uploaded so far must not stay behind; the first error is the one to tell.
                let _ = upload.abort().await;
                return Err(error);
            }
            upload.put(rest.split_to(rest.len().min(PART_BYTES)));
        }
        // `finish` aborts by itself where it fails.
        upload.finish().await.map(drop)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the store fails, or there is none.
    pub async fn get(&self, file: &str) -> Result<Bytes> {
        self.read(file).await.map_err(|source| self.failed("read", file, source))
    }

    async fn read(&self, file: &str) -> Result<Bytes, StoreError> {
        self.store.get(&self.path(file)).await?.bytes().await
    }

    /// Creates the manifest in `folder` (empty for this folder itself) if there is none. From then
    /// on the snapshot is real.
    ///
    /// # Errors
    /// [`StateError::AlreadyExists`] if another manifest is there. After any other error it may be
    /// there or not.
    pub async fn create_manifest(&self, folder: &str, manifest: &Manifest) -> Result<()> {
        let file = if folder.is_empty() { MANIFEST.to_owned() } else { format!("{folder}/{MANIFEST}") };
        let bytes = Bytes::from(manifest.to_bytes()?);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let created = self.store.put_opts(&self.path(&file), bytes.clone().into(), options).await;
        let Err(error) = created else { return Ok(()) };
        // The same bytes may be there from a try whose answer was lost; whoever wrote them, they
        // say the same.
        match self.read(&file).await {
            Ok(present) if present == bytes => Ok(()),
            Ok(_) => Err(StateError::AlreadyExists { path: self.describe(&file) }),
            Err(_) => Err(self.failed("create", &file, error)),
        }
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// If it is not there, or not a manifest.
    pub async fn read_manifest(&self, file: &str) -> Result<Manifest> {
        Manifest::from_bytes(&self.describe(file), &self.get(file).await?)
    }

    /// Whether a file is there.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn exists(&self, file: &str) -> Result<bool> {
        match self.store.head(&self.path(file)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(source) => Err(self.failed("look for", file, source)),
        }
    }

    /// The names of the folders in this one, in order.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn folders(&self) -> Result<Vec<String>> {
        let prefix = Some(&self.prefix).filter(|prefix| prefix.parts_count() > 0);
        let listed = self.store.list_with_delimiter(prefix).await;
        let listed = listed.map_err(|source| self.failed("list", "", source))?;
        let mut names: Vec<_> =
            listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The numbers of all checkpoint folders, whether complete or not, in order.
    async fn numbers(&self) -> Result<Vec<CheckpointId>> {
        let folders = self.folders().await?;
        let mut numbers: Vec<_> =
            folders.iter().filter_map(|name| name.strip_prefix("chk-")?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers.into_iter().map(CheckpointId::new).collect())
    }

    /// All completed checkpoints, in order.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointId>> {
        let mut completed = Vec::new();
        for checkpoint in self.numbers().await? {
            if self.exists(&format!("{}/{MANIFEST}", self.checkpoint_folder(checkpoint))).await? {
                completed.push(checkpoint);
            }
        }
        Ok(completed)
    }

    /// The newest completed checkpoint.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn latest_checkpoint(&self) -> Result<Option<CheckpointId>> {
        Ok(self.checkpoints().await?.pop())
    }

    /// The highest number that any checkpoint has had, complete or not.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn highest_used(&self) -> Result<Option<CheckpointId>> {
        Ok(self.numbers().await?.pop())
    }

    /// Deletes files; those that are not there count as deleted.
    ///
    /// # Errors
    /// If the store fails; the files after that stay.
    pub async fn delete_files(&self, files: impl IntoIterator<Item = Arc<str>>) -> Result<()> {
        let deletions = files.into_iter().map(|file| async move {
            match self.store.delete(&self.path(&file)).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
                Err(source) => Err(self.failed("delete", &file, source)),
            }
        });
        futures::stream::iter(deletions).buffered(PARALLEL_PARTS).try_collect().await
    }

    /// Deletes a checkpoint's manifest: from then on the checkpoint is gone.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete_manifest(&self, checkpoint: CheckpointId) -> Result<()> {
        let file = format!("{}/{MANIFEST}", self.checkpoint_folder(checkpoint));
        self.delete_files([Arc::from(file)]).await
    }
}

#[cfg(test)]
mod tests;
