//! A store in memory that one process after another uses: each can lose it in the middle of what it writes
//! and deletes.

use std::fmt;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;

/// How one process sees the store.
#[derive(Debug, Default)]
pub struct BreakingStore {
    inner: Arc<InMemory>,
    left: Arc<Left>,
}

/// How many writes and deletions still succeed, and whether the first that fails takes effect all the same.
#[derive(Debug, Default)]
struct Left(Mutex<Option<(u32, bool)>>);

impl BreakingStore {
    /// The same store, as another process sees it.
    pub fn for_next_process(&self) -> Self {
        Self { inner: self.inner.clone(), left: Arc::default() }
    }

    /// A copy of the store as it is now.
    #[allow(dead_code, reason = "not every test needs one")]
    pub fn fork(&self) -> Self {
        Self { inner: Arc::new(self.inner.fork()), left: Arc::default() }
    }

    /// From now on `writes` succeed, and then none.
    pub fn break_after(&self, writes: u32, then_one_takes_effect: bool) {
        *self.left.0.lock() = Some((writes, then_one_takes_effect));
    }
}

impl Left {
    /// Whether a write takes effect, and whether it succeeds.
    fn next(&self) -> (bool, bool) {
        match &mut *self.0.lock() {
            None => (true, true),
            Some((0, takes_effect)) => (std::mem::take(takes_effect), false),
            Some((left, _)) => {
                *left -= 1;
                (true, true)
            }
        }
    }
}

impl fmt::Display for BreakingStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("breaking store")
    }
}

fn lost() -> Error {
    Error::Generic { store: "breaking", source: "the connection is lost".into() }
}

#[async_trait::async_trait]
impl ObjectStore for BreakingStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let (takes_effect, succeeds) = self.left.next();
        let outcome =
            if takes_effect { self.inner.put_opts(path, payload, options).await } else { Err(lost()) };
        if succeeds { outcome } else { Err(lost()) }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (inner, left) = (self.inner.clone(), self.left.clone());
        let delete = move |path: Result<Path>| {
            let (inner, left) = (inner.clone(), left.clone());
            async move {
                let (path, (takes_effect, succeeds)) = (path?, left.next());
                if takes_effect {
                    inner.delete(&path).await?;
                }
                if succeeds { Ok(path) } else { Err(lost()) }
            }
        };
        paths.then(delete).boxed()
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
