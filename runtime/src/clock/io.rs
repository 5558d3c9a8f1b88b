//! Work that waits for files and networks: the pool that runs it, and the handle to its result.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::error::Result;
use crate::guard::guarded;
use crate::sync::{AbortHandle, Mutex, WakeStep, abortable, omits};

/// Where work goes that must not run on an arbiter, since it waits: for files and networks. What computes
/// for long has a [`CpuPool`](millstream_state::snapshot::write::CpuPool).
pub trait IoPool: Send + Sync {
    /// Runs a future to its end, on some thread that may also wait for the network.
    fn spawn(&self, work: BoxFuture<'static, ()>);

    /// Runs work that blocks its thread: on a thread that nothing else waits for, where there is one.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(Box::pin(async move { work() }));
    }

    /// A future for work on this pool, which is done when so much time has passed.
    fn sleep(self: Arc<Self>, delay: Duration) -> BoxFuture<'static, ()>;
}

/// The result of work on the I/O pool, once it is there. The task is woken then.
///
/// The work is given up when the handle is dropped, unless it is [detached](Self::detach).
#[derive(Debug)]
#[must_use = "dropping it gives the work up"]
pub struct IoHandle<T> {
    slot: Arc<Mutex<Option<Result<T>>>>,
    /// None once the work need not be given up any more.
    abort: Option<AbortHandle>,
}

impl<T: Send + 'static> IoHandle<T> {
    /// Starts `work` on `pool`; wakes `waker` when it is done, or has panicked.
    pub fn spawn(
        pool: &dyn IoPool,
        waker: Waker,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let slot = Arc::new(Mutex::new(None));
        let result = slot.clone();
        let (work, abort) = abortable(guarded(work));
        pool.spawn(Box::pin(async move {
            if let Ok(value) = work.await {
                if omits(WakeStep::ResultBeforeWake) {
                    waker.wake_by_ref();
                    *result.lock() = Some(value);
                    return;
                }
                // In this order: a task that is woken early finds nothing, and goes to sleep again.
                *result.lock() = Some(value);
                waker.wake();
            }
        }));
        Self { slot, abort: Some(abort) }
    }

    /// The result, the first time after it is there. A panic in the work is an error.
    pub fn take(&self) -> Option<Result<T>> {
        self.slot.lock().take()
    }

    /// Lets the work run to its end, whatever becomes of it.
    pub fn detach(mut self) {
        self.abort = None;
    }
}

impl<T> Drop for IoHandle<T> {
    fn drop(&mut self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}
