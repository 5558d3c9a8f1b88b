//! Commits files: gives them their visible names, any number of times with the same outcome.

use futures::{StreamExt, TryStreamExt};
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

/// How many files are committed at the same time.
const AT_ONCE: usize = 8;

/// A file that is written, and waits for its visible name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committable {
    /// Where it lies now: a path in the store.
    pub(super) pending: String,
    /// Where it will lie.
    pub(super) target: String,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// Commits files.
pub(super) async fn commit_all(store: &dyn ObjectStore, files: Vec<Committable>) -> Result<()> {
    let commits = files.into_iter().map(|file| async move { commit(store, &file).await });
    futures::stream::iter(commits).buffer_unordered(AT_ONCE).try_collect().await
}

/// Commits a file. Others may be committing the same one: an attempt that has died can leave its
/// last commits under way.
async fn commit(store: &dyn ObjectStore, file: &Committable) -> Result<()> {
    let (pending, target) = (path(&file.pending)?, path(&file.target)?);
    if let Some(there) = look(store, &target).await? {
        return match look(store, &pending).await? {
            None => is_committed(file, &there),
            Some(_) if there.size != file.length => Err(in_the_way(&target)),
            Some(_) => finish_interrupted(store, file, &pending, &target).await,
        };
    }
    match store.rename(&pending, &target).await {
        Ok(()) => Ok(()),
        Err(object_store::Error::NotFound { .. }) => match look(store, &target).await? {
            Some(there) => is_committed(file, &there),
            // Final: nothing brings the file back.
            None => Err(Error::new(
                ErrorKind::Restore,
                format!(
                    "data is lost: a completed checkpoint covers `{pending}`, but neither it nor `{target}` is there"
                ),
            )),
        },
        Err(error) => Err(failed("rename", &pending, error)),
    }
}

/// The pending file is gone: what has the visible name must be it.
fn is_committed(file: &Committable, there: &ObjectMeta) -> Result<()> {
    if there.size == file.length {
        return Ok(());
    }
    let Committable { pending, target, length } = file;
    let problem = format!(
        "data is lost: `{target}` has {} bytes instead of {length}, and `{pending}`, which it was made of, is gone",
        there.size
    );
    Err(Error::new(ErrorKind::Restore, problem))
}

/// Both files are there. Stores that rename by copying and deleting can be interrupted in between;
/// otherwise the visible file is another's, and stays as it is.
async fn finish_interrupted(
    store: &dyn ObjectStore,
    file: &Committable,
    pending: &Path,
    target: &Path,
) -> Result<()> {
    let Some(ours) = read(store, pending).await? else {
        return match look(store, target).await? {
            Some(there) => is_committed(file, &there),
            None => Err(Error::new(
                ErrorKind::External,
                format!("`{target}` has disappeared while it was committed"),
            )),
        };
    };
    if read(store, target).await?.as_ref() == Some(&ours) {
        return match store.delete(pending).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete", pending, error)),
        };
    }
    Err(in_the_way(target))
}

fn in_the_way(target: &Path) -> Error {
    let problem = format!(
        "`{target}` is there already, with other contents: the job was restored from a snapshot older than \
         that file, or another job writes to the same directory; move it away or restore into another directory"
    );
    Error::new(ErrorKind::InvalidJob, problem)
}

async fn look(store: &dyn ObjectStore, path: &Path) -> Result<Option<ObjectMeta>> {
    match store.head(path).await {
        Ok(meta) => Ok(Some(meta)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed("look at", path, error)),
    }
}

async fn read(store: &dyn ObjectStore, path: &Path) -> Result<Option<bytes::Bytes>> {
    let read = async { store.get(path).await?.bytes().await };
    match read.await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

fn path(text: &str) -> Result<Path> {
    Path::parse(text)
        .map_err(|error| Error::new(ErrorKind::Restore, format!("`{text}` is no path")).caused_by(error))
}

fn failed(action: &str, path: &Path, error: object_store::Error) -> Error {
    Error::new(ErrorKind::External, format!("cannot {action} `{path}`")).caused_by(error)
}
