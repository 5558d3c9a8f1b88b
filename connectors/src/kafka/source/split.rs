//! A partition, and how far it has been read.

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kafka::TopicPartition;

/// A partition that is read, and from where up to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KafkaSplit {
    pub(super) partition: TopicPartition,
    /// The offset of the first record that has not been read.
    pub(super) next: i64,
    /// The offset before which reading ends.
    pub(super) stop: Option<i64>,
    /// How far it has come in event time.
    pub(super) watermark: Timestamp,
}

impl KafkaSplit {
    /// The partition.
    pub const fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The offset that reading goes on at.
    pub const fn next_offset(&self) -> i64 {
        self.next
    }

    /// Whether everything has been read.
    pub(super) fn is_done(&self) -> bool {
        self.stop.is_some_and(|stop| self.next >= stop)
    }
}
