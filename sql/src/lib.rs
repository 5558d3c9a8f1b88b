//! Flink SQL for Millstream.
//!
//! [`parser`] turns text of Flink's dialect into a syntax tree. It knows no catalog and no types: what a statement
//! means, and whether this engine can run it, is decided from the tree.
//! [`types`] has Flink's types, and their values as text and on the calendar.

pub mod analysis;
pub mod catalog;
pub mod chunk;
pub mod connectors;
mod error;
pub mod eval;
pub mod formats;
pub mod functions;
pub mod operators;
pub mod parser;
pub mod plan;
mod table_environment;
#[cfg(test)]
mod test_support;
#[cfg(feature = "testing")]
pub mod testing;
mod translate;
pub mod types;

use millstream_state::suggestion;

pub use error::{SqlError, SqlErrorKind, SqlResult};
pub use table_environment::{InsertJob, QueryJob, TableEnvironment, TableResult};
