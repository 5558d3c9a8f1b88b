//! What a reader shows of each of its partitions.

use std::sync::Arc;

use millstream_runtime::metrics::{Gauge, MetricGroup};

use crate::kafka::TopicPartition;

/// The metrics of a partition, in the groups `topic` and `partition`, by the names of Flink's `KafkaSourceReader`; its
/// `pendingRecords` is the sum of all partitions', here each has its own.
pub(super) struct PartitionMetrics {
    /// The offset of the last record that was read; -1 before.
    current: Arc<Gauge>,
    /// The offset that the group was told last; -1 before.
    committed: Arc<Gauge>,
    /// How many records there are that have not been read, with aborted ones and the ends of transactions.
    pending: Arc<Gauge>,
}

impl PartitionMetrics {
    /// Without a group nobody sees them.
    pub(super) fn new(metrics: Option<&MetricGroup>, partition: &TopicPartition) -> Self {
        let group = metrics.map(|metrics| {
            metrics.group("topic", &*partition.topic).group("partition", partition.partition.to_string())
        });
        let gauge = |name| group.as_ref().map(|group| group.gauge(name)).unwrap_or_default();
        let [current, committed, pending] = ["currentOffset", "committedOffset", "pendingRecords"].map(gauge);
        current.set_integer(-1);
        committed.set_integer(-1);
        Self { current, committed, pending }
    }

    /// Reading goes on at `next`, and the last record lies before `end`.
    pub(super) fn update(&self, next: i64, end: Option<i64>) {
        self.current.set_integer(next - 1);
        if let Some(end) = end {
            self.pending.set_integer((end - next).max(0));
        }
    }

    pub(super) fn committed(&self, offset: i64) {
        self.committed.set_integer(offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_lies_between_what_is_read_and_the_end() {
        let metrics = PartitionMetrics::new(None, &TopicPartition::new("a", 0));
        let shown = |next, end| {
            metrics.update(next, end);
            (metrics.current.get(), metrics.pending.get())
        };
        assert_eq!(shown(3, None), (2.0, 0.0));
        assert_eq!(shown(3, Some(10)), (2.0, 7.0));
        // The end that was known before.
        assert_eq!(shown(5, None), (4.0, 7.0));
        assert_eq!(shown(12, Some(10)), (11.0, 0.0));
    }
}
