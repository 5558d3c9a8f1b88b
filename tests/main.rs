//! The engine as its users have it: whole jobs, and the examples as processes.
//!
//! One program with all tests: to compile and link one takes longer than most of them run.

#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for real time to pass, and look at the clock")]

mod arriving_files;
mod bounded_emission;
mod cancellation;
mod decoders;
mod errors;
mod examples;
mod flight_delays;
mod flight_examples;
mod full_disk;
mod mistakes;
mod ownership;
mod panics;
mod partitioning;
mod restored_windows;
mod savepoints;
mod slow_functions;
mod support;
mod unreadable_types;
