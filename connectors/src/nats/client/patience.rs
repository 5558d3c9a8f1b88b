//! For how long something is tried again.

use std::time::Duration;

use millstream_runtime::Result;
use tokio::time::Instant;
use tracing::warn;

use super::failure::Failure;
use crate::pause::Backoff;

/// How much time has passed since something.
#[derive(Clone, Copy, Debug)]
pub(in crate::nats) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "on the I/O pool, where no context is at hand")]
    pub(in crate::nats) fn start() -> Self {
        Self(Instant::now())
    }

    pub(in crate::nats) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Bears with failures that may pass, for so long.
pub(in crate::nats) struct Patience {
    limit: Duration,
    /// Since the first failure after the last success.
    since: Option<Stopwatch>,
    backoff: Backoff,
}

impl Patience {
    pub(in crate::nats) fn new(limit: Duration) -> Self {
        Self { limit, since: None, backoff: Backoff::default() }
    }

    /// It works again.
    pub(in crate::nats) fn renew(&mut self) {
        if self.since.take().is_some() {
            self.backoff = Backoff::default();
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure, if it does not pass, or has not for too long.
    pub(in crate::nats) async fn bear(&mut self, failure: Failure) -> Result<()> {
        let error = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Passing(error) => error,
        };
        let since = *self.since.get_or_insert_with(Stopwatch::start);
        if since.elapsed() >= self.limit {
            return Err(error);
        }
        warn!(%error, "trying again");
        self.backoff.wait().await;
        Ok(())
    }
}
