//! When something is tried again.

use std::time::Duration;

use millstream_runtime::clock::Random;

/// How often something is tried again, and how long that waits: twice as long from time to time, and between half of that and
/// all of it, so that many clients do not come back at once.
///
/// ```
/// use std::time::Duration;
///
/// use millstream::connectors::http::{RetryPolicy, WebSocketSource};
///
/// let patient = RetryPolicy::new(Duration::from_millis(200), Duration::from_secs(60)).max_attempts(None);
/// let ticks = WebSocketSource::new("wss://example.com/ticks").reconnect(patient);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    initial: Duration,
    most: Duration,
    pub(super) attempts: Option<u32>,
}

impl RetryPolicy {
    /// Waits about `initial` at first and `most` at most. Tries ten times in a row, unless
    /// [it is said otherwise](Self::max_attempts).
    pub const fn new(initial: Duration, most: Duration) -> Self {
        Self { initial, most, attempts: Some(10) }
    }

    /// How often in a row it is tried again before the job fails, and its restart strategy decides; `None` for as long as the
    /// job runs.
    #[must_use]
    pub fn max_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.attempts = attempts.into();
        self
    }

    /// Whether it may be tried again, where that has been done so often in a row.
    pub(super) fn may_retry(&self, attempts: u32) -> bool {
        self.attempts.is_none_or(|most| attempts < most)
    }

    /// How long to wait, where it has been tried again so often in a row.
    pub(super) fn delay(&self, attempts: u32, random: &mut Random) -> Duration {
        let longest = self.initial.saturating_mul(1 << attempts.min(30)).min(self.most);
        (longest / 2).saturating_add((longest / 2).mul_f64(random.unit()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn delays_double_up_to_the_longest(initial in 1_u64..10_000, most in 1_u64..100_000, attempts: u32, seed: u64) {
            let policy = RetryPolicy::new(Duration::from_millis(initial), Duration::from_millis(most));
            let delay = policy.delay(attempts, &mut Random::new(seed));
            let longest = initial.saturating_mul(1 << attempts.min(30)).min(most);
            prop_assert!(delay <= Duration::from_millis(longest));
            prop_assert!(delay >= Duration::from_millis(longest) / 2);
        }
    }

    #[test]
    fn the_last_try_is_the_last() {
        let policy = RetryPolicy::new(Duration::ZERO, Duration::ZERO).max_attempts(2);
        assert_eq!([0, 1, 2].map(|attempts| policy.may_retry(attempts)), [true, true, false]);
        assert!(policy.max_attempts(None).may_retry(u32::MAX));
    }
}
