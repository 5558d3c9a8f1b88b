//! The runtime of Millstream: executes job graphs as parallel tasks, with checkpoints and recovery.
//!
//! A job is written down as a [`graph`], planned into chains, and deployed as [tasks](task): state
//! machines that never block, connected by [channels](channel). A driver runs them, as actors or
//! in a simulation; a coordinator sends barriers through them, and brings them back after a failure.

pub mod batch;
pub mod chain;
pub mod channel;
pub mod checkpoint;
pub mod clock;
pub mod driver;
mod error;
pub mod event;
pub mod graph;
pub mod guard;
pub mod input;
pub mod job;
pub mod metrics;
pub mod partition;
pub mod pool;
mod sync;
pub mod task;
pub mod testing;

pub use error::{Error, ErrorKind, Result, WireError};
