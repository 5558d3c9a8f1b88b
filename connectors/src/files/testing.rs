//! A store that fails when it is asked to, for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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
use parking_lot::Mutex;

/// A store in memory. It renames by copying and deleting, as object stores do, so that a failing
/// "delete" leaves both files.
#[derive(Debug, Default)]
pub(super) struct FailingStore {
    inner: InMemory,
    /// For each operation, how many more calls succeed before one fails.
    faults: Mutex<BTreeMap<&'static str, usize>>,
}

impl FailingStore {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets the call of `operation` after the next `successes` fail: "put", "get", "copy", "delete" or
    /// "list"; of uploads "create", "part" and "complete", with "answer" one is completed, but nobody gets to know, and with
    /// "claim" one is said to be completed that is not.
    pub(super) fn fail(&self, operation: &'static str, successes: usize) {
        self.faults.lock().insert(operation, successes);
    }

    fn may(&self, operation: &'static str) -> Result<()> {
        let mut faults = self.faults.lock();
        match faults.get_mut(operation) {
            None => Ok(()),
            Some(0) => {
                faults.remove(operation);
                Err(Error::Generic {
                    store: "failing",
                    source: format!("{operation} fails as requested").into(),
                })
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    /// Puts a file there.
    pub(super) fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        let path = Path::from(path);
        futures::executor::block_on(self.inner.put(&path, content.into().into())).unwrap();
    }

    /// All files and their contents.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        futures::executor::block_on(async {
            let listed: Vec<_> = self.inner.list(None).collect().await;
            let mut files = BTreeMap::new();
            for meta in listed {
                let path = meta.unwrap().location;
                let bytes = self.inner.get(&path).await.unwrap().bytes().await.unwrap();
                files.insert(path.to_string(), String::from_utf8(bytes.to_vec()).unwrap());
            }
            files
        })
    }

    /// The files that readers of the directory see.
    pub(super) fn visible(&self) -> BTreeMap<String, String> {
        let mut files = self.files();
        files.retain(|path, _| !path.rsplit('/').next().unwrap().starts_with('.'));
        files
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("failing store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.may("put")?;
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.may("put")?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.may("get")?;
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.may("get")?;
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.may("delete") {
            Ok(()) => self.inner.delete_stream(paths),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.may("list")?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.may("copy")?;
        self.inner.copy_opts(from, to, options).await
    }
}

#[async_trait::async_trait]
impl MultipartStore for FailingStore {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.may("create")?;
        self.inner.create_multipart(path).await
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        index: usize,
        data: PutPayload,
    ) -> Result<PartId> {
        self.may("part")?;
        self.inner.put_part(path, id, index, data).await
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        self.may("complete")?;
        if self.may("claim").is_err() {
            return Ok(PutResult { e_tag: None, version: None, extensions: Default::default() });
        }
        let completed = self.inner.complete_multipart(path, id, parts).await;
        // As stores do, whose uploads have no other way to fail here.
        let missing = |error: Error| Error::NotFound { path: path.to_string(), source: error.into() };
        let completed = completed.map_err(missing)?;
        self.may("answer")?;
        Ok(completed)
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.inner.abort_multipart(path, id).await
    }
}
