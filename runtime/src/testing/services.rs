//! The services of an operator under test: a clock that stands still, and I/O that runs when asked to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use millstream_state::snapshot::storage::SnapshotHome;
use millstream_state::{CheckpointId, Timestamp};
use parking_lot::Mutex;

use crate::chain::TaskServices;
use crate::checkpoint::{Report, SnapshotTarget};
use crate::clock::{Clock, IoPool};
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

    /// Runs everything that was spawned, and what that spawned, to its end.
    pub(super) fn run_io(&self) -> Result<()> {
        loop {
            let pending = std::mem::take(&mut *self.pending.lock());
            if pending.is_empty() {
                return Ok(());
            }
            // A tokio runtime, because clients of outside systems ask for one.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(|error| {
                Error::new(ErrorKind::External, "cannot start the test's I/O runtime").caused_by(error)
            })?;
            // All together, for one may wait for another.
            runtime.block_on(join_all(pending));
        }
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
