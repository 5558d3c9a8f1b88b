//! Tables of databases, by what JDBC calls their URLs: `jdbc:sqlite:PATH` and `jdbc:postgresql://host:port/database`.
//!
//! As Flink's [JDBC connector](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/jdbc/). No Java is
//! involved: SQLite is built in, and Postgres is spoken to in its own protocol.
//!
//! | | |
//! |---|---|
//! | [`JdbcSource`] | reads a table to its end, in parts if it has a column to cut it by |
//! | [`JdbcLookup`] | finds rows by keys, many at a time |
//! | [`JdbcSink`] | inserts rows, or replaces and deletes them by their key; exactly once if that is wanted |
//!
//! What is said to a database never runs on the thread of a task. A session that breaks is made anew, and what was asked of it
//! is asked again, as often as [`JdbcConnection::max_retries`] says.

mod connection;
mod failure;
mod lookup;
mod mark;
mod off_thread;
mod pool;
mod postgres;
mod session;
mod sink;
mod source;
mod sqlite;
mod statement;
#[cfg(test)]
mod tests;
mod url;
mod value;

pub use connection::JdbcConnection;
pub use lookup::{FoundRow, JdbcLookup};
pub use sink::{Change, ChangeFunction, DeliveryGuarantee, JdbcCommittable, JdbcSink, JdbcWriter, ToChanges};
pub use source::{FromRows, JdbcReader, JdbcSource, JdbcSplit, RowFunction};
pub use value::{Row, Value};
