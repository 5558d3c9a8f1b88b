//! The parser against a corpus of statements, Nexmark, random trees, random texts, and another parser.

#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod corpus;
mod differential;
mod generator;
mod limits;
mod properties;
mod spans;
/// Shared with the fuzz target.
#[path = "../../../fuzz/src/sql.rs"]
mod sql;
