//! What the reader shows of itself.

use std::sync::Arc;

use millstream_runtime::metrics::{Gauge, MetricGroup};
use millstream_state::Timestamp;

/// The metrics of a source, by the names of Flink CDC's where it has them.
#[derive(Default)]
pub(super) struct ReaderMetrics {
    /// 1 while rows are read, else 0.
    is_snapshotting: Arc<Gauge>,
    /// 1 while changes are read, else 0.
    is_stream_reading: Arc<Gauge>,
    /// Milliseconds from the commit of a change until it was emitted.
    event_time_lag: Arc<Gauge>,
    /// Bytes of the log that the server has sent, and that no completed checkpoint covers.
    unconfirmed: Arc<Gauge>,
}

impl ReaderMetrics {
    pub(super) fn new(metrics: &MetricGroup) -> Self {
        Self {
            is_snapshotting: metrics.gauge("isSnapshotting"),
            is_stream_reading: metrics.gauge("isStreamReading"),
            event_time_lag: metrics.gauge("currentEmitEventTimeLag"),
            unconfirmed: metrics.gauge("unconfirmedBytes"),
        }
    }

    pub(super) fn show_stage(&self, is_snapshotting: bool) {
        self.is_snapshotting.set_integer(i64::from(is_snapshotting));
        self.is_stream_reading.set_integer(i64::from(!is_snapshotting));
    }

    /// The change that was emitted last was committed at `committed`.
    pub(super) fn show_lag(&self, committed: Timestamp, now: Timestamp) {
        self.event_time_lag.set_integer(now.as_millis() - committed.as_millis());
    }

    pub(super) fn set_unconfirmed(&self, bytes: u64) {
        self.unconfirmed.set_integer(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
