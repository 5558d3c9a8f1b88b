//! The flag behind a subtask's wakers.

use std::sync::Arc;
use std::task::Wake;

use crate::sync::{AtomicBool, OnceLock, Ordering};

/// Where a subtask's runs are queued.
pub trait Mailbox {
    /// Queues a run of the subtask.
    fn queue_run(&self);
}

/// Wakes one subtask; at most one run is ever queued in its mailbox.
pub struct WakeFlag<M> {
    queued: AtomicBool,
    mailbox: OnceLock<M>,
}

/// That the flag is down, so that a run may begin.
#[must_use = "it stands for the run that follows"]
pub struct RunPermit(());

impl<M: Mailbox> WakeFlag<M> {
    /// A flag for an actor that has not started: it counts as queued until its first run.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { queued: AtomicBool::new(true), mailbox: OnceLock::new() })
    }

    /// The actor has started: queues its first run.
    pub fn start(&self, mailbox: M) {
        let _ = self.mailbox.set(mailbox);
        // By way of the flag, which must know it by then: the first run may ask for a second.
        if let Some(mailbox) = self.mailbox.get() {
            mailbox.queue_run();
        }
    }

    /// Takes the flag down before a run, and not after it: a wake-up that comes while the task runs,
    /// and may have found nothing yet, queues another run.
    pub fn begin_run(&self) -> RunPermit {
        self.queued.store(false, Ordering::SeqCst);
        RunPermit(())
    }
}

impl<M: Mailbox + Send + Sync + 'static> Wake for WakeFlag<M> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Read first: on the hot path the flag is mostly up, and reading does not take the cache
        // line away from others.
        if !self.queued.load(Ordering::SeqCst)
            && !self.queued.swap(true, Ordering::SeqCst)
            && let Some(mailbox) = self.mailbox.get()
        {
            mailbox.queue_run();
        }
    }
}
