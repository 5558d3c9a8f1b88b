//! A disk in memory that can be full.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// Refuses to write where `capacity` bytes would not do, deletes gladly, and counts its refusals.
#[derive(Clone, Debug)]
pub struct SmallDisk {
    inner: Arc<InMemory>,
    capacity: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl SmallDisk {
    pub fn new(capacity: u64) -> Self {
        Self { inner: Arc::default(), capacity: Arc::new(capacity.into()), refused: Arc::default() }
    }

    /// Somebody has made room.
    pub fn grow(&self) {
        self.capacity.store(u64::MAX, Ordering::SeqCst);
    }

    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// The names and texts of all files that readers see.
    pub fn visible_files(&self) -> Vec<(String, String)> {
        futures::executor::block_on(async {
            let mut files = Vec::new();
            for meta in self.inner.list(None).collect::<Vec<_>>().await {
                let path = meta.unwrap().location;
                if !path.filename().unwrap().starts_with('.') {
                    let bytes = self.inner.get(&path).await.unwrap().bytes().await.unwrap();
                    files.push((path.to_string(), String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
            files
        })
    }

    fn room_for(&self, bytes: usize) -> Result<()> {
        let files = futures::executor::block_on(self.inner.list(None).collect::<Vec<_>>());
        let used: u64 = files.iter().flatten().map(|meta| meta.size).sum();
        if used + bytes as u64 > self.capacity.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(Error::Generic { store: "disk", source: "No space left on device".into() });
        }
        Ok(())
    }
}

impl fmt::Display for SmallDisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("small disk")
    }
}

#[async_trait::async_trait]
impl ObjectStore for SmallDisk {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.room_for(payload.content_length())?;
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.inner.put_multipart_opts(path, options).await?;
        Ok(Box::new(Upload { disk: self.clone(), upload, bytes: 0 }))
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    disk: SmallDisk,
    upload: Box<dyn MultipartUpload>,
    bytes: usize,
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        self.bytes += payload.content_length();
        match self.disk.room_for(self.bytes) {
            Ok(()) => self.upload.put_part(payload),
            Err(error) => futures::future::ready(Err(error)).boxed(),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.upload.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
