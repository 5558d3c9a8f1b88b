//! Delays that grow while a job keeps failing.

use std::time::Duration;

use super::RestartStrategy;

/// Restarts after delays that grow while the job keeps failing. Flink's defaults: from 1 s to 1 min, by
/// half as much again each time, 10 % jitter, starting over after 1 h, without a limit.
///
/// ```
/// # use std::time::Duration;
/// # use millstream_runtime::job::{ExponentialDelay, RestartDecision, RestartState};
/// let strategy = ExponentialDelay::new().initial(Duration::from_secs(4)).multiplier(2.0).jitter(0.0).max_attempts(2);
/// let mut restarts = RestartState::new(strategy.into());
/// let mut after_failure = || restarts.on_failure(Duration::ZERO, 0.5);
/// assert_eq!(after_failure(), RestartDecision::After(Duration::from_secs(4)));
/// assert_eq!(after_failure(), RestartDecision::After(Duration::from_secs(8)));
/// assert_eq!(after_failure(), RestartDecision::GiveUp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct ExponentialDelay {
    pub(super) initial: Duration,
    pub(super) max: Duration,
    pub(super) multiplier: f64,
    pub(super) jitter: f64,
    pub(super) reset_after: Duration,
    pub(super) max_attempts: Option<u32>,
}

impl Default for ExponentialDelay {
    fn default() -> Self {
        Self::new()
    }
}

impl ExponentialDelay {
    /// With Flink's defaults.
    pub const fn new() -> Self {
        Self {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(60),
            multiplier: 1.5,
            jitter: 0.1,
            reset_after: Duration::from_secs(3_600),
            max_attempts: None,
        }
    }

    /// The first delay.
    pub const fn initial(self, initial: Duration) -> Self {
        Self { initial, ..self }
    }

    /// The longest delay.
    pub const fn max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// What each delay is multiplied by to give the next; what is below 1 counts as 1.
    pub const fn multiplier(self, multiplier: f64) -> Self {
        Self { multiplier, ..self }
    }

    /// The share of the delay it varies by, up or down, so that jobs that failed together do not come
    /// back together: from 0 to 1.
    pub const fn jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// A job that has run this long since its last restart begins with the first delay again.
    pub const fn reset_after(self, reset_after: Duration) -> Self {
        Self { reset_after, ..self }
    }

    /// How many restarts there may be since the last such reset. Not set: any number.
    pub const fn max_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts: Some(max_attempts), ..self }
    }
}

impl From<ExponentialDelay> for RestartStrategy {
    fn from(delay: ExponentialDelay) -> Self {
        Self::ExponentialDelay(delay)
    }
}
