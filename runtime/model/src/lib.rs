//! The parts of the runtime that several threads share without a lock around all, compiled over the
//! primitives of the model checker [loom]. It tries every interleaving with a few preemptions, and
//! every value that the memory model lets a thread read.
//!
//! The sources are the runtime's own. Only [`sync`] is another module than the runtime's: its
//! primitives are loom's, and a step of a protocol can be left out. Why it is done so is written
//! down in `docs/decisions/models-compile-the-sources-again.md`.

// Tests of the runtime that lie beside these sources are not for here.
#![cfg(not(test))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use it, and they fail by panicking"
)]

// Formatted in the runtime, where their own tests are.
#[rustfmt::skip]
#[path = "../../src/channel.rs"]
pub mod channel;
#[rustfmt::skip]
#[path = "../../src/clock/io.rs"]
pub mod io;
#[rustfmt::skip]
#[path = "../../src/sync/wake_step.rs"]
mod wake_step;
#[rustfmt::skip]
#[path = "../../src/driver/actor/wake_flag.rs"]
pub mod wake_flag;

pub mod check;
pub mod signal;
pub mod sync;

// What the sources above take from the rest of their crate.
pub use millstream_runtime::{batch, event, guard, pool};

/// What the sources above take from the runtime's module of this name.
pub mod error {
    pub use millstream_runtime::Result;
}
