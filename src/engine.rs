//! The engine under the streams: graphs, tasks, channels, drivers, and how state is kept.
//!
//! For those who write operators, drivers or other front ends. No stability is promised: what an
//! ordinary program needs stands in the other modules.

pub use millstream_runtime::*;

/// Tables, key groups, timers, and the files of snapshots.
pub mod state {
    pub use millstream_state::*;
}
