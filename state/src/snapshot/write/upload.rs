//! How the bytes of one file reach the store: in one request, or in parts while more are coming.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, TryStreamExt};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, UploadPart};

use crate::Result;
use crate::snapshot::storage::SnapshotHome;

/// The number of parts from which a file is uploaded in parts.
const FEWEST_PARTS: usize = 2;
/// How many parts may be under way at once.
const CONCURRENT_PARTS: usize = 4;

/// One file on its way.
pub(super) struct Upload<'a> {
    home: &'a SnapshotHome,
    file: &'a str,
    taken: u64,
    /// What has been taken and is on its way in no part as yet.
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    multipart: Option<Multipart>,
}

struct Multipart {
    upload: Box<dyn MultipartUpload>,
    under_way: FuturesUnordered<UploadPart>,
}

impl<'a> Upload<'a> {
    /// Nothing reaches the store before there is something to write.
    pub(super) fn new(home: &'a SnapshotHome, file: &'a str) -> Self {
        Self { home, file, taken: 0, waiting: VecDeque::new(), waiting_bytes: 0, multipart: None }
    }

    /// How many bytes of the file have been taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes what comes next in the file, and sends on its way what is enough for a part. Waits while many
    /// are under way.
    pub(super) async fn take(&mut self, pieces: impl IntoIterator<Item = Bytes>) -> Result<()> {
        for piece in pieces {
            self.taken += piece.len() as u64;
            self.waiting_bytes += piece.len();
            self.waiting.push_back(piece);
        }
        let part = self.home.part_bytes();
        while self.waiting_bytes >= if self.multipart.is_some() { part } else { FEWEST_PARTS * part } {
            self.start_part().await?;
        }
        Ok(())
    }

    /// As much as a part takes of what waits.
    fn next_part(&mut self) -> PutPayload {
        let mut missing = self.home.part_bytes();
        let mut part = Vec::new();
        while missing > 0
            && let Some(mut piece) = self.waiting.pop_front()
        {
            part.push(piece.split_to(piece.len().min(missing)));
            missing -= part.last().map_or(0, Bytes::len);
            if !piece.is_empty() {
                self.waiting.push_front(piece);
            }
        }
        PutPayload::from_iter(part)
    }

    /// Sends a part on its way.
    async fn start_part(&mut self) -> Result<()> {
        let part = self.next_part();
        self.waiting_bytes -= part.content_length();
        let (home, file) = (self.home, self.file);
        let failed = |error| home.failed("write", file, error);
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => {
                let upload = home.store().put_multipart(&home.path_of(file)).await.map_err(failed)?;
                none.insert(Multipart { upload, under_way: FuturesUnordered::new() })
            }
        };
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

    /// Completes the file: before that, nothing of it can be seen. Returns its length in bytes.
    pub(super) async fn finish(mut self) -> Result<u64> {
        if self.multipart.is_none() {
            if self.taken > 0 {
                self.home.put_payload(self.file, self.waiting.into_iter().collect()).await?;
            }
            return Ok(self.taken);
        }
        let outcome = self.finish_multipart().await;
        if outcome.is_err() {
            self.abort().await;
        }
        outcome
    }

    async fn finish_multipart(&mut self) -> Result<u64> {
        // Stores refuse a part without bytes.
        if self.waiting_bytes > 0 {
            self.start_part().await?;
        }
        if let Some(Multipart { upload, under_way }) = &mut self.multipart {
            let path = self.home.path_of(self.file);
            let complete = async {
                while under_way.try_next().await?.is_some() {}
                upload.complete().await?;
                // The client may have repeated the request, and a server that died in between may call the upload
                // completed though it never is: a snapshot must not count on a file that is not there.
                self.home.store().head(&path).await
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
