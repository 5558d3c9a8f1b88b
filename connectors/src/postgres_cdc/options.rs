//! What can be chosen.

/// From where a job reads that is started without a snapshot. As Flink CDC's `scan.startup.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias("scan.startup.mode", "StartupOptions"))]
pub enum StartupMode {
    /// All rows that are there, and then all changes since. Tables need a primary key. Flink's `initial`.
    #[default]
    Initial,
    /// Changes that are committed from now on. Flink's `latest-offset`.
    LatestOffset,
    /// Changes since what the slot has confirmed; where there is no slot yet, from now on. Flink's
    /// `committed-offset`, Debezium's `never`.
    #[doc(alias = "never")]
    CommittedOffset,
}

/// Which records an update becomes. As Flink CDC's `changelog-mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias = "changelog-mode")]
pub enum ChangelogMode {
    /// The row as it was and as it is. Updates and deletes need tables with `REPLICA IDENTITY FULL`: others fail the job.
    #[default]
    All,
    /// The row as it is alone. Of a deleted row there is no more than its key, unless the table has `REPLICA IDENTITY FULL`.
    Upsert,
}

/// What is done about a large value (TOAST) that an update has not touched, and of which the server has sent nothing. With
/// `REPLICA IDENTITY FULL` there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnchangedToast {
    /// The job fails.
    #[default]
    Fail,
    /// The value is [`Unavailable`](super::ColumnValue::Unavailable).
    Mark,
}
