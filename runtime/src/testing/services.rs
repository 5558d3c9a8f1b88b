//! The services of an operator under test: a clock that stands still, and I/O that runs when asked to.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use millstream_state::snapshot::storage::SnapshotHome;
use millstream_state::{CheckpointId, Timestamp};
use parking_lot::Mutex;

use crate::chain::TaskServices;
use crate::checkpoint::{Report, SnapshotTarget};
use crate::clock::{Clock, IoPool, Sleepers};
use crate::driver::Sabotage;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{AttemptId, SubtaskId};
use crate::metrics::MetricsRegistry;
use millstream_state::snapshot::write::OnThisThread;

/// Clock, I/O pool and waker in one.
#[derive(Default)]
pub(crate) struct HarnessServices {
    elapsed: Mutex<Duration>,
    pending: Mutex<Vec<BoxFuture<'static, ()>>>,
    /// What had begun and could not go on when the I/O ran last, because some of it sleeps.
    asleep: Mutex<Vec<BoxFuture<'static, ()>>>,
    sleepers: Arc<Sleepers>,
    woken: AtomicBool,
}

impl HarnessServices {
    pub(crate) fn for_task(self: &Arc<Self>, sabotage: Sabotage) -> TaskServices {
        TaskServices {
            attempt: AttemptId::default(),
            clock: self.clone(),
            io: self.clone(),
            cpu: Arc::new(OnThisThread),
            reporter: Arc::new(Nobody),
            folders: Arc::new(Nobody),
            metrics: Arc::new(MetricsRegistry::default()),
            watermark_groups: Arc::default(),
            reader_groups: Arc::default(),
            cancelled: Arc::default(),
            allow_unclaimed_state: false,
            encodes_records: false,
            sabotage,
        }
    }

    pub(crate) fn advance(&self, duration: Duration) {
        *self.elapsed.lock() += duration;
    }

    pub(super) fn take_woken(&self) -> bool {
        self.woken.swap(false, Ordering::Relaxed)
    }

    /// When the next sleep ends.
    pub(super) fn next_wake_up(&self) -> Option<Duration> {
        self.sleepers.next()
    }

    /// Whether the time has come for something that sleeps.
    pub(super) fn has_slept(&self) -> bool {
        self.next_wake_up().is_some_and(|deadline| deadline <= self.monotonic())
    }

    /// Runs everything that was spawned, and what that spawned, to its end, or until it sleeps.
    pub(super) fn run_io(&self) -> Result<()> {
        self.sleepers.wake(self.monotonic());
        let mut work = std::mem::take(&mut *self.asleep.lock());
        loop {
            work.append(&mut self.pending.lock());
            if work.is_empty() {
                return Ok(());
            }
            // A tokio runtime, because clients of outside systems ask for one.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(|error| {
                Error::new(ErrorKind::External, "cannot start the test's I/O runtime").caused_by(error)
            })?;
            // All together, for one may wait for another.
            work = runtime.block_on(self.go_on(work));
            if self.pending.lock().is_empty() {
                *self.asleep.lock() = work;
                return Ok(());
            }
        }
    }

    /// Lets all of it go on to its end; returns what is left when nothing can, because some of it sleeps.
    async fn go_on(&self, work: Vec<BoxFuture<'static, ()>>) -> Vec<BoxFuture<'static, ()>> {
        let mut work = FuturesUnordered::from_iter(work);
        poll_fn(|context| {
            loop {
                match work.poll_next_unpin(context) {
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Ready(Some(())) => {}
                    Poll::Pending if self.next_wake_up().is_some() => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        work.into_iter().collect()
    }
}

/// Drops what was spawned and has not ended, as the end of a job does: what sleeps may hold the services that hold it.
pub(super) struct EndOfServices(pub(super) Arc<HarnessServices>);

impl Drop for EndOfServices {
    fn drop(&mut self) {
        // The locks are not held meanwhile: what is dropped may look at the pool.
        let (pending, asleep) =
            (std::mem::take(&mut *self.0.pending.lock()), std::mem::take(&mut *self.0.asleep.lock()));
        drop((pending, asleep));
    }
}

impl Clock for HarnessServices {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0).saturating_add(*self.elapsed.lock())
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock()
    }
}

impl IoPool for HarnessServices {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.pending.lock().push(work);
    }

    fn sleep(self: Arc<Self>, delay: Duration) -> BoxFuture<'static, ()> {
        let deadline = self.monotonic().saturating_add(delay);
        self.sleepers.clone().sleep_until(deadline, move || self.monotonic())
    }
}

impl Wake for HarnessServices {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
    }
}

/// There is no coordinator and no store: a harness takes snapshots itself.
struct Nobody;

impl crate::chain::Reporter for Nobody {
    fn report(&self, _: SubtaskId, _: Report) {}
}

impl crate::chain::SnapshotFolders for Nobody {
    fn locate(&self, _: &SnapshotTarget, _: CheckpointId, _: &str) -> Result<(SnapshotHome, String)> {
        Err(Error::new(ErrorKind::Internal, "a harness writes no snapshot files"))
    }
}
