//! How fast a source may be.

use std::time::Duration;

/// What was missed by more than this (because downstream was slow) is not made up for.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Lets records pass at a rate, by a monotonic clock that it is given; it never waits itself.
///
/// ```
/// use std::time::Duration;
///
/// use millstream::source::RateLimiter;
///
/// let mut limiter = RateLimiter::new(100.0);
/// let start = Duration::from_secs(7);
/// assert_eq!(limiter.allowance(start), 1);
/// limiter.pass(1);
/// assert_eq!(limiter.allowance(start), 0);
/// assert_eq!(limiter.wait(start), Duration::from_millis(10));
/// assert_eq!(limiter.allowance(start + Duration::from_millis(50)), 5);
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    per_second: f64,
    origin: Option<Duration>,
    /// How many have passed since the origin.
    passed: u64,
}

impl RateLimiter {
    /// For `per_second` records a second, which must be above 0.
    pub const fn new(per_second: f64) -> Self {
        Self { per_second, origin: None, passed: 0 }
    }

    /// How many records may pass at `now`. The first may at once.
    pub fn allowance(&mut self, now: Duration) -> u64 {
        let origin = *self.origin.get_or_insert(now);
        let missed = now.saturating_sub(self.due_at(origin, self.passed));
        if missed > CATCH_UP {
            self.origin = Some(now.saturating_sub(CATCH_UP));
            self.passed = 0;
        }
        self.due(now).saturating_sub(self.passed)
    }

    /// Notes that records have passed.
    pub const fn pass(&mut self, records: u64) {
        self.passed += records;
    }

    /// How long to wait at `now` until the next record may pass; never less than a millisecond.
    pub fn wait(&self, now: Duration) -> Duration {
        // `due` may round a record that is due just now to "not yet": a source that waited until now
        // would be woken again and again while the clock stands.
        let due = self.due_at(self.origin.unwrap_or(now), self.passed);
        due.saturating_sub(now).max(Duration::from_millis(1))
    }

    /// How many may have passed by `now`.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturating"
    )]
    fn due(&self, now: Duration) -> u64 {
        let elapsed = now.saturating_sub(self.origin.unwrap_or(now));
        ((elapsed.as_secs_f64() * self.per_second) as u64).saturating_add(1)
    }

    /// When record number `number` from the origin on, counted from 0, may pass.
    #[allow(clippy::cast_precision_loss, reason = "a rate need not be that exact")]
    fn due_at(&self, origin: Duration, number: u64) -> Duration {
        let after = Duration::try_from_secs_f64(number as f64 / self.per_second);
        origin.saturating_add(after.unwrap_or(Duration::MAX))
    }
}
