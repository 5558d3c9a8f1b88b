//! How the bytes of one file reach the store: in one request, or in parts while more are coming.

use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, TryStreamExt};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, UploadPart};

use crate::Result;
use crate::snapshot::storage::SnapshotHome;

/// The size of every part but the last, in bytes: some stores want them alike, and at least 5 MiB.
pub(super) const PART: usize = 8 << 20;
/// The size from which a file is uploaded in parts, in bytes.
const IN_PARTS_FROM: usize = 2 * PART;
/// How many parts may be under way at once.
const CONCURRENT_PARTS: usize = 4;

/// One file on its way.
pub(super) struct Upload<'a> {
    home: &'a SnapshotHome,
    file: &'a str,
    taken: u64,
    /// What has been taken and is too little for a part as yet.
    rest: Vec<Bytes>,
    multipart: Option<Multipart>,
}

struct Multipart {
    upload: Box<dyn MultipartUpload>,
    under_way: FuturesUnordered<UploadPart>,
}

impl<'a> Upload<'a> {
    /// Nothing reaches the store before there is something to write.
    pub(super) fn new(home: &'a SnapshotHome, file: &'a str) -> Self {
        Self { home, file, taken: 0, rest: Vec::new(), multipart: None }
    }

    /// How many bytes of the file have been taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes `out`, once there is enough for parts.
    pub(super) async fn take_parts(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if out.len() < if self.multipart.is_some() { PART } else { IN_PARTS_FROM } {
            return Ok(());
        }
        let empty = Vec::with_capacity(out.capacity());
        self.take(std::mem::replace(out, empty).into()).await
    }

    async fn take(&mut self, mut bytes: Bytes) -> Result<()> {
        self.taken += bytes.len() as u64;
        loop {
            let rest: usize = self.rest.iter().map(Bytes::len).sum();
            let missing = PART.saturating_sub(rest);
            if bytes.len() < missing {
                // Stores refuse a part without bytes.
                self.rest.extend(Some(bytes).filter(|bytes| !bytes.is_empty()));
                return Ok(());
            }
            self.rest.push(bytes.split_to(missing));
            self.start_part().await?;
        }
    }

    /// Sends on its way what is in `rest`.
    async fn start_part(&mut self) -> Result<()> {
        let (home, file) = (self.home, self.file);
        let failed = |error| home.failed("write", file, error);
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => {
                let upload = home.store().put_multipart(&home.path_of(file)).await.map_err(failed)?;
                none.insert(Multipart { upload, under_way: FuturesUnordered::new() })
            }
        };
        let part = PutPayload::from_iter(self.rest.drain(..));
        multipart.under_way.push(multipart.upload.put_part(part));
        while multipart.under_way.len() >= CONCURRENT_PARTS {
            multipart.under_way.try_next().await.map_err(failed)?;
        }
        // Only a first poll starts a part; it is to be under way while the next blocks are encoded.
        if let Some(done) = multipart.under_way.try_next().now_or_never() {
            done.map_err(failed)?;
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
        let outcome = self.finish_multipart(rest).await;
        if outcome.is_err() {
            self.abort().await;
        }
        outcome
    }

    async fn finish_multipart(&mut self, rest: Vec<u8>) -> Result<u64> {
        self.take(rest.into()).await?;
        if !self.rest.is_empty() {
            self.start_part().await?;
        }
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
            // What led here is the error to report; stores expire parts nobody completes.
            let _ = upload.abort().await;
        }
    }
}

#[cfg(test)]
mod tests;
