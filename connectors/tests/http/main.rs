//! Sources and sinks over HTTP and WebSockets, against servers in this process: they drop connections, answer with errors and
//! send half of what they should, and jobs are killed.
//!
//! `MILLSTREAM_KILLS` says how often a job is killed, 6 times if it is not set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test"
)]

#[path = "../support/certificates.rs"]
mod certificates;
mod events;
#[path = "../support/how_often.rs"]
mod how_often;
mod jobs;
#[path = "../support/kills.rs"]
mod killing;
mod kills;
mod lines;
mod polling;
mod process;
mod receiver;
mod refusals;
mod secure;
mod server;
#[path = "../support/process.rs"]
mod support;
mod webhook;
mod websocket;
