//! Every interleaving of the runtime's channel, wake flag and I/O handle, each also with a mistake
//! that must be found.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod actors;
mod channel;
mod io_handle;
mod wake_flag;
