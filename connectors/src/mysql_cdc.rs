//! Change data capture from MySQL and MariaDB: [`MysqlCdcSource`] reads the rows of tables and then all their changes, out of the
//! binary log, as a replica does.
//!
//! Each row and each change is read exactly once, whatever fails: a position in the binary log is part of the job's snapshots.

mod binlog;
mod catalog;
mod changes;
mod charset;
mod checks;
mod chunks;
mod database;
mod event;
mod mapping;
mod options;
mod position;
mod prepare;
mod session;
mod settings;
mod source;
mod statement;
mod types;
mod value;

use crate::cdc::{progress, reader, record};

pub use crate::cdc::deserialize::ChangeDeserializer;
pub use crate::cdc::options::{SchemaChange, Truncate};
pub use crate::cdc::record::{ChangeKind, ColumnValue};
pub use options::{SnapshotLocking, StartupMode};
pub use position::BinlogPosition;
pub use source::MysqlCdcSource;
pub use types::MysqlType;

/// A table whose changes are captured, as it was when a change was made.
pub type CapturedTable = record::CapturedTable<MysqlType>;
/// A column of a [`CapturedTable`].
pub type CapturedColumn = record::CapturedColumn<MysqlType>;
/// One change of one row.
pub type ChangeRecord = record::ChangeRecord<MysqlType, BinlogPosition>;
/// The one split of a [`MysqlCdcSource`]: how far it has been read.
pub type MysqlSplit = progress::CdcSplit<MysqlType, BinlogPosition>;
/// Reads the one split of a [`MysqlCdcSource`]. Subtasks that do not have it have nothing to read.
pub type MysqlCdcReader<T> = reader::CdcReader<database::Mysql, T>;

type TableProgress = progress::TableProgress<MysqlType, BinlogPosition>;
type Position = progress::Position<BinlogPosition>;
type Item = crate::cdc::changes::Item<MysqlType, BinlogPosition>;
