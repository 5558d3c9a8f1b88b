//! What goes wrong is said clearly: mistakes before anything runs, snapshots that cannot be restored,
//! functions that panic, rows and stores that fail.

mod mistakes;
mod panics;
mod restarts;
mod rows_and_stores;
mod snapshots;

use millstream::prelude::*;

fn restarts(attempts: u32) -> RestartStrategy {
    RestartStrategy::fixed_delay(attempts, Duration::from_millis(5))
}
