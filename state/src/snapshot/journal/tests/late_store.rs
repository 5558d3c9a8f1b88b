//! A store whose requests take effect when a seed says so: at once, much later, twice, or never.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;

use super::super::super::storage::SnapshotHome;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

type Effect = Arc<dyn Fn(&InMemory) -> Box<dyn FnOnce() + Send> + Send + Sync>;

/// A request on its way.
struct Request {
    /// Takes effect, and returns how to answer.
    effect: Effect,
    /// Answers with an error.
    fail: Box<dyn FnOnce() + Send>,
    is_put: bool,
}

#[derive(Clone, Default)]
pub struct LateStore {
    inner: Arc<InMemory>,
    requests: Arc<Mutex<Vec<Request>>>,
    /// Creations that somebody has given up on, or that were carried out already: they come (again) at
    /// the step under which they stand.
    late: Arc<Mutex<BTreeMap<(u64, usize), Effect>>>,
}

impl LateStore {
    pub fn home(&self) -> SnapshotHome {
        SnapshotHome::new(Arc::new(self.clone()), Path::from("flights"))
    }

    pub fn waiting(&self) -> usize {
        self.requests.lock().len()
    }

    /// What comes late comes now.
    pub fn arrive(&self, step: u64) {
        let mut late = self.late.lock();
        while let Some(entry) = late.first_entry().filter(|entry| entry.key().0 <= step) {
            let effect = entry.remove();
            drop(effect(&self.inner));
        }
    }

    /// Decides what becomes of a request.
    pub fn decide(&self, index: usize, step: u64, random: &mut Random) {
        let Request { effect, fail, is_put } = self.requests.lock().swap_remove(index);
        let come_late = |random: &mut Random| {
            let mut late = self.late.lock();
            let key = (step + 1 + random.below(120), late.len());
            late.insert(key, effect.clone());
        };
        match random.below(20) {
            0 => fail(),
            1 => {
                drop(effect(&self.inner));
                fail();
            }
            2 | 3 if is_put => {
                come_late(random);
                fail();
            }
            4 | 5 if is_put => {
                come_late(random);
                effect(&self.inner)();
            }
            _ => effect(&self.inner)(),
        }
    }

    async fn request<T: Send + 'static>(
        &self,
        is_put: bool,
        work: impl Fn(&InMemory) -> Result<T> + Send + Sync + 'static,
    ) -> Result<T> {
        let (answer, result) = oneshot::channel();
        let answer = Arc::new(Mutex::new(Some(answer)));
        let send = |answer: Arc<Mutex<Option<oneshot::Sender<Result<T>>>>>, outcome| {
            drop(answer.lock().take().map(|answer| answer.send(outcome)));
        };
        let for_effect = answer.clone();
        let effect: Effect = Arc::new(move |inner| {
            let (outcome, answer) = (work(inner), for_effect.clone());
            Box::new(move || send(answer, outcome))
        });
        let failed = || Err(Error::Generic { store: "late", source: "timed out".into() });
        let fail = Box::new(move || send(answer, failed()));
        self.requests.lock().push(Request { effect, fail, is_put });
        result.await.unwrap_or_else(|_| failed())
    }
}

impl fmt::Debug for LateStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LateStore")
    }
}

impl fmt::Display for LateStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LateStore")
    }
}

/// A store in memory has nothing to wait for.
fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

#[async_trait]
impl ObjectStore for LateStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let path = path.clone();
        self.request(true, move |inner| now(inner.put_opts(&path, payload.clone(), options.clone()))).await
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented { operation: "multipart".into(), implementer: "late".into() })
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let path = path.clone();
        self.request(false, move |inner| now(inner.get_opts(&path, options.clone()))).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Result<Path>| {
            let store = store.clone();
            async move {
                let path = path?;
                let work = move |inner: &InMemory| {
                    let one = futures::stream::iter([Ok(path.clone())]).boxed();
                    now(inner.delete_stream(one).next()).unwrap()
                };
                store.request(false, work).await
            }
        };
        paths.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned();
        self.request(false, move |inner| now(inner.list_with_delimiter(prefix.as_ref()))).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented { operation: "copy".into(), implementer: "late".into() })
    }
}
