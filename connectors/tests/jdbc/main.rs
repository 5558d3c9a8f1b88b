//! Tables of SQLite and Postgres in jobs: what they read and write, and jobs and servers that are killed.
//!
//! The server is started by `tests/services/postgres.sh`. Where there is no `initdb`, its tests say so and pass, unless
//! `MILLSTREAM_REQUIRE_SERVICES` is set. `MILLSTREAM_KILLS` says how often a job is killed, 8 times if it is not set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test"
)]

#[path = "../support/how_often.rs"]
mod how_often;
mod jobs;
#[path = "../support/kills.rs"]
mod killing;
mod kills;
#[path = "../support/postgres.rs"]
mod postgres;
mod process;
#[path = "../support/proxy.rs"]
mod proxy;
mod refusals;
#[path = "../support/script.rs"]
mod script;
mod semantics;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/process.rs"]
mod support;
