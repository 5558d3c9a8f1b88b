//! Change data capture against a MariaDB server: what jobs read of it, and jobs and servers that are killed.
//!
//! The server is started by `tests/services/mariadb.sh`. Where there is no `mariadbd`, the tests say so and pass, unless
//! `MILLSTREAM_REQUIRE_SERVICES` is set. `MILLSTREAM_KILLS` is how often the tests that kill do so; each has a small number of its own if it
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

#[path = "../support/how_often.rs"]
mod how_often;
#[path = "../support/cdc/jobs.rs"]
mod jobs;
#[path = "../support/cdc/kills.rs"]
mod kills;
#[path = "../support/mariadb.rs"]
mod mariadb;
mod measure;
#[path = "../support/cdc/process.rs"]
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
mod types;
mod writer;
