//! The NATS connector against a server: whole jobs, killed and started again, with NATS' own client as the judge.
//!
//! The server is started by `tests/services/nats.sh`. Where there is no `go`, which builds it, the tests say so and pass, unless
//! `MILLSTREAM_REQUIRE_SERVICES` is set. `MILLSTREAM_KILLS` says how often a job, or a server of a cluster, is killed; a few times if it
//! is not set.

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
mod cluster;
#[path = "../support/counts.rs"]
mod counts;
#[path = "../support/how_often.rs"]
mod how_often;
mod jobs;
#[path = "../support/kills.rs"]
mod killing;
mod kills;
mod lost;
mod process;
mod reading;
mod refusals;
#[path = "../support/script.rs"]
mod script;
mod security;
mod server;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/process.rs"]
mod support;
mod writing;
