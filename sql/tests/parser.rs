//! The parser against a corpus of statements, Nexmark, random trees, random texts, and another parser.

mod corpus;
mod differential;
mod generator;
mod limits;
mod properties;
mod spans;
/// Shared with the fuzz target.
#[path = "../../fuzz/src/sql.rs"]
mod sql;
