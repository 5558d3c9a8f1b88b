//! Where the snapshots of a job lie, and which one it goes on from.

use std::sync::Arc;

use millstream_runtime::driver::SnapshotLocation;
use millstream_runtime::job::{RestoreFrom, RestoreMode};
use millstream_state::snapshot::storage::SnapshotHome;
use object_store::ObjectStore;

use super::Environment;

impl Environment {
    /// Sets where checkpoints lie: a path, or the [URL](millstream_state::stores) of an object store. Within that folder the job
    /// has one of its own. Not set: in memory, where they survive a failure of the job, but not the
    /// process.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(path);
    /// env.from_collection([1, 2]).discard();
    /// env.execute("numbers")?;
    /// // The last checkpoint, taken when all data had ended.
    /// assert!(folder.path().join("numbers/chk-1-e1/manifest").exists());
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("setCheckpointStorage", "CheckpointStorage"))]
    #[must_use]
    pub fn snapshot_folder(mut self, path_or_url: impl Into<String>) -> Self {
        self.snapshots = SnapshotLocation::Folder(path_or_url.into());
        self
    }

    /// Sets the open folder in which checkpoints lie; for stores that no URL describes.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::state::snapshot::open_url;
    /// let home = open_url("memory:///", true)?;
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_home(home.clone());
    /// env.from_collection([1, 2]).discard();
    /// env.execute("numbers")?;
    /// let file = futures::executor::block_on(home.get_if_present("numbers/chk-1-e1/manifest"))?;
    /// assert!(file.is_some());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn snapshot_home(mut self, home: SnapshotHome) -> Self {
        self.snapshots = SnapshotLocation::Opened(home);
        self
    }

    /// Lets `url` (scheme and authority, such as `s3://bucket`) and everything below it mean `store`:
    /// for checkpoints, savepoints and restores, where no URL describes the store or it needs more than
    /// the environment and [options](Self::store_option) say.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::prelude::*;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let environment = || Environment::new().register_store("vault://blue", store.clone());
    /// let env = environment().checkpoint_every(Duration::from_secs(10)).snapshot_folder("vault://blue/jobs");
    /// env.from_collection([1, 2]).uid("numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// let env = environment().restore_from("vault://blue/jobs");
    /// let left = env.from_collection([1, 2]).uid("numbers").collect();
    /// env.execute("numbers")?;
    /// assert!(left.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn register_store(mut self, url: &str, store: Arc<dyn ObjectStore>) -> Self {
        self.stores.register(url, store);
        self
    }

    /// Sets an option of the stores that URLs of snapshots describe, under the names that the crate
    /// `object_store` gives them. Not set: what the environment says (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// // With the feature `aws`, this would reach a MinIO on the same machine.
    /// let env = Environment::new()
    ///     .store_option("aws_endpoint", "http://localhost:9000")
    ///     .store_option("aws_region", "eu-west-1");
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn store_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stores.set_option(name, value);
        self
    }

    /// Begins from a snapshot: the folder of a checkpoint or a savepoint, the folder of a job, or the
    /// folder that holds those of several jobs. In the last two cases the job goes on where the last run
    /// left off; another job's snapshot is found by its own path only.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    /// env.from_collection([1, 2]).uid("numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// // The checkpoint was taken when everything had been read: nothing is left to read.
    /// let env = Environment::new().restore_from(&path);
    /// let left = env.from_collection([1, 2]).uid("numbers").collect();
    /// env.execute("numbers")?;
    /// assert!(left.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "fromSavepoint")]
    #[must_use]
    pub fn restore_from(mut self, path_or_url: impl Into<String>) -> Self {
        self.restore = RestoreFrom::Path(path_or_url.into().into());
        self
    }

    /// As [`Environment::restore_from`], but where there is nothing to restore the job begins afresh: for
    /// programs that a supervisor starts again whenever they end.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// # use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// static READ: AtomicU32 = AtomicU32::new(0);
    /// for _ in 0..2 {
    ///     let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    ///     let env = env.restore_or_start(&path);
    ///     let numbers = env.from_collection([1, 2]).uid("numbers");
    ///     numbers.inspect(|_| drop(READ.fetch_add(1, Relaxed))).discard();
    ///     env.execute("numbers")?;
    /// }
    /// assert_eq!(READ.load(Relaxed), 2, "the second had nothing left to read");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn restore_or_start(mut self, path_or_url: impl Into<String>) -> Self {
        self.restore = RestoreFrom::IfAny(Some(path_or_url.into().into()));
        self
    }

    /// Sets who owns the snapshot that the job begins from. Not set: the user does, may restore it again
    /// and has to delete it. The job's own checkpoints are its own in any case, when it goes on from
    /// where the last run left off.
    ///
    /// ```
    /// use millstream::checkpoint::RestoreMode;
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let run = |mode, restore: Option<String>| {
    ///     let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    ///     let env = restore.into_iter().fold(env, Environment::restore_from).restore_mode(mode);
    ///     env.from_collection([1, 2]).uid("numbers").discard();
    ///     env.execute("numbers")
    /// };
    /// let checkpoint = |name: &str| folder.path().join("numbers").join(name);
    /// run(RestoreMode::NoClaim, None)?;
    /// run(RestoreMode::NoClaim, None)?; // afresh: the first checkpoint is nobody's now
    /// let first = checkpoint("chk-1-e1").to_string_lossy().into_owned();
    /// run(RestoreMode::Claim, Some(first))?;
    /// assert!(!checkpoint("chk-1-e1/manifest").exists(), "deleted once there was a newer one");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn restore_mode(mut self, mode: RestoreMode) -> Self {
        self.restore_mode = mode;
        self
    }

    /// Drops state that the snapshot holds and no operator claims, instead of failing.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    /// env.from_collection([1, 2]).uid("old numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// // The position of the old source belongs to nobody in the new job.
    /// let restored = || Environment::new().restore_from(&path);
    /// let env = restored();
    /// env.from_collection([3]).uid("new numbers").discard();
    /// assert_eq!(env.execute("numbers").unwrap_err().kind(), ErrorKind::Restore);
    ///
    /// let env = restored().allow_unclaimed_state();
    /// let numbers = env.from_collection([3]).uid("new numbers").collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "allowNonRestoredState")]
    #[must_use]
    pub const fn allow_unclaimed_state(mut self) -> Self {
        self.allow_unclaimed_state = true;
        self
    }
}
