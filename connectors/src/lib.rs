//! Connectors of Millstream to outside systems, each behind a cargo feature.
//!
//! | Feature | Module | What it reads and writes |
//! |---|---|---|
//! | `files` | [`files`] | CSV, JSON lines and text, on local disks and object stores |
//! | `http` | `http` | messages of HTTP streams, of servers that are polled and of WebSockets; records as requests |
//! | `jdbc` | `jdbc` | tables of SQLite and Postgres: sources, lookups and sinks, exactly once if that is wanted |
//! | `kafka` | [`kafka`] | topics of Apache Kafka, exactly once |
//! | `mysql-cdc`, `postgres-cdc` | `cdc` | what changes of all databases have in common |
//! | `mysql-cdc` | `mysql_cdc` | rows of tables of MySQL and MariaDB and all their changes, exactly once |
//! | `nats` | `nats` | streams of NATS JetStream, exactly once |
//! | `opentelemetry` | `opentelemetry` | no records: spans of checkpoints and restarts, for a tracer |
//! | `postgres-cdc` | `postgres_cdc` | rows of tables of Postgres and all their changes, exactly once |
//! | `prometheus` | `prometheus` | no records: Prometheus reads there what a job has done |
//! | `socket` | `socket` | lines of text that a server sends, for demonstrations |

#[cfg(any(feature = "files", feature = "http", feature = "kafka", feature = "nats"))]
mod bad_record;
#[cfg(any(feature = "mysql-cdc", feature = "postgres-cdc"))]
pub mod cdc;
#[cfg(any(feature = "http", feature = "jdbc", feature = "nats"))]
mod commit_order;
#[cfg(any(feature = "http", feature = "socket"))]
mod delimited;
#[cfg(feature = "files")]
pub mod files;
#[cfg(any(
    feature = "files",
    feature = "http",
    feature = "kafka",
    feature = "mysql-cdc",
    feature = "nats",
    feature = "postgres-cdc"
))]
mod gathered;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "jdbc", feature = "postgres-cdc"))]
mod identifier;
#[cfg(feature = "jdbc")]
pub mod jdbc;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(any(feature = "kafka", feature = "nats"))]
mod lane;
#[cfg(feature = "mysql-cdc")]
pub mod mysql_cdc;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(any(feature = "http", feature = "jdbc", feature = "kafka", feature = "mysql-cdc", feature = "nats"))]
mod pause;
#[cfg(feature = "postgres-cdc")]
pub mod postgres_cdc;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "socket")]
pub mod socket;
#[cfg(feature = "tls")]
#[doc(hidden)]
pub mod tls;
#[cfg(any(feature = "http", feature = "nats"))]
mod tls_failure;
#[cfg(any(feature = "files", feature = "http", feature = "jdbc", feature = "kafka", feature = "nats"))]
mod under_way;

#[cfg(any(feature = "files", feature = "http", feature = "kafka", feature = "nats"))]
pub use bad_record::BadRecord;
#[cfg(any(
    feature = "files",
    feature = "http",
    feature = "kafka",
    feature = "mysql-cdc",
    feature = "nats",
    feature = "postgres-cdc"
))]
pub use gathered::Gathered;
