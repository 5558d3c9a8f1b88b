//! The pools of a simulated process: work that goes on when the world says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use millstream_state::snapshot::write::CpuPool;
use parking_lot::Mutex;

use super::clock::VirtualClock;
use crate::clock::{Clock, IoPool, Sleepers};

/// Whether something has been woken.
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) fn raised() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub(super) fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(super) fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn lower(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raise();
    }
}

struct Work {
    future: BoxFuture<'static, ()>,
    flag: Arc<Flag>,
}

/// Work that was spawned and is not done. Dropped whole when the process dies, by [`Self::clear`]: work may
/// hold the pool that holds it.
pub(super) struct VirtualPool {
    work: Mutex<Vec<Work>>,
    clock: Arc<VirtualClock>,
    sleepers: Arc<Sleepers>,
}

impl IoPool for VirtualPool {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        self.work.lock().push(Work { future, flag: Flag::raised() });
    }

    fn sleep(self: Arc<Self>, delay: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clock.clone();
        let deadline = clock.monotonic().saturating_add(delay);
        self.sleepers.clone().sleep_until(deadline, move || clock.monotonic())
    }
}

impl CpuPool for VirtualPool {
    fn compute(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(Box::pin(async move { work() }));
    }
}

impl VirtualPool {
    pub(super) fn new(clock: Arc<VirtualClock>) -> Self {
        Self { work: Mutex::default(), clock, sleepers: Arc::default() }
    }

    /// Wakes what has slept long enough.
    pub(super) fn wake_sleepers(&self, now: Duration) {
        self.sleepers.wake(now);
    }

    /// When the next sleep ends.
    pub(super) fn next_wake_up(&self) -> Option<Duration> {
        self.sleepers.next()
    }

    /// The numbers of the futures that can go on.
    pub(super) fn ready(&self) -> Vec<usize> {
        let ready = |(index, work): (usize, &Work)| work.flag.is_raised().then_some(index);
        self.work.lock().iter().enumerate().filter_map(ready).collect()
    }

    /// Drops all work, as the end of the process does.
    pub(super) fn clear(&self) {
        // The lock is not held meanwhile: what is dropped may look at the pool.
        let work = std::mem::take(&mut *self.work.lock());
        drop(work);
    }

    /// Lets one go on.
    pub(super) fn poll(&self, index: usize) {
        // The lock is not held meanwhile: work may spawn more of it.
        let mut work = self.work.lock().swap_remove(index);
        work.flag.lower();
        let waker = Waker::from(work.flag.clone());
        if work.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.work.lock().push(work);
        }
    }
}
