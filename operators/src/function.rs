//! What all functions that users write have in common: contexts, the way out, and errors.
//!
//! A function gets what it works on, a context that answers questions about it (key, time, state,
//! timers), and an [`Emitter`] for its results. Context and emitter are apart, so that state can be
//! read while records are emitted. Whatever error a function returns fails the attempt.

mod closing;
mod closures;
mod context;
mod emitter;
mod error;

pub(crate) use closing::Closing;
pub(crate) use closures::TwoInputClosures;
pub use context::ProcessContext;
pub(crate) use context::{TimeOfDay, Times};
pub use emitter::Emitter;
pub(crate) use error::failed;
pub use error::{FunctionError, FunctionResult};

#[cfg(test)]
mod tests;
