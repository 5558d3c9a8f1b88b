//! The `millstream` binary, as somebody uses it who starts it.
//!
//! One program with all tests: linking one takes as long as many of them run, and tests that wait for servers run side by side.

#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes")]
#![allow(dead_code, reason = "servers have what other tests use")]

mod support;

#[path = "../../connectors/tests/kafka/broker.rs"]
#[cfg(feature = "kafka")]
mod broker;
#[path = "../../connectors/tests/support/mariadb.rs"]
#[cfg(feature = "mysql-cdc")]
mod mariadb;
#[path = "../../connectors/tests/nats/server.rs"]
#[cfg(feature = "nats")]
mod nats_server;
#[path = "../../connectors/tests/support/postgres.rs"]
#[cfg(feature = "postgres-cdc")]
mod postgres;
#[path = "../../connectors/tests/support/script.rs"]
mod script;
#[path = "../../connectors/tests/support/services.rs"]
mod services;

mod cases;
mod examples;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(all(feature = "kafka", feature = "schema-registry"))]
mod kafka_formats;
#[cfg(all(feature = "aws", feature = "kafka", feature = "parquet", feature = "postgres-cdc"))]
mod kafka_orders;
#[cfg(feature = "mysql-cdc")]
mod mysql_cdc;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "aws")]
mod object_storage;
#[cfg(feature = "postgres-cdc")]
mod postgres_cdc;
mod recovery;
mod sql;
