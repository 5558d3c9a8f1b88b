//! A lock and a cell that is written once.

use std::sync::OnceLock as Written;
use std::sync::atomic::Ordering;

use loom::sync::atomic::AtomicBool;
use loom::sync::{Mutex as Lock, MutexGuard};

/// A lock with the interface of `parking_lot`'s.
#[derive(Debug)]
pub struct Mutex<T>(Lock<T>);

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub fn new(value: T) -> Self {
        Self(Lock::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("no thread of a model panics and goes on")
    }
}

/// A cell that is written once.
#[derive(Debug)]
pub struct OnceLock<T> {
    value: Written<T>,
    /// What the checker sees of it: the value alone would be there for all at once.
    published: AtomicBool,
}

impl<T> OnceLock<T> {
    /// An empty cell.
    #[expect(clippy::new_without_default, reason = "only what the sources call is here")]
    pub fn new() -> Self {
        Self { value: Written::new(), published: AtomicBool::new(false) }
    }

    /// As [`std::sync::OnceLock::set`].
    pub fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.published.store(true, Ordering::Release);
        Ok(())
    }

    /// As [`std::sync::OnceLock::get`].
    pub fn get(&self) -> Option<&T> {
        if self.published.load(Ordering::Acquire) { self.value.get() } else { None }
    }
}
