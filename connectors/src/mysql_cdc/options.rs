//! What can be chosen.

use super::BinlogPosition;

/// From where a job reads that is started without a snapshot. As Flink CDC's `scan.startup.mode`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[doc(alias("scan.startup.mode", "StartupOptions"))]
pub enum StartupMode {
    /// All rows that are there, and then all changes since. Tables need a primary key. Flink's `initial`.
    #[default]
    Initial,
    /// Changes since the beginning of the oldest file of the binary log that the server has. Flink's `earliest-offset`.
    EarliestOffset,
    /// Changes that are committed from now on. Flink's `latest-offset`.
    LatestOffset,
    /// Changes since a position, which must be one between two transactions. Flink's `specific-offset`.
    SpecificOffset(BinlogPosition),
    /// Changes of transactions that were committed at this time or later, in milliseconds since 1970; the log has whole seconds.
    /// Flink's `timestamp`.
    Timestamp(i64),
}

/// How it is found out which changes are in the rows that are read. As Debezium's `snapshot.locking.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias = "snapshot.locking.mode")]
pub enum SnapshotLocking {
    /// By the position that MariaDB gives with a consistent snapshot, without any lock. Servers that give none, as those of MySQL,
    /// are asked as with [`Tables`](Self::Tables).
    #[default]
    Auto,
    /// Each session that reads rows locks the tables against writes until its snapshot has begun. That waits for transactions
    /// that have written into them, and takes some milliseconds then. The user needs the right LOCK TABLES.
    Tables,
}
