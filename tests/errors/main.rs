//! What goes wrong is said clearly: mistakes before anything runs, snapshots that cannot be restored,
//! functions that panic, rows and stores that fail.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "a whole-job test waits for real time to pass")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/flaky_store.rs"]
mod flaky_store;
mod mistakes;
mod panics;
mod restarts;
mod rows_and_stores;
mod snapshots;

use millstream::prelude::*;

fn restarts(attempts: u32) -> RestartStrategy {
    RestartStrategy::fixed_delay(attempts, Duration::from_millis(5))
}
