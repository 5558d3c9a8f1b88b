//! Models of the runtime's channel, wake flag and I/O handle, and mistakes that the checker must find
//! in them.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod actors;
mod channel;
mod io_handle;
mod wake_flag;
