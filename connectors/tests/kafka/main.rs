//! The Kafka connector against a broker: whole jobs, killed and started again, with Kafka's own tools as the judge.
//!
//! The broker is started by `tests/services/kafka.sh`. Where there is no `java`, the tests say so and pass, unless
//! `MILLSTREAM_REQUIRE_SERVICES` is set. `MILLSTREAM_KILLS` is how often the tests that kill do so; each has a small number of its
//! own if it is not set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test"
)]

mod broker;
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
mod process;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/script.rs"]
mod script;
mod security;
mod semantics;
#[path = "../support/services.rs"]
mod services;
#[path = "../support/process.rs"]
mod support;
