//! Part files: their names, and how one is written under its hidden name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use futures::lock::Mutex;
use millstream_runtime::Result;
use millstream_runtime::guard::guarded;
use object_store::{MultipartUpload, ObjectStoreExt};

use super::commit::Committable;
use crate::files::location::Location;

/// How much is written at once, in bytes: the least that object stores take as a part of an upload,
/// and always the same, as some want it.
pub(super) const CHUNK: usize = 5 << 20;

const PENDING: &str = ".pending";

/// The name of a committed file: `part-<subtask>-<counter>.<extension>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartName {
    pub(super) subtask: u32,
    pub(super) counter: u64,
    pub(super) extension: String,
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "part-{}-{}.{}", self.subtask, self.counter, self.extension)
    }
}

impl FromStr for PartName {
    type Err = ();

    fn from_str(file: &str) -> Result<Self, ()> {
        let parts = || {
            let (subtask, rest) = file.strip_prefix("part-")?.split_once('-')?;
            let (counter, extension) = rest.split_once('.')?;
            let (subtask, counter) = (subtask.parse().ok()?, counter.parse().ok()?);
            Some(Self { subtask, counter, extension: extension.to_owned() })
        };
        parts().ok_or(())
    }
}

impl PartName {
    /// The name until it is committed. It holds a number that no other attempt has, so that nothing
    /// an attempt left behind can be taken for what a later one wrote under the same name.
    pub(super) fn pending(&self, run: u64) -> String {
        format!(".{self}.{run:016x}{PENDING}")
    }
}

/// Whether a file is a part that has not been committed.
pub(super) fn is_pending(file: &str) -> bool {
    file.starts_with(".part-") && file.ends_with(PENDING)
}

/// Work on a file that several may wait for.
pub(super) type Work<T> = Shared<BoxFuture<'static, Result<T>>>;

type Upload = Arc<Mutex<Box<dyn MultipartUpload>>>;

/// A file that is being written.
pub(super) struct Part {
    pending: Location,
    target: Location,
    /// When it was begun, on the monotonic clock.
    pub(super) opened: Duration,
    /// What is encoded and not handed over yet.
    pub(super) buffer: Vec<u8>,
    /// Bytes handed over.
    shipped: u64,
    /// The chunks handed over, each after the one before.
    upload: Option<Work<Upload>>,
}

impl Part {
    pub(super) fn new(directory: &Location, name: &PartName, run: u64, opened: Duration) -> Self {
        let (pending, target) = (directory.child(&name.pending(run)), directory.child(&name.to_string()));
        Self { pending, target, opened, buffer: Vec::new(), shipped: 0, upload: None }
    }

    /// The file's length so far, in bytes.
    pub(super) const fn length(&self) -> u64 {
        self.shipped + self.buffer.len() as u64
    }

    /// Hands over the chunks that are full; the work must be driven by somebody.
    pub(super) fn ship(&mut self) -> Vec<Work<()>> {
        let mut works = Vec::new();
        if self.buffer.len() < CHUNK {
            return works;
        }
        // Formats that write in bulk have many chunks at once: nothing is moved for each of them.
        let mut bytes = Bytes::from(std::mem::take(&mut self.buffer));
        while bytes.len() >= CHUNK {
            let chunk = bytes.split_to(CHUNK);
            self.shipped += chunk.len() as u64;
            let upload = guarded(append(self.pending.clone(), self.upload.take(), chunk)).boxed().shared();
            self.upload = Some(upload.clone());
            works.push(upload.map(|done| done.map(drop)).boxed().shared());
        }
        self.buffer.extend_from_slice(&bytes);
        works
    }

    /// What there is to commit once the file is closed.
    pub(super) fn committable(&self) -> Committable {
        let (pending, target) = (self.pending.path.to_string(), self.target.path.to_string());
        Committable { pending, target, length: self.length() }
    }

    /// Closes the file: once the work is done, it is there under its hidden name.
    pub(super) fn seal(self) -> Work<Committable> {
        let committable = self.committable();
        let Self { pending, buffer, upload, .. } = self;
        let sealing = async move {
            match upload {
                None => {
                    let put = pending.store.put(&pending.path, buffer.into()).await;
                    put.map_err(|error| pending.failed("write", error))?;
                }
                Some(_) => {
                    let upload = append(pending.clone(), upload, buffer.into()).await?;
                    let completed = upload.lock().await.complete().await;
                    completed.map_err(|error| pending.failed("write", error))?;
                }
            }
            Ok(committable)
        };
        guarded(sealing).boxed().shared()
    }
}

/// Writes a chunk after those before; the first one begins the upload.
async fn append(file: Location, before: Option<Work<Upload>>, chunk: Bytes) -> Result<Upload> {
    let upload = match before {
        Some(before) => before.await?,
        None => {
            let begun = file.store.put_multipart(&file.path).await;
            Arc::new(Mutex::new(begun.map_err(|error| file.failed("write", error))?))
        }
    };
    if !chunk.is_empty() {
        let written = upload.lock().await.put_part(chunk.into());
        written.await.map_err(|error| file.failed("write", error))?;
    }
    Ok(upload)
}
