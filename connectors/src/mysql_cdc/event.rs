//! Events of the binary log, as far as they matter.

use millstream_state::Timestamp;
use mysql_async::binlog::row::BinlogRow;

use super::mapping::MappedTable;

/// An event of the binary log, as far as it matters.
#[derive(Debug)]
pub(super) enum Event {
    /// The log goes on here.
    Rotate { file: String, position: u64 },
    /// A transaction begins, or a statement that is one.
    Begin { gtid: Option<String>, is_xa: bool },
    /// A statement.
    Statement { text: String, database: String },
    /// What rows with this number of a table are.
    TableMap { id: u64, table: MappedTable },
    /// Rows that have been changed: as they were, and as they are.
    Rows { id: u64, rows: Vec<(Option<BinlogRow>, Option<BinlogRow>)> },
    /// The transaction is committed.
    Commit,
    /// Anything else, which has a place in the log all the same.
    Other,
}

/// Where an event is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header {
    /// In seconds since 1970.
    pub(super) timestamp: u32,
    /// Where the event ends in its file; the lowest 32 bits of that. None for events that are not in the file.
    pub(super) end: Option<u32>,
    /// How many bytes it has.
    pub(super) size: u32,
}

impl Header {
    /// When the transaction was committed.
    pub(super) fn time(self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.timestamp) * 1_000)
    }
}
