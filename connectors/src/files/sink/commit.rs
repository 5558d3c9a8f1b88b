//! Commits files: gives them their visible names, any number of times with the same outcome.

mod upload;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::is_missing;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use super::pending::Pending;
use crate::files::location::Location;

/// How many files are committed at the same time.
const AT_ONCE: usize = 8;

/// A file that is written, and waits for its visible name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committable {
    /// Where its contents are now.
    pub(super) pending: Pending,
    /// Where it will lie: a path in the store.
    pub(super) target: String,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// Commits files of a directory.
pub(super) async fn commit_all(directory: &Location, files: Vec<Committable>) -> Result<()> {
    let commits = files.into_iter().map(|file| async move { commit(directory, &file).await });
    futures::stream::iter(commits).buffer_unordered(AT_ONCE).try_collect().await
}

/// Commits a file. Others may be committing the same one: an attempt that has died can leave its
/// last commits under way.
async fn commit(directory: &Location, file: &Committable) -> Result<()> {
    let target = place(directory, &file.target)?;
    match &file.pending {
        Pending::File(pending) => rename(file, &place(directory, pending)?, &target).await,
        Pending::Upload(upload) => upload::complete(file, upload, &target).await,
        Pending::Receipt(receipt) => {
            upload::complete_by_receipt(file, &place(directory, receipt)?, &target).await
        }
    }
}

/// Gives a file with a hidden name its visible one.
async fn rename(file: &Committable, pending: &Location, target: &Location) -> Result<()> {
    if let Some(there) = look(target).await? {
        return match look(pending).await? {
            None => is_committed(file, pending, &there),
            Some(_) if there.size != file.length => Err(in_the_way(target)),
            Some(_) => finish_interrupted(file, pending, target).await,
        };
    }
    match target.store.rename(&pending.path, &target.path).await {
        Ok(()) => Ok(()),
        Err(error) if is_missing(&error) => match look(target).await? {
            Some(there) => is_committed(file, pending, &there),
            // Final: nothing brings the file back.
            None => Err(lost(format!(
                "a completed checkpoint covers `{}`, but neither it nor `{}` is there",
                pending.path, target.path
            ))),
        },
        Err(error) => Err(pending.failed("rename", error)),
    }
}

/// The pending file is gone: what has the visible name must be it.
fn is_committed(file: &Committable, pending: &Location, there: &ObjectMeta) -> Result<()> {
    if there.size == file.length {
        return Ok(());
    }
    let Committable { target, length, .. } = file;
    Err(lost(format!(
        "`{target}` has {} bytes instead of {length}, and `{}`, which it was made of, is gone",
        there.size, pending.path
    )))
}

/// Both files are there. Stores that rename by copying and deleting can be interrupted in between;
/// otherwise the visible file is another's, and stays as it is.
async fn finish_interrupted(file: &Committable, pending: &Location, target: &Location) -> Result<()> {
    let Some(ours) = read(pending).await? else {
        return match look(target).await? {
            Some(there) => is_committed(file, pending, &there),
            None => Err(Error::new(
                ErrorKind::External,
                format!("`{}` has disappeared while it was committed", target.path),
            )),
        };
    };
    if read(target).await?.as_ref() == Some(&ours) {
        return delete(pending).await;
    }
    Err(in_the_way(target))
}

fn in_the_way(target: &Location) -> Error {
    let problem = format!(
        "`{}` is there already, with other contents: the job was restored from a snapshot older than \
         that file, or another job writes to the same directory; move it away or restore into another directory",
        target.path
    );
    Error::new(ErrorKind::InvalidJob, problem)
}

/// Final: nothing brings it back.
fn lost(problem: String) -> Error {
    Error::new(ErrorKind::Restore, format!("data is lost: {problem}"))
}

async fn look(file: &Location) -> Result<Option<ObjectMeta>> {
    match file.store.head(&file.path).await {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(file.failed_to_look(error).await),
    }
}

async fn read(file: &Location) -> Result<Option<Bytes>> {
    let read = async { file.store.get(&file.path).await?.bytes().await };
    match read.await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(file.failed("read", error)),
    }
}

async fn delete(file: &Location) -> Result<()> {
    match file.store.delete(&file.path).await {
        Err(error) if !is_missing(&error) => Err(file.failed("delete", error)),
        _ => Ok(()),
    }
}

/// The place in the store of the directory that a snapshot calls so.
fn place(directory: &Location, text: &str) -> Result<Location> {
    let path = Path::parse(text)
        .map_err(|error| Error::new(ErrorKind::Restore, format!("`{text}` is no path")).caused_by(error))?;
    Ok(Location { path, name: text.to_owned(), ..directory.clone() })
}
