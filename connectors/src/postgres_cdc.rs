//! Change data capture from Postgres: [`PostgresCdcSource`] reads the rows of tables and then all their changes, by logical
//! replication with Postgres's own plugin `pgoutput`.
//!
//! Each row and each change is read exactly once, whatever fails: a position in the write-ahead log is part of the job's
//! snapshots, and the server is told what it may forget when a checkpoint is complete.

mod catalog;
mod changes;
mod chunks;
mod copy_text;
mod database;
mod lsn;
mod options;
mod pgoutput;
mod prepare;
mod publication;
mod session;
mod settings;
mod slot;
mod source;
mod stream;
mod types;

use crate::cdc::{progress, reader, record};

pub use crate::cdc::deserialize::ChangeDeserializer;
pub use crate::cdc::options::{SchemaChange, Truncate};
pub use crate::cdc::record::{ChangeKind, ColumnValue};
#[cfg(test)]
pub(crate) use database::Postgres;
pub use lsn::{InvalidLsn, Lsn};
pub use options::{ChangelogMode, StartupMode, UnchangedToast};
pub use source::PostgresCdcSource;
pub use types::PostgresType;

/// A table whose changes are captured, as it was when a change was made.
pub type CapturedTable = record::CapturedTable<PostgresType>;
/// A column of a [`CapturedTable`].
pub type CapturedColumn = record::CapturedColumn<PostgresType>;
/// One change of one row.
pub type ChangeRecord = record::ChangeRecord<PostgresType, Lsn>;
/// The one split of a [`PostgresCdcSource`]: how far it has been read.
pub type PostgresSplit = progress::CdcSplit<PostgresType, Lsn>;
/// Reads the one split of a [`PostgresCdcSource`]. Subtasks that do not have it have nothing to read.
pub type PostgresCdcReader<T> = reader::CdcReader<database::Postgres, T>;

type TableProgress = progress::TableProgress<PostgresType, Lsn>;
type Position = progress::Position<Lsn>;
type Item = crate::cdc::changes::Item<PostgresType, Lsn>;
