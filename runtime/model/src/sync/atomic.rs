//! Atomics whose sequentially consistent accesses loom takes for what they are.
//!
//! Loom treats such accesses as acquire and release, and would report wake-ups as lost that are
//! not. It has sequentially consistent fences, though, and compilers implement such accesses with
//! fences in one of two ways: before each, or after each that writes. Every model is checked with both,
//! for an access that is weaker than it must be is hidden by a neighbour's fence in one of them.

use std::sync::atomic::Ordering;

use loom::sync::atomic;

use crate::check::{Access, Fences, fences, weakens};

/// An access in the given order, with the fence that makes it sequentially consistent.
fn ordered<R>(order: Ordering, writes: bool, access: impl FnOnce(Ordering) -> R) -> R {
    if order != Ordering::SeqCst {
        return access(order);
    }
    if fences() == Fences::Before {
        atomic::fence(Ordering::SeqCst);
    }
    let done = access(order);
    if fences() == Fences::AfterWrites && writes {
        atomic::fence(Ordering::SeqCst);
    }
    done
}

/// A flag, whose accesses a check may weaken.
#[derive(Debug)]
pub struct AtomicBool(atomic::AtomicBool);

impl AtomicBool {
    /// A flag that is up or down.
    pub fn new(up: bool) -> Self {
        Self(atomic::AtomicBool::new(up))
    }

    /// As [`std::sync::atomic::AtomicBool::load`].
    pub fn load(&self, order: Ordering) -> bool {
        let order = if weakens(Access::Load) { Ordering::Relaxed } else { order };
        ordered(order, false, |order| self.0.load(order))
    }

    /// As [`std::sync::atomic::AtomicBool::store`].
    pub fn store(&self, up: bool, order: Ordering) {
        let order = if weakens(Access::Store) { Ordering::Relaxed } else { order };
        ordered(order, true, |order| self.0.store(up, order));
    }

    /// As [`std::sync::atomic::AtomicBool::swap`].
    pub fn swap(&self, up: bool, order: Ordering) -> bool {
        ordered(order, true, |order| self.0.swap(up, order))
    }
}

/// A number of the queue.
#[derive(Debug)]
pub(super) struct AtomicUsize(atomic::AtomicUsize);

impl AtomicUsize {
    pub(super) fn new(value: usize) -> Self {
        Self(atomic::AtomicUsize::new(value))
    }

    pub(super) fn load(&self, order: Ordering) -> usize {
        ordered(order, false, |order| self.0.load(order))
    }

    pub(super) fn store(&self, value: usize, order: Ordering) {
        ordered(order, true, |order| self.0.store(value, order));
    }

    /// Whether it was `current`, and is `new` now.
    pub(super) fn replace(&self, current: usize, new: usize) -> bool {
        ordered(Ordering::SeqCst, true, |order| {
            self.0.compare_exchange(current, new, order, Ordering::Relaxed).is_ok()
        })
    }

    pub(super) fn set_bits(&self, bits: usize) {
        ordered(Ordering::SeqCst, true, |order| self.0.fetch_or(bits, order));
    }
}
