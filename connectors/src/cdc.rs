//! Change data capture, whatever the database: rows that are read in ranges of primary keys, the log of changes after them,
//! and the seam between both. What sources yield is described here; the modules of databases say what their types and positions are.

pub(crate) mod changes;
pub(crate) mod chunks;
pub(crate) mod database;
pub(crate) mod deserialize;
mod heartbeat;
pub(crate) mod key;
pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod record;

pub use database::ColumnType;
pub use deserialize::ChangeDeserializer;
pub use options::{SchemaChange, Truncate};
pub use record::{CapturedColumn, CapturedTable, ChangeKind, ChangeRecord, ColumnValue};
