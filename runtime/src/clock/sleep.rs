//! Sleeping in work that runs on the I/O pool.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::IoPool;

/// Lets work on the I/O pool sleep, by the clock of the task that has spawned it: in a job that of the system, in a
/// harness or a simulation the one that the test moves. Cheap to clone.
#[derive(Clone)]
pub struct Sleeper(Arc<dyn IoPool>);

impl Sleeper {
    pub(crate) fn new(pool: Arc<dyn IoPool>) -> Self {
        Self(pool)
    }

    /// Sleeps for `delay`; only in what has been spawned on the pool.
    pub fn sleep(&self, delay: Duration) -> BoxFuture<'static, ()> {
        self.0.clone().sleep(delay)
    }
}

/// What sleeps by a clock that does not move by itself.
#[derive(Default)]
pub(crate) struct Sleepers(Mutex<Vec<(Duration, Waker)>>);

impl Sleepers {
    /// Sleeps until `now`, which is time of the monotonic clock, has come to `deadline`.
    pub(crate) fn sleep_until(
        self: Arc<Self>,
        deadline: Duration,
        now: impl Fn() -> Duration + Send + 'static,
    ) -> BoxFuture<'static, ()> {
        Box::pin(poll_fn(move |context| {
            if now() >= deadline {
                return Poll::Ready(());
            }
            self.0.lock().push((deadline, context.waker().clone()));
            Poll::Pending
        }))
    }

    /// Wakes those whose time has come.
    pub(crate) fn wake(&self, now: Duration) {
        let due: Vec<_> = self.0.lock().extract_if(.., |(deadline, _)| *deadline <= now).collect();
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// When the next one is to be woken.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.lock().iter().map(|(deadline, _)| *deadline).min()
    }
}
