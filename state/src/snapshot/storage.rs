//! Where snapshots lie: folders on an object store or a local disk.
//!
//! The functions here assume no runtime: where there is one, local files are read and written on its
//! blocking threads, otherwise on the calling one.

mod job_folder;
mod resolve;
mod stores;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::{Path, PathPart};
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};

pub use self::job_folder::job_folder;
pub use self::resolve::{ResolvedSnapshot, resolve};
pub use self::stores::open_url;
use super::manifest::{MANIFEST, Manifest};
use crate::stores::is_missing;
use crate::{CheckpointId, CheckpointName, Epoch, Result, StateError};

/// How many requests may be under way at once.
const CONCURRENT_REQUESTS: usize = 8;

/// How long the parts are in which large files are uploaded, in bytes.
const PART_BYTES: usize = 8 << 20;

/// The folder that holds a job's checkpoints, or one savepoint. Cheap to clone.
///
/// Names of files are relative to it, with `/` between folders.
#[derive(Clone, Debug)]
pub struct SnapshotHome {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The human-readable name of the store's root.
    root: Arc<str>,
    /// What the URL of the folder says of the store behind a `?`, with it.
    options: Arc<str>,
    part_bytes: usize,
    compressed: bool,
}

impl SnapshotHome {
    /// The folder `prefix` of `store`.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        let root = store.to_string().into();
        Self { store, prefix, root, options: "".into(), part_bytes: PART_BYTES, compressed: false }
    }

    /// Sets how long the parts are in which large files are uploaded, in bytes: at least one. Object stores
    /// refuse parts of less than 5 MiB; that is for tests.
    #[must_use]
    pub fn with_part_bytes(self, part_bytes: usize) -> Self {
        Self { part_bytes: part_bytes.max(1), ..self }
    }

    /// Sets whether state is compressed that is written there. Whatever lies there is read either way.
    #[must_use]
    pub fn with_compression(self, compressed: bool) -> Self {
        Self { compressed, ..self }
    }

    /// Whether state is compressed that is written there.
    pub(super) const fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// How long every part but the last is: some stores want them alike.
    pub(super) const fn part_bytes(&self) -> usize {
        self.part_bytes
    }

    /// As [`Self::new`], with the name of the store's root for messages.
    fn with_root(store: Arc<dyn ObjectStore>, prefix: Path, root: &str) -> Self {
        Self { root: root.strip_suffix('/').unwrap_or(root).into(), ..Self::new(store, prefix) }
    }

    /// The folder `name` in this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        self.at(self.path_of(name))
    }

    /// The folder that this one lies in, if the store has it.
    fn parent(&self) -> Option<Self> {
        self.prefix.parent().map(|parent| self.at(parent))
    }

    fn at(&self, prefix: Path) -> Self {
        Self { prefix, ..self.clone() }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Where `file` lies on the store. No name leads out of the folder.
    pub(super) fn path_of(&self, file: &str) -> Path {
        let parts = file.split('/').filter(|part| !part.is_empty()).map(PathPart::from);
        self.prefix.parts().chain(parts).collect()
    }

    /// The human-readable name of `file`.
    pub fn name_of(&self, file: &str) -> String {
        let path = self.path_of(file);
        let separator = if path.is_root() { "" } else { "/" };
        format!("{}{separator}{path}", self.root)
    }

    /// Where `file` lies, as what it is opened by: its name, and the options of the store.
    pub fn location_of(&self, file: &str) -> String {
        format!("{}{}", self.name_of(file), self.options)
    }

    /// The manifest of a checkpoint, relative to the folder that holds all of a job's.
    pub fn manifest_of(checkpoint: CheckpointName) -> String {
        format!("{checkpoint}/{MANIFEST}")
    }

    /// Writes a file, in place of one that is there.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn put(&self, file: &str, content: Bytes) -> Result<()> {
        self.put_payload(file, content.into()).await
    }

    pub(super) async fn put_payload(&self, file: &str, content: PutPayload) -> Result<()> {
        let outcome = self.store.put(&self.path_of(file), content).await;
        outcome.map(drop).map_err(|error| self.failed("write", file, error))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`StateError::Storage`], also where there is no such file.
    pub async fn get(&self, file: &str) -> Result<Bytes> {
        let read = async { self.store.get(&self.path_of(file)).await?.bytes().await };
        read.await.map_err(|error| self.failed("read", file, error))
    }

    /// Reads a file that may not be there.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn get_if_present(&self, file: &str) -> Result<Option<Bytes>> {
        match self.get(file).await {
            Ok(content) => Ok(Some(content)),
            Err(StateError::Storage { source, .. }) if is_missing(&source) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the manifest in `folder` (`""` is this folder itself). It makes a savepoint real; a checkpoint
    /// is real when the journal lists it, too.
    ///
    /// May be tried again after an error: it succeeds if an earlier try went through unnoticed.
    ///
    /// # Errors
    /// [`StateError::AlreadyExists`] where another manifest lies there; [`StateError::Storage`].
    pub async fn create_manifest(&self, folder: &str, manifest: &Manifest) -> Result<()> {
        let content = manifest.encode()?;
        let file = if folder.is_empty() { MANIFEST.to_owned() } else { format!("{folder}/{MANIFEST}") };
        let payload = PutPayload::from(content.clone());
        let path = self.path_of(&file);
        let Err(error) = self.store.put_opts(&path, payload, PutMode::Create.into()).await else {
            return Ok(());
        };
        // The answer says nothing of whether an earlier request, or this one, was carried out.
        match self.get(&file).await {
            Ok(found) if found == content => Ok(()),
            Ok(_) if matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Err(StateError::AlreadyExists { path: self.name_of(&file) })
            }
            // What is there cannot be read: it may be this very manifest.
            _ => Err(self.failed("create", &file, error)),
        }
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`StateError::Storage`]; [`StateError::Corrupt`].
    pub async fn read_manifest(&self, file: &str) -> Result<Manifest> {
        Manifest::decode(&self.name_of(file), &self.get(file).await?)
    }

    /// All checkpoints that have a manifest, lowest first. Whether they count is for the
    /// [journal](super::journal) to say, where there is one.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointName>> {
        let folders = self.checkpoint_folders().await?;
        let completed = stream::iter(folders)
            .map(|name| async move { Ok(self.has_manifest(name).await?.then_some(name)) })
            .buffered(CONCURRENT_REQUESTS);
        completed.try_filter_map(|name| async move { Ok(name) }).try_collect().await
    }

    /// The newest checkpoint that has a manifest, as [`Self::checkpoints`].
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn latest_checkpoint(&self) -> Result<Option<CheckpointName>> {
        for name in self.checkpoint_folders().await?.into_iter().rev() {
            if self.has_manifest(name).await? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// The highest number of a checkpoint that was ever begun here and has files, completed or not.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn highest_used(&self) -> Result<Option<CheckpointId>> {
        Ok(self.checkpoint_folders().await?.last().map(|name| name.id))
    }

    async fn has_manifest(&self, name: CheckpointName) -> Result<bool> {
        let file = Self::manifest_of(name);
        match self.store.head(&self.path_of(&file)).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(self.failed("look at", &file, error)),
        }
    }

    /// All folders of checkpoints, lowest number first.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn checkpoint_folders(&self) -> Result<Vec<CheckpointName>> {
        let folders = self.folders().await?;
        let mut found: Vec<_> =
            folders.iter().filter_map(|folder| CheckpointName::parse(folder.filename()?)).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Deletes what processes of epochs before `epoch` have left in this job's folder: files of checkpoints
    /// without a manifest, unless another one refers to them. Every process of such an epoch is fenced, so
    /// none of these will ever be completed. What has a manifest stays, for a user may mean to restore it.
    ///
    /// `retained` are the checkpoints that were listed when `epoch` began. What is completed meanwhile, by
    /// whomever, refers to nothing else of earlier epochs; once one of them is gone, nothing is deleted.
    ///
    /// Returns how many files there were.
    ///
    /// # Errors
    /// [`StateError::Storage`]; [`StateError::Corrupt`] where a manifest cannot be read, and then nothing is
    /// deleted.
    pub async fn sweep(&self, epoch: Epoch, retained: &[CheckpointName]) -> Result<usize> {
        let mut folders: BTreeSet<_> = self.checkpoint_folders().await?.into_iter().collect();
        folders.extend(retained);
        let (mut named, mut abandoned) = (BTreeSet::new(), Vec::new());
        for name in folders {
            let file = Self::manifest_of(name);
            match self.get_if_present(&file).await? {
                Some(content) => named.extend(Manifest::decode(&self.name_of(&file), &content)?.files()),
                None if retained.contains(&name) => return Ok(0),
                // Those of builds that kept no journal may be about to be completed.
                None if name.epoch > Epoch::default() && name.epoch < epoch => abandoned.push(name),
                None => {}
            }
        }
        let mut garbage: Vec<Arc<str>> = Vec::new();
        for name in abandoned {
            let listed = self.store.list_with_delimiter(Some(&self.path_of(&name.to_string()))).await;
            let objects = listed.map_err(|error| self.failed("list", &name.to_string(), error))?.objects;
            let files = objects.iter().filter_map(|object| object.location.filename());
            let files = files.map(|file| Arc::from(format!("{name}/{file}")));
            garbage.extend(files.filter(|file| !named.contains(file)));
        }
        let count = garbage.len();
        self.delete_files(garbage).await?;
        Ok(count)
    }

    /// The folders in this one.
    async fn folders(&self) -> Result<Vec<Path>> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix)).await;
        Ok(listed.map_err(|error| self.failed("list", "", error))?.common_prefixes)
    }

    /// Deletes files. Those that are not there are fine, and one that cannot be deleted keeps none
    /// of the others.
    ///
    /// # Errors
    /// The first [`StateError::Storage`], after everything was tried.
    pub async fn delete_files(&self, files: impl IntoIterator<Item = Arc<str>>) -> Result<()> {
        let paths: Vec<_> = files.into_iter().map(|file| Ok(self.path_of(&file))).collect();
        let mut deleted = self.store.delete_stream(stream::iter(paths).boxed());
        let mut outcome = Ok(());
        while let Some(result) = deleted.next().await {
            match result {
                Err(error) if outcome.is_ok() && !is_missing(&error) => {
                    outcome = Err(self.failed("delete files in", "", error));
                }
                _ => {}
            }
        }
        outcome
    }

    /// Deletes the manifest of a checkpoint, which unmakes it; to be done before its files go.
    ///
    /// # Errors
    /// [`StateError::Storage`].
    pub async fn delete_manifest(&self, name: CheckpointName) -> Result<()> {
        self.delete_files([Self::manifest_of(name).into()]).await
    }

    pub(super) fn failed(&self, action: &'static str, file: &str, error: Error) -> StateError {
        StateError::Storage { action, path: self.name_of(file), source: Arc::new(error) }
    }
}

impl fmt::Display for SnapshotHome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name_of(""))
    }
}

#[cfg(test)]
mod tests;
