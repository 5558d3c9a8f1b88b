//! What a subtask is doing right now.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::job::SubtaskId;

/// Which operator of a subtask is at work, and since when: written by the subtask, read by
/// reports on what it is doing.
#[derive(Debug)]
pub(crate) struct Running {
    operator: AtomicU32,
    /// Nanoseconds on the monotonic clock; 0 while the subtask does not run.
    since: AtomicU64,
}

impl Default for Running {
    fn default() -> Self {
        Self { operator: AtomicU32::new(u32::MAX), since: AtomicU64::new(0) }
    }
}

impl Running {
    /// Notes which operator works from now on; returns the one before.
    #[inline]
    pub(crate) fn enter(&self, operator: u32) -> u32 {
        let before = self.operator.load(Ordering::Relaxed);
        self.operator.store(operator, Ordering::Relaxed);
        before
    }

    /// The subtask begins to run.
    pub(crate) fn begin(&self, now: Duration) {
        self.operator.store(u32::MAX, Ordering::Relaxed);
        self.since.store(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
    }

    /// The subtask has done its share.
    pub(crate) fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// The place of the operator that is, or was last, at work.
    pub(super) fn operator(&self) -> u32 {
        self.operator.load(Ordering::Relaxed)
    }

    pub(super) fn since(&self) -> Option<Duration> {
        Some(self.since.load(Ordering::Relaxed)).filter(|since| *since > 0).map(Duration::from_nanos)
    }
}

/// A subtask that has not come back from a call of a user's function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    pub(crate) subtask: SubtaskId,
    pub(crate) operator: Option<String>,
    /// When it was called, on the monotonic clock.
    pub(crate) since: Duration,
}
