//! A store in memory of which every few calls fail.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Fails every `every`-th write, copy and deletion, as long as `failures` are left.
#[derive(Debug)]
pub struct FlakyStore {
    inner: InMemory,
    every: u32,
    calls: AtomicU32,
    failures: AtomicU32,
}

impl FlakyStore {
    pub fn new(every: u32, failures: u32) -> Self {
        Self { inner: InMemory::new(), every, calls: AtomicU32::new(0), failures: failures.into() }
    }

    /// How many failures are left.
    pub fn failures_left(&self) -> u32 {
        self.failures.load(Ordering::SeqCst)
    }

    /// The lines of all files that readers see.
    pub fn visible_lines(&self) -> Vec<String> {
        futures::executor::block_on(async {
            let mut lines = Vec::new();
            for meta in self.inner.list(None).collect::<Vec<_>>().await {
                let path = meta.unwrap().location;
                if !path.filename().unwrap().starts_with('.') {
                    let bytes = self.inner.get(&path).await.unwrap().bytes().await.unwrap();
                    lines.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
                }
            }
            lines
        })
    }

    fn may(&self) -> Result<()> {
        let is_due = (self.calls.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(self.every);
        let one_less = |left: u32| left.checked_sub(1);
        if is_due && self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            return Err(Error::Generic { store: "flaky", source: "not today".into() });
        }
        Ok(())
    }
}

impl fmt::Display for FlakyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("flaky store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FlakyStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.may()?;
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.may()?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.may() {
            Ok(()) => self.inner.delete_stream(paths),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.may()?;
        self.inner.copy_opts(from, to, options).await
    }
}

#[async_trait::async_trait]
impl MultipartStore for FlakyStore {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.may()?;
        self.inner.create_multipart(path).await
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        index: usize,
        data: PutPayload,
    ) -> Result<PartId> {
        self.may()?;
        self.inner.put_part(path, id, index, data).await
    }

    /// Fails before or after it was done: the answer may be lost.
    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        self.may()?;
        let completed = self.inner.complete_multipart(path, id, parts).await;
        // As stores of clouds do; here there is no other way to fail.
        let missing = |error: Error| Error::NotFound { path: path.to_string(), source: error.into() };
        let completed = completed.map_err(missing)?;
        self.may()?;
        Ok(completed)
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.inner.abort_multipart(path, id).await
    }
}
