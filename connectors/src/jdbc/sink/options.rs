//! When rows are written, and how often.

use std::time::Duration;

/// How often a row may be in the table after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryGuarantee {
    /// Once or more: a checkpoint is complete only when everything before it is written. Rows that are found by a key are
    /// there once.
    AtLeastOnce,
    /// Once: rows are kept until the checkpoint that covers them is complete, and then written in one transaction with a
    /// mark in the table `millstream_checkpoints`, which the sink makes in the same database.
    ExactlyOnce,
}

/// When rows are written that belong to no complete checkpoint yet.
#[derive(Clone, Debug)]
pub(super) struct Flushing {
    /// 0 for no limit.
    pub(super) max_rows: usize,
    /// Zero for no limit.
    pub(super) interval: Duration,
}

impl Default for Flushing {
    fn default() -> Self {
        Self { max_rows: 100, interval: Duration::from_secs(1) }
    }
}
