//! SQL, from text to rows.
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
#![allow(clippy::disallowed_methods, reason = "tests wait for real time to pass")]

mod cases;
mod expectations;
mod functions;
mod joins;
mod judge;
mod nexmark;
mod nexmark_joins;
mod nexmark_plans;
mod parser;
mod restore;
mod state_expiry;
mod state_ttl;
