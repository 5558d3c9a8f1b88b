//! Stateful stream processing with Apache Flink's model: parallel streams, keyed state, event
//! time, and consistent snapshots.
//!
//! A job is an ordinary program. An [`Environment`] gives streams, methods on streams add
//! operators, and [`Environment::execute`] runs the whole on all cores. With checkpoints on, the
//! job survives the failure of any part of it, and with a snapshot folder also that of the process:
//! it goes on from the last checkpoint, and nothing is lost or counted twice.
//!
//! ```
//! use millstream::prelude::*;
//!
//! let env = Environment::new().set_parallelism(2);
//! let clicks = [("ann", 1), ("bob", 2), ("ann", 65)].map(|(user, second)| (user.to_owned(), second));
//! let per_minute = env
//!     .from_collection(clicks)
//!     .assign_timestamps_and_watermarks(
//!         WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(5))
//!             .with_timestamp_assigner(|(_, second): &(String, i64)| Timestamp::from_millis(second * 1_000)),
//!     )
//!     .key_by(|(user, _)| user.clone())
//!     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
//!     .count()
//!     .map(|result| (result.window.start.as_millis() / 1_000, result.key, result.value))
//!     .collect();
//! env.execute("clicks per minute")?;
//! assert_eq!(per_minute.sorted(), [(0, "ann".into(), 1), (0, "bob".into(), 1), (60, "ann".into(), 1)]);
//! # Ok::<(), millstream::Error>(())
//! ```
//!
//! This crate is a facade without logic: the parts are `millstream-operators` (what users write),
//! `millstream-runtime` (what moves), `millstream-state` (what survives) and
//! `millstream-connectors` (outside systems, each behind a feature).

pub use millstream_operators::*;

/// Connectors to outside systems.
#[cfg(feature = "files")]
pub mod connectors {
    pub use millstream_connectors::*;
}

/// The engine under the streams: graphs, tasks, drivers, metrics.
pub mod runtime {
    pub use millstream_runtime::*;
}

/// State and snapshots.
pub mod state {
    pub use millstream_state::*;
}

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
