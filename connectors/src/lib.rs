//! Connectors of Millstream to outside systems, each behind a cargo feature.
//!
//! | Feature | Module | What it reads and writes |
//! |---|---|---|
//! | `files` | [`files`] | CSV, JSON lines and text, on local disks and object stores |
//! | `jdbc` | `jdbc` | tables of SQLite and Postgres: sources, lookups and sinks, exactly once if that is wanted |
//! | `kafka` | [`kafka`] | topics of Apache Kafka, exactly once |
//! | `postgres-cdc` | `postgres_cdc` | rows of tables of Postgres and all their changes, exactly once |

#[cfg(any(feature = "files", feature = "kafka"))]
mod bad_record;
#[cfg(feature = "files")]
pub mod files;
#[cfg(any(feature = "files", feature = "kafka", feature = "postgres-cdc"))]
mod gathered;
#[cfg(any(feature = "jdbc", feature = "postgres-cdc"))]
mod identifier;
#[cfg(feature = "jdbc")]
pub mod jdbc;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(any(feature = "jdbc", feature = "kafka"))]
mod pause;
#[cfg(feature = "postgres-cdc")]
pub mod postgres_cdc;
#[cfg(any(feature = "files", feature = "jdbc", feature = "kafka"))]
mod under_way;

#[cfg(any(feature = "files", feature = "kafka"))]
pub use bad_record::BadRecord;
#[cfg(any(feature = "files", feature = "kafka", feature = "postgres-cdc"))]
pub use gathered::Gathered;
