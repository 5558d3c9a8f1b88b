//! Part files: their names, and how one is written before it is committed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use futures::lock::Mutex;
use millstream_runtime::guard::guarded;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::is_missing;
use object_store::{MultipartUpload, ObjectStoreExt};

use super::commit::Committable;
use super::pending::{Pending, Upload, hidden_file, hidden_receipt};
use crate::files::location::Location;

/// How much is written at once, in bytes: the least that object stores take as a part of an upload,
/// and always the same, as some want it.
pub(super) const CHUNK: usize = 5 << 20;

/// The size at which a file is closed in any case, in bytes: an upload has 10,000 parts at most.
pub(super) const MOST_BYTES: u64 = 48 << 30;

/// The name of a committed file: `part-<subtask>-<counter>.<extension>`, or
/// `part-<subtask>-<counter>-<run>.<extension>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartName {
    pub(super) subtask: u32,
    pub(super) counter: u64,
    /// A number that no other attempt has, where contents are uploaded to the visible name: what is there is then certain
    /// to be the contents of this very upload.
    pub(super) run: Option<u64>,
    pub(super) extension: String,
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "part-{}-{}", self.subtask, self.counter)?;
        if let Some(run) = self.run {
            write!(formatter, "-{run:016x}")?;
        }
        write!(formatter, ".{}", self.extension)
    }
}

impl FromStr for PartName {
    type Err = ();

    fn from_str(file: &str) -> Result<Self, ()> {
        let parts = || {
            let (subtask, rest) = file.strip_prefix("part-")?.split_once('-')?;
            let (numbers, extension) = rest.split_once('.')?;
            let (counter, run) = match numbers.split_once('-') {
                Some((counter, run)) => (counter, Some(u64::from_str_radix(run, 16).ok()?)),
                None => (numbers, None),
            };
            let (subtask, counter) = (subtask.parse().ok()?, counter.parse().ok()?);
            Some(Self { subtask, counter, run, extension: extension.to_owned() })
        };
        parts().ok_or(())
    }
}

/// Work on a file that several may wait for.
pub(super) type Work<T> = Shared<BoxFuture<'static, Result<T>>>;

/// How a file is written.
enum Way {
    /// As a file with a hidden name.
    Hidden(Location),
    /// As an upload to the visible name.
    Upload,
    /// The same, and a file with a hidden name then describes the upload.
    Receipt(Location),
}

/// What has been written so far.
#[derive(Clone)]
enum Written {
    Hidden(Arc<Mutex<Box<dyn MultipartUpload>>>),
    Upload(Upload),
}

/// A file that is being written.
pub(super) struct Part {
    way: Way,
    target: Location,
    /// When it was begun, on the monotonic clock.
    pub(super) opened: Duration,
    /// What is encoded and not handed over yet.
    pub(super) buffer: Vec<u8>,
    /// Bytes handed over.
    shipped: u64,
    /// The chunks handed over, each after the one before.
    written: Option<Work<Written>>,
}

impl Part {
    /// Begins the file of this name. `run` is a number that no other attempt has. With `receipts` it is known how to commit
    /// the file before it has been written.
    pub(super) fn new(
        directory: &Location,
        name: PartName,
        run: u64,
        receipts: bool,
        opened: Duration,
    ) -> Self {
        let (way, name) = match (&directory.uploads, receipts) {
            (None, _) => (Way::Hidden(directory.child(&hidden_file(&name, run))), name),
            (Some(_), receipts) => {
                let name = PartName { run: Some(run), ..name };
                let receipt = || Way::Receipt(directory.child(&hidden_receipt(&name)));
                (if receipts { receipt() } else { Way::Upload }, name)
            }
        };
        let target = directory.child(&name.to_string());
        Self { way, target, opened, buffer: Vec::new(), shipped: 0, written: None }
    }

    /// The file's length so far, in bytes.
    pub(super) const fn length(&self) -> u64 {
        self.shipped + self.buffer.len() as u64
    }

    /// Where chunks are written to.
    const fn destination(&self) -> &Location {
        match &self.way {
            Way::Hidden(hidden) => hidden,
            Way::Upload | Way::Receipt(_) => &self.target,
        }
    }

    /// Hands over the chunks that are full; the work must be driven by somebody.
    pub(super) fn ship(&mut self) -> Vec<Work<()>> {
        let mut works = Vec::new();
        if self.buffer.len() < CHUNK {
            return works;
        }
        let is_hidden = matches!(self.way, Way::Hidden(_));
        // Formats that write in bulk have many chunks at once: nothing is moved for each of them.
        let mut bytes = Bytes::from(std::mem::take(&mut self.buffer));
        while bytes.len() >= CHUNK {
            let chunk = bytes.split_to(CHUNK);
            self.shipped += chunk.len() as u64;
            let written = append(self.destination().clone(), is_hidden, self.written.take(), chunk);
            let written = guarded(written).boxed().shared();
            self.written = Some(written.clone());
            works.push(written.map(|done| done.map(drop)).boxed().shared());
        }
        self.buffer.extend_from_slice(&bytes);
        works
    }

    /// What there is to commit once the file is closed, where that is known before.
    pub(super) fn committable(&self) -> Option<Committable> {
        match &self.way {
            Way::Hidden(hidden) => Some(self.commit_from(Pending::File(hidden.path.to_string()))),
            Way::Receipt(receipt) => Some(self.commit_from(Pending::Receipt(receipt.path.to_string()))),
            Way::Upload => None,
        }
    }

    fn commit_from(&self, pending: Pending) -> Committable {
        Committable { pending, target: self.target.path.to_string(), length: self.length() }
    }

    /// Closes the file: once the work is done, all of it is there, and nobody sees it.
    pub(super) fn seal(self) -> Work<Committable> {
        let length = self.length();
        let Self { way, target, buffer, written, .. } = self;
        let sealing = async move {
            let pending = match way {
                Way::Hidden(hidden) => {
                    write_hidden(&hidden, written, buffer).await?;
                    Pending::File(hidden.path.to_string())
                }
                Way::Upload => Pending::Upload(finish_upload(&target, written, buffer).await?),
                Way::Receipt(receipt) => {
                    let upload = finish_upload(&target, written, buffer).await?;
                    let put = receipt.store.put(&receipt.path, upload.to_json()?.into()).await;
                    put.map_err(|error| receipt.failed("write", error))?;
                    Pending::Receipt(receipt.path.to_string())
                }
            };
            Ok(Committable { pending, target: target.path.to_string(), length })
        };
        guarded(sealing).boxed().shared()
    }
}

/// Writes the rest of a file with a hidden name.
async fn write_hidden(file: &Location, before: Option<Work<Written>>, rest: Vec<u8>) -> Result<()> {
    let failed = |error| file.failed("write", error);
    if before.is_none() {
        return file.store.put(&file.path, rest.into()).await.map(drop).map_err(failed);
    }
    match append(file.clone(), true, before, rest.into()).await? {
        Written::Hidden(upload) => upload.lock().await.complete().await.map(drop).map_err(failed),
        Written::Upload(_) => Err(other_way(file)),
    }
}

/// Uploads the rest of a file.
async fn finish_upload(file: &Location, before: Option<Work<Written>>, rest: Vec<u8>) -> Result<Upload> {
    match append(file.clone(), false, before, rest.into()).await? {
        Written::Upload(upload) => Ok(upload),
        Written::Hidden(_) => Err(other_way(file)),
    }
}

/// Writes a chunk after those before; the first one begins the upload.
async fn append(
    file: Location,
    is_hidden: bool,
    before: Option<Work<Written>>,
    chunk: Bytes,
) -> Result<Written> {
    let written = match before {
        Some(before) => before.await?,
        None => begin(&file, is_hidden).await?,
    };
    if chunk.is_empty() {
        return Ok(written);
    }
    match written {
        Written::Hidden(upload) => {
            let part = upload.lock().await.put_part(chunk.into());
            part.await.map_err(|error| file.failed("write", error))?;
            Ok(Written::Hidden(upload))
        }
        Written::Upload(mut upload) => {
            let part = file.uploads()?.put_part(&file.path, &upload.id, upload.parts.len(), chunk.into());
            let part = part.await.map_err(|error| upload_failed(&file, error))?;
            upload.parts.push(part.content_id);
            Ok(Written::Upload(upload))
        }
    }
}

async fn begin(file: &Location, is_hidden: bool) -> Result<Written> {
    if is_hidden {
        let begun = file.store.put_multipart(&file.path).await;
        let upload = begun.map_err(|error| file.failed("write", error))?;
        return Ok(Written::Hidden(Arc::new(Mutex::new(upload))));
    }
    let id = file.uploads()?.create_multipart(&file.path).await;
    let id = id.map_err(|error| file.failed("begin an upload to", error))?;
    Ok(Written::Upload(Upload { id, parts: Vec::new() }))
}

fn upload_failed(file: &Location, error: object_store::Error) -> Error {
    if is_missing(&error) {
        // The next attempt begins another one.
        let problem = format!("the upload to `{}` has been aborted by somebody else", file.name);
        return Error::new(ErrorKind::External, problem).caused_by(error);
    }
    file.failed("upload to", error)
}

/// Not reached: a file is written in one way from its beginning to its end.
fn other_way(file: &Location) -> Error {
    Error::new(ErrorKind::Internal, format!("`{}` was begun in another way", file.name))
}
