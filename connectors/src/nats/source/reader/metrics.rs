//! What a reader shows of each stream and filter.

use std::sync::Arc;

use millstream_runtime::metrics::{Gauge, MetricGroup};

use crate::nats::source::split::StreamPart;

/// The metrics of a stream or filter, in the groups `stream` and `subject`, by the names that Flink's readers give such.
pub(super) struct PartMetrics {
    /// The sequence up to which everything has been read; 0 before.
    current: Arc<Gauge>,
    /// How many messages there are that have not been read.
    pending: Arc<Gauge>,
}

impl PartMetrics {
    /// Without a group nobody sees them.
    pub(super) fn new(metrics: Option<&MetricGroup>, part: &StreamPart) -> Self {
        let subject = part.filter.as_deref().unwrap_or(">");
        let group = metrics.map(|metrics| metrics.group("stream", &*part.stream).group("subject", subject));
        let gauge = |name| group.as_ref().map(|group| group.gauge(name)).unwrap_or_default();
        let [current, pending] = ["currentSequence", "pendingRecords"].map(gauge);
        Self { current, pending }
    }

    /// Reading goes on at `next`, and so many messages are there.
    pub(super) fn update(&self, next: u64, pending: u64) {
        let number = |value| i64::try_from(value).unwrap_or(i64::MAX);
        self.current.set_integer(number(next.saturating_sub(1)));
        self.pending.set_integer(number(pending));
    }
}
