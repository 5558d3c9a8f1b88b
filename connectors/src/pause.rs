//! Waiting before something is tried again.

use std::time::Duration;

/// Waits, on the I/O pool.
#[expect(clippy::disallowed_methods, reason = "on the I/O pool, where no task is there to be woken")]
pub(crate) async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}

/// The delays between tries: doubling, up to a second.
#[cfg(any(feature = "jdbc", feature = "kafka", feature = "nats"))]
#[derive(Default)]
pub(crate) struct Backoff(u32);

#[cfg(any(feature = "jdbc", feature = "kafka", feature = "nats"))]
impl Backoff {
    /// Waits longer than the time before.
    pub(crate) async fn wait(&mut self) {
        let delay = Duration::from_millis(20).saturating_mul(1 << self.0.min(6)).min(Duration::from_secs(1));
        self.0 = self.0.saturating_add(1);
        pause(delay).await;
    }
}
