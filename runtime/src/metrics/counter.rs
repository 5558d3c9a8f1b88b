//! A number that grows.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows, with one writer: adding is a load and a store, no locked instruction.
///
/// What happens outside the subtask, in work that it has [spawned](crate::chain::TaskContext::spawn_io) for
/// instance, is counted when the subtask takes its result, or [concurrently](Self::add_concurrently).
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + amount, Ordering::Relaxed);
    }

    /// Adds `amount`, where others may be adding at the same time. All of them must use this.
    pub fn add_concurrently(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// What has been added so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
