//! Checking a model: as it is, and with something broken.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use loom::model::Builder;

pub use crate::wake_step::WakeStep;

/// An access to a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading it.
    Load,
    /// Writing it.
    Store,
}

/// Where the fences of sequentially consistent accesses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fences {
    /// Before each access.
    Before,
    /// After each access that writes.
    AfterWrites,
}

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// In the model itself, or nowhere.
    None,
    /// A step is left out.
    Omitted(WakeStep),
    /// One kind of access to the flags is relaxed instead of sequentially consistent.
    Relaxed(Access),
}

std::thread_local! {
    // All threads of a model are coroutines of the thread that checks it.
    static MISTAKE: Cell<Mistake> = const { Cell::new(Mistake::None) };
    static FENCES: Cell<Fences> = const { Cell::new(Fences::Before) };
}

/// Whether this check leaves a step out.
pub fn omits(step: WakeStep) -> bool {
    MISTAKE.get() == Mistake::Omitted(step)
}

pub(crate) fn weakens(access: Access) -> bool {
    MISTAKE.get() == Mistake::Relaxed(access)
}

pub(crate) fn fences() -> Fences {
    FENCES.get()
}

/// How often a thread is interrupted at most in one execution; those in which all are interrupted at
/// will are too many. Lost wake-ups need one or two.
const PREEMPTIONS: usize = 3;

/// Checks that a model runs to its end in every execution.
pub fn check(model: impl Fn() + Copy + Send + Sync + 'static) {
    for fences in [Fences::Before, Fences::AfterWrites] {
        run(Mistake::None, fences, model);
    }
}

/// Checks that with a mistake some execution of a model fails, and returns how.
pub fn failure(mistake: Mistake, model: impl Fn() + Copy + Send + Sync + 'static) -> String {
    for fences in [Fences::Before, Fences::AfterWrites] {
        let checked = catch_unwind(AssertUnwindSafe(|| run(mistake, fences, model)));
        if let Err(panic) = checked {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            return text.or_else(|| panic.downcast_ref().cloned()).expect("a panic with a text");
        }
    }
    panic!("no execution of the model fails with {mistake:?}")
}

/// Checks that with a mistake all threads of a model wait for each other in some execution.
pub fn loses_a_wake_up(mistake: Mistake, model: impl Fn() + Copy + Send + Sync + 'static) {
    let failure = failure(mistake, model);
    assert!(failure.contains("deadlock"), "{failure}");
}

fn run(mistake: Mistake, fences: Fences, model: impl Fn() + Send + Sync + 'static) {
    MISTAKE.set(mistake);
    FENCES.set(fences);
    let mut builder = Builder::new();
    // `LOOM_MAX_PREEMPTIONS` may ask for more.
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(model);
}
