//! What a job has done, in one line.

use std::time::Duration;

use millstream_runtime::checkpoint::CheckpointStatus;
use millstream_runtime::driver::actor::JobMetrics;
use millstream_runtime::metrics::MetricValue;

/// Writes lines of progress, each about the time since the last one.
pub(super) struct Progress {
    interval: Duration,
    /// How many rows had been read at the last line.
    read: u64,
}

impl Progress {
    /// For a line each `interval`.
    pub(super) const fn new(interval: Duration) -> Self {
        Self { interval, read: 0 }
    }

    /// What has been done until now.
    #[allow(clippy::cast_precision_loss, reason = "shown with few digits")]
    pub(super) fn line(&mut self, metrics: &JobMetrics) -> String {
        let (mut read, mut written, mut skipped) = (0, 0, 0);
        let (mut pending, mut oldest) = (None, None);
        for (name, operator) in metrics.operators() {
            skipped += operator.skipped_records;
            if let Some(of_source) = operator.sum_of_gauges("pendingRecords") {
                pending = Some(pending.unwrap_or(0.0) + of_source);
            }
            if let Some(MetricValue::Gauge(age)) = operator.metric("currentTransactionAge") {
                oldest = Some(f64::max(oldest.unwrap_or(0.0), *age));
            }
            if name.starts_with("Source: ") || name.starts_with("Values") {
                read += operator.records_out;
            } else if name.starts_with("Sink: ") {
                written += operator.records_in;
            }
        }
        let rate = read.saturating_sub(self.read) as f64 / self.interval.as_secs_f64();
        self.read = read;
        let mut checkpoints = metrics.checkpoints.recent();
        let last = checkpoints.rfind(|checkpoint| matches!(checkpoint.status, CheckpointStatus::Completed));
        let checkpoint = last.map_or_else(
            || "none".to_owned(),
            |last| {
                let duration = last.duration.unwrap_or_default().as_millis();
                format!("{} ({} bytes, {duration} ms)", last.id, last.total_bytes)
            },
        );
        let restarts = match (metrics.restarts, &metrics.last_failure) {
            (0, _) => String::new(),
            (restarts, None) => format!("; {restarts} restarts"),
            (restarts, Some(failure)) => format!("; {restarts} restarts, the last after: {failure}"),
        };
        let pending = pending.map(|pending| format!(", {pending:.0} pending")).unwrap_or_default();
        let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
        let oldest = oldest
            .filter(|age| *age > 0.0)
            .map(|age| format!(" (oldest transaction: {age:.0} ms)"))
            .unwrap_or_default();
        format!(
            "{:?}: {read} rows read ({rate:.0}/s{pending}{skipped}), {written} written{oldest}; last checkpoint: {checkpoint}{restarts}",
            metrics.status
        )
    }
}
