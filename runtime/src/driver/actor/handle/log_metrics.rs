//! A reporter that writes a job's metrics into the log.

use std::time::Duration;

use tracing::instrument::WithSubscriber;

use super::JobHandle;
use crate::clock::IoPool;
use crate::error::{Error, ErrorKind, Result};

impl JobHandle {
    /// Logs all metrics of the job every `interval` until it ends, with the level `INFO` and the target `millstream::metrics`: a line
    /// for each, as [`prometheus_text`](Self::prometheus_text) has them. As Flink's `Slf4jReporter`. What the job has done by its end
    /// is in its [report](super::JobReport).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJob`] for an interval of nothing.
    #[doc(alias = "Slf4jReporter")]
    pub fn log_metrics(&self, interval: Duration) -> Result<()> {
        if interval.is_zero() {
            let problem = "metrics every 0 s would fill the log with nothing else: choose a longer interval";
            return Err(Error::new(ErrorKind::InvalidJob, problem));
        }
        let job = self.clone();
        let reporting = async move {
            loop {
                job.pool.clone().sleep(interval).await;
                let metrics = job.prometheus_text();
                tracing::info!(target: "millstream::metrics", job = job.name(), "\n{metrics}");
            }
        };
        // Where the caller's log goes, on whatever thread it runs.
        self.spawn_io(reporting.with_current_subscriber());
        Ok(())
    }
}
