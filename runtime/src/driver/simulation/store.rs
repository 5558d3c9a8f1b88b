//! A store in memory that is slow, fails, and completes things out of order, as a seed decides.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use parking_lot::Mutex;

use super::Faults;
use crate::clock::Random;

/// Wraps a store in memory: operations take a random number of steps, and some fail, either before
/// they take effect or after.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<InMemory>,
    chance: Arc<Mutex<Chance>>,
}

struct Chance {
    random: Random,
    faults: Faults,
    calm: bool,
    errors: u64,
}

/// When an operation fails.
enum Fate {
    Succeed,
    FailBefore,
    FailAfter,
}

impl FaultyStore {
    /// An empty store.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let chance = Chance { random: Random::new(seed), faults, calm: false, errors: 0 };
        Self { inner: Arc::default(), chance: Arc::new(Mutex::new(chance)) }
    }

    /// Stops or resumes failing, for a restore that must be able to succeed.
    pub(super) fn set_calm(&self, calm: bool) {
        self.chance.lock().calm = calm;
    }

    pub(super) fn errors(&self) -> u64 {
        self.chance.lock().errors
    }

    fn delay(&self) -> usize {
        let mut chance = self.chance.lock();
        let most = chance.faults.store_delay as usize + 1;
        chance.random.below(most)
    }

    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock();
        let fails = chance.random.below(1_000) < chance.faults.store_errors_per_mille as usize;
        if !fails || chance.calm {
            return Fate::Succeed;
        }
        chance.errors += 1;
        if chance.random.below(2) == 0 { Fate::FailBefore } else { Fate::FailAfter }
    }

    async fn act<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        wait(self.delay()).await;
        let fate = self.fate();
        if matches!(fate, Fate::FailBefore) {
            return Err(fault("before it took effect"));
        }
        let result = work.await?;
        wait(self.delay()).await;
        if matches!(fate, Fate::FailAfter) { Err(fault("after it took effect")) } else { Ok(result) }
    }
}

/// Is polled `steps` times before it is done.
async fn wait(mut steps: usize) {
    futures::future::poll_fn(|context| {
        if steps == 0 {
            return Poll::Ready(());
        }
        steps -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn fault(when: &str) -> Error {
    Error::Generic { store: "simulated", source: format!("a fault, {when}").into() }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FaultyStore")
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FaultyStore")
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.act(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.act(self.inner.put_multipart_opts(location, options)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.act(self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .then(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    let one = futures::stream::iter([Ok(location.clone())]).boxed();
                    let mut deleted = store.inner.delete_stream(one);
                    let delete = async { deleted.next().await.unwrap_or(Ok(location)) };
                    store.act(delete).await
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.act(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.act(self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.act(self.inner.rename_opts(from, to, options)).await
    }
}
