//! Restart strategies: whether a failed job is tried again, and after how long.

mod exponential_delay;

use std::collections::VecDeque;
use std::time::Duration;

pub use exponential_delay::ExponentialDelay;

/// What happens after a failure (Flink's `restart-strategy.type`).
///
/// Without a choice of the user, a job with automatic checkpoints gets
/// [`exponential_delay`](Self::exponential_delay), and a job without them is not restarted.
#[derive(Clone, Debug, PartialEq)]
#[doc(alias("RestartStrategies", "RestartStrategyOptions", "restart-strategy"))]
pub enum RestartStrategy {
    /// The first failure fails the job.
    None,
    /// A number of restarts, each after the same delay.
    FixedDelay {
        /// How many restarts in all.
        attempts: u32,
        /// From the failure to the restart.
        delay: Duration,
    },
    /// Restarts as long as failures are rare.
    FailureRate {
        /// How many failures are borne within `per`; one more fails the job.
        max_failures: u32,
        /// The time span failures are counted over.
        per: Duration,
        /// From the failure to the restart.
        delay: Duration,
    },
    /// Restarts after delays that grow while the job keeps failing.
    ExponentialDelay(ExponentialDelay),
}

impl RestartStrategy {
    /// A number of restarts, each after the same delay.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream_runtime::job::RestartStrategy;
    /// let strategy = RestartStrategy::fixed_delay(3, Duration::from_secs(1));
    /// assert_eq!(strategy, RestartStrategy::FixedDelay { attempts: 3, delay: Duration::from_secs(1) });
    /// ```
    #[doc(alias = "fixedDelayRestart")]
    pub const fn fixed_delay(attempts: u32, delay: Duration) -> Self {
        Self::FixedDelay { attempts, delay }
    }

    /// Restarts, each after the same delay, as long as there are no more than `max_failures` within `per`.
    #[doc(alias = "failureRateRestart")]
    pub const fn failure_rate(max_failures: u32, per: Duration, delay: Duration) -> Self {
        Self::FailureRate { max_failures, per, delay }
    }

    /// Growing delays with the defaults of [`ExponentialDelay`].
    #[doc(alias = "exponentialDelayRestart")]
    pub const fn exponential_delay() -> Self {
        Self::ExponentialDelay(ExponentialDelay::new())
    }

    /// What a job gets that does not choose, with or without automatic checkpoints.
    pub const fn default_for(checkpoints: bool) -> Self {
        if checkpoints { Self::exponential_delay() } else { Self::None }
    }
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartDecision {
    /// Restart after this time.
    After(Duration),
    /// Let the job fail.
    GiveUp,
}

/// A strategy, and the failures it has seen.
#[derive(Clone, Debug)]
pub struct RestartState {
    strategy: RestartStrategy,
    /// Restarts granted, since the last reset if there are resets.
    restarts: u32,
    /// When recent failures happened, oldest first; kept for the failure rate only.
    failures: VecDeque<Duration>,
    /// When the last restart was due.
    restarted: Option<Duration>,
}

impl RestartState {
    /// No failure yet.
    pub const fn new(strategy: RestartStrategy) -> Self {
        Self { strategy, restarts: 0, failures: VecDeque::new(), restarted: None }
    }

    /// Decides about a failure at `now` on the monotonic clock. `random` is a number from 0 to 1, for the jitter.
    pub fn on_failure(&mut self, now: Duration, random: f64) -> RestartDecision {
        let granted = match self.strategy {
            RestartStrategy::None => None,
            RestartStrategy::FixedDelay { attempts, delay } => (self.restarts < attempts).then_some(delay),
            RestartStrategy::FailureRate { max_failures, per, delay } => {
                self.failures.push_back(now);
                while self.failures.front().is_some_and(|failure| now.saturating_sub(*failure) > per) {
                    self.failures.pop_front();
                }
                (self.failures.len() <= max_failures as usize).then_some(delay)
            }
            RestartStrategy::ExponentialDelay(exponential_delay) => {
                let ExponentialDelay { initial, max, multiplier, jitter, reset_after, max_attempts } =
                    exponential_delay;
                if self.restarted.is_some_and(|restarted| now.saturating_sub(restarted) >= reset_after) {
                    self.restarts = 0;
                }
                let delay = exponential(initial, max, multiplier, self.restarts);
                let varied = scaled(delay, jitter.mul_add(random.mul_add(2.0, -1.0), 1.0), max);
                max_attempts.is_none_or(|attempts| self.restarts < attempts).then_some(varied)
            }
        };
        match granted {
            Some(delay) => {
                self.restarts = self.restarts.saturating_add(1);
                self.restarted = Some(now.saturating_add(delay));
                RestartDecision::After(delay)
            }
            None => RestartDecision::GiveUp,
        }
    }
}

fn exponential(initial: Duration, max: Duration, multiplier: f64, restarts: u32) -> Duration {
    let exponent = i32::try_from(restarts).unwrap_or(i32::MAX);
    scaled(initial, multiplier.max(1.0).powi(exponent), max)
}

/// `delay` times `factor`, at most `max`.
fn scaled(delay: Duration, factor: f64, max: Duration) -> Duration {
    // What overflows is above any maximum.
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor.max(0.0)).map_or(max, |delay| delay.min(max))
}

#[cfg(test)]
mod tests;
