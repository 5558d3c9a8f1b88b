//! How the bytes of one file reach the store: in one request, or in parts while more are coming.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::FuturesUnordered;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, UploadPart};

use crate::Result;
use crate::snapshot::storage::SnapshotHome;

/// The size of every part but the last, in bytes: some stores want them alike, and at least 5 MiB.
const PART: usize = 8 << 20;
/// The size from which a file is uploaded in parts, in bytes.
const IN_PARTS_FROM: usize = 2 * PART;
/// How many parts may be under way at once.
const CONCURRENT_PARTS: usize = 4;

/// One file on its way.
pub(super) struct Upload<'a> {
    home: &'a SnapshotHome,
    file: &'a str,
    taken: u64,
    multipart: Option<Multipart>,
}

struct Multipart {
    upload: Box<dyn MultipartUpload>,
    under_way: FuturesUnordered<UploadPart>,
}

impl<'a> Upload<'a> {
    /// Nothing reaches the store before there is something to write.
    pub(super) fn new(home: &'a SnapshotHome, file: &'a str) -> Self {
        Self { home, file, taken: 0, multipart: None }
    }

    /// How many bytes of the file have been taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes whole parts off the front of `out`, once there is enough.
    pub(super) async fn take_parts(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if out.len() < IN_PARTS_FROM {
            return Ok(());
        }
        let whole = out.len() - out.len() % PART;
        let mut rest = Vec::with_capacity(IN_PARTS_FROM + PART);
        rest.extend_from_slice(out.get(whole..).unwrap_or_default());
        out.truncate(whole);
        let parts = Bytes::from(std::mem::replace(out, rest));
        self.take(parts).await
    }

    async fn take(&mut self, mut bytes: Bytes) -> Result<()> {
        let (home, file) = (self.home, self.file);
        self.taken += bytes.len() as u64;
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => {
                let upload = home.store().put_multipart(&home.path_of(file)).await;
                let upload = upload.map_err(|error| home.failed("write", file, error))?;
                none.insert(Multipart { upload, under_way: FuturesUnordered::new() })
            }
        };
        while !bytes.is_empty() {
            let part = bytes.split_to(PART.min(bytes.len()));
            multipart.under_way.push(multipart.upload.put_part(PutPayload::from(part)));
            while multipart.under_way.len() >= CONCURRENT_PARTS {
                let done = multipart.under_way.try_next().await;
                done.map_err(|error| home.failed("write", file, error))?;
            }
        }
        Ok(())
    }

    /// Takes the rest of the file, and completes it. Returns its length in bytes.
    pub(super) async fn finish(mut self, rest: Vec<u8>) -> Result<u64> {
        if self.multipart.is_none() {
            let length = rest.len() as u64;
            if length > 0 {
                self.home.put(self.file, rest.into()).await?;
            }
            return Ok(length);
        }
        let outcome = self.finish_multipart(rest.into()).await;
        if outcome.is_err() {
            self.abort().await;
        }
        outcome
    }

    async fn finish_multipart(&mut self, rest: Bytes) -> Result<u64> {
        self.take(rest).await?;
        if let Some(Multipart { upload, under_way }) = &mut self.multipart {
            let complete = async {
                while under_way.try_next().await?.is_some() {}
                upload.complete().await
            };
            complete.await.map_err(|error| self.home.failed("write", self.file, error))?;
        }
        Ok(self.taken)
    }

    /// Gives up: parts that have arrived are deleted, if the store lets them.
    pub(super) async fn abort(self) {
        if let Some(Multipart { mut upload, under_way }) = self.multipart {
            drop(under_way);
            // What led here is the error to tell; stores expire parts nobody completes.
            let _ = upload.abort().await;
        }
    }
}
