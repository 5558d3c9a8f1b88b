//! Files and snapshots on an object store: whole jobs, killed and started again, on a server that speaks the protocol of S3.
//!
//! The server is started by `tests/services/s3.sh`. Where it can neither be found nor built, the tests say so and pass, unless
//! `MILLSTREAM_REQUIRE_SERVICES` is set. `MILLSTREAM_KILLS` is how often the tests that kill do so; it has a small number
//! unless set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test"
)]

#[path = "../support/counts.rs"]
mod counts;
mod full_disk;
#[path = "../support/how_often.rs"]
mod how_often;
mod jobs;
#[path = "../support/kills.rs"]
mod killing;
mod kills;
mod process;
#[path = "../support/proxy.rs"]
mod proxy;
mod refusals;
#[path = "../support/script.rs"]
mod script;
mod semantics;
mod server;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/process.rs"]
mod support;
