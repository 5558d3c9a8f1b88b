//! Change data capture from Postgres: [`PostgresCdcSource`] reads the rows of tables and then all their changes, by logical
//! replication with Postgres's own plugin `pgoutput`.
//!
//! Each row and each change is read exactly once, whatever fails: a position in the write-ahead log is part of the job's
//! snapshots, and the server is told what it may forget when a checkpoint is complete.

mod catalog;
mod changes;
mod chunks;
mod copy_text;
mod deserialize;
mod heartbeat;
mod key;
mod lsn;
mod options;
mod pgoutput;
mod prepare;
mod progress;
mod publication;
mod reader;
mod record;
mod session;
mod settings;
mod slot;
mod source;
mod stream;

pub use deserialize::ChangeDeserializer;
pub use lsn::{InvalidLsn, Lsn};
pub use options::{ChangelogMode, SchemaChange, StartupMode, Truncate, UnchangedToast};
pub use progress::PostgresSplit;
pub use reader::PostgresCdcReader;
pub use record::{CapturedColumn, CapturedTable, ChangeKind, ChangeRecord, ColumnValue};
pub use source::PostgresCdcSource;
