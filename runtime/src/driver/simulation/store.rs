//! A store in memory that is slow, fails, and does things out of order, as a seed decides.

mod upload;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use futures::StreamExt;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;

use self::upload::FaultyUpload;
use super::Faults;
use crate::clock::Random;

/// A request whose process has died takes so many steps more at most.
const HELD_STEPS: usize = 1_500;

/// Wraps a store in memory: a request takes a random number of steps, and some fail, either before
/// they take effect or after.
///
/// A request is on its way independently of who made it: the process may die, and the request take
/// effect in the life of the next. As on most stores in a network, to rename is to copy and then to
/// delete.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<InMemory>,
    chance: Arc<Mutex<Chance>>,
    requests: Arc<Mutex<Vec<Request>>>,
    /// Which process it is that asks.
    process: u32,
}

struct Chance {
    random: Random,
    faults: Faults,
    errors: u64,
    panics: u64,
    multipart_uploads: u64,
    /// The simulation is over: requests are answered at once, and none fails.
    is_over: bool,
}

/// A request on its way.
struct Request {
    work: BoxFuture<'static, ()>,
    process: u32,
    /// It is held up somewhere until this step.
    held_until: u64,
}

/// When an operation fails.
enum Fate {
    Succeed,
    FailBefore,
    FailAfter,
}

impl FaultyStore {
    /// An empty store.
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        let chance = Chance {
            random: Random::new(seed),
            faults,
            errors: 0,
            panics: 0,
            multipart_uploads: 0,
            is_over: false,
        };
        let (inner, chance, requests) = (Arc::default(), Arc::new(Mutex::new(chance)), Arc::default());
        Self { inner, chance, requests, process: 0 }
    }

    /// The same store, as this process asks it.
    pub(super) fn of_process(&self, process: u32) -> Self {
        Self { process, ..self.clone() }
    }

    pub(super) fn errors(&self) -> u64 {
        self.chance.lock().errors
    }

    pub(super) fn panics(&self) -> u64 {
        self.chance.lock().panics
    }

    pub(super) fn multipart_uploads(&self) -> u64 {
        self.chance.lock().multipart_uploads
    }

    /// The numbers of the requests that can go on in this step.
    pub(super) fn ready(&self, step: u64) -> Vec<usize> {
        let ready = |(index, request): (usize, &Request)| (request.held_until <= step).then_some(index);
        self.requests.lock().iter().enumerate().filter_map(ready).collect()
    }

    /// Lets a request go on.
    pub(super) fn poll(&self, index: usize) {
        let mut request = self.requests.lock().swap_remove(index);
        if request.work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.requests.lock().push(request);
        }
    }

    /// A process has died at this step: some of its requests are lost, others are on their way
    /// still, and may take their time. Returns how many these are.
    pub(super) fn orphan(&self, process: u32, step: u64) -> usize {
        let mut chance = self.chance.lock();
        let mut requests = self.requests.lock();
        requests.retain(|request| request.process != process || chance.random.below(2) == 0);
        let mut orphaned = 0;
        for request in requests.iter_mut().filter(|request| request.process == process) {
            let (held, steps) = (chance.random.below(2) == 0, chance.random.below(HELD_STEPS));
            request.held_until = if held { step + steps as u64 } else { 0 };
            orphaned += 1;
        }
        orphaned
    }

    /// The simulation is over: what is on its way still takes effect, and requests from now
    /// on are answered at once.
    pub(super) fn settle(&self) {
        self.chance.lock().is_over = true;
        while !self.requests.lock().is_empty() {
            self.poll(0);
        }
    }

    fn delay(&self) -> usize {
        let mut chance = self.chance.lock();
        let most = chance.faults.store_delay as usize + 1;
        chance.random.below(most)
    }

    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock();
        if chance.random.below(1_000) >= chance.faults.store_errors_per_mille as usize {
            return Fate::Succeed;
        }
        chance.errors += 1;
        if chance.random.below(2) == 0 { Fate::FailBefore } else { Fate::FailAfter }
    }

    /// Panics in the caller that has waited for a request, as a bug in a client of a store would.
    fn panic_perhaps(&self) {
        let mut chance = self.chance.lock();
        let often = chance.faults.io_panics_per_mille as usize;
        if often > 0 && chance.random.below(1_000) < often {
            chance.panics += 1;
            drop(chance);
            // Without the panic hook, whose words nobody wants to read a thousand times.
            std::panic::resume_unwind(Box::new("a simulated panic in I/O"));
        }
    }

    async fn act<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if self.chance.lock().is_over {
            return work.await;
        }
        let (answer, result) = oneshot::channel();
        let store = self.clone();
        let request = async move {
            wait(store.delay()).await;
            let outcome = match store.fate() {
                Fate::FailBefore => Err(fault("before it took effect")),
                Fate::FailAfter => work.await.and_then(|_| Err(fault("after it took effect"))),
                Fate::Succeed => work.await,
            };
            wait(store.delay()).await;
            // The caller may be dead.
            let _ = answer.send(outcome);
        };
        self.requests.lock().push(Request { work: Box::pin(request), process: self.process, held_until: 0 });
        let result = result.await;
        self.panic_perhaps();
        result.unwrap_or_else(|_| Err(fault("and its answer was lost")))
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
        let (inner, location) = (self.inner.clone(), location.clone());
        self.act(async move { inner.put_opts(&location, payload, options).await }).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let PutMultipartOptions { tags, attributes, extensions } = options;
        let options = PutOptions { tags, attributes, extensions, ..PutOptions::default() };
        let upload = FaultyUpload::new(self.clone(), location.clone(), options);
        self.act(async move { Ok(Box::new(upload) as Box<dyn MultipartUpload>) }).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (inner, location) = (self.inner.clone(), location.clone());
        self.act(async move { inner.get_opts(&location, options).await }).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .then(move |location| {
                let store = store.clone();
                async move {
                    let (inner, location) = (store.inner.clone(), location?);
                    let delete = async move {
                        let one = futures::stream::iter([Ok(location.clone())]).boxed();
                        inner.delete_stream(one).next().await.unwrap_or(Ok(location))
                    };
                    store.act(delete).await
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (inner, prefix) = (self.inner.clone(), prefix.cloned());
        self.act(async move { inner.list_with_delimiter(prefix.as_ref()).await }).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (inner, from, to) = (self.inner.clone(), from.clone(), to.clone());
        self.act(async move { inner.copy_opts(&from, &to, options).await }).await
    }
}
