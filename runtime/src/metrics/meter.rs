//! How often something happens.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use super::Counter;

/// The time over which rates are taken, as Flink's `MeterView`.
const SPAN: Duration = Duration::from_secs(60);

/// Counts events, and says how many there are a second.
///
/// The rate is the one since the reading that is a minute old, or since the last one before that if nobody has
/// read the meter for longer: marking an event reads no clock.
#[derive(Debug, Default)]
pub struct Meter {
    events: Counter,
    /// When it was read, on the monotonic clock, and how many events there had been.
    readings: Mutex<VecDeque<(Duration, u64)>>,
}

impl Meter {
    /// A meter that has seen no event until `now`, on the monotonic clock.
    pub(super) fn starting(now: Duration) -> Self {
        Self { events: Counter::default(), readings: Mutex::new(VecDeque::from([(now, 0)])) }
    }

    /// Notes `events` more. One writer, as of a [`Counter`].
    #[doc(alias = "markEvent")]
    #[inline]
    pub fn mark(&self, events: u64) {
        self.events.add(events);
    }

    /// How many events there were.
    pub fn count(&self) -> u64 {
        self.events.get()
    }

    /// Events per second until `now`, on the monotonic clock.
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let count = self.events.get();
        let mut readings = self.readings.lock();
        // The first reading stays that is at least a span old.
        while readings.get(1).is_some_and(|(time, _)| now.saturating_sub(*time) >= SPAN) {
            readings.pop_front();
        }
        let Some(&(since, before)) = readings.front() else { return 0.0 };
        // Enough of them for a minute, however often it is read.
        let apart = |(last, _): &(Duration, u64)| now.saturating_sub(*last) >= SPAN / 60;
        if readings.back().is_some_and(apart) {
            readings.push_back((now, count));
        }
        let passed = now.saturating_sub(since);
        if passed.is_zero() { 0.0 } else { count.saturating_sub(before) as f64 / passed.as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_rate_is_that_of_the_last_minute() {
        let meter = Meter::starting(at(100));
        meter.mark(300);
        assert_eq!((meter.count(), meter.rate(at(130))), (300, 10.0));
        assert_eq!(meter.rate(at(160)), 5.0);
        // Since 130.
        meter.mark(120);
        assert_eq!(meter.rate(at(190)), 2.0);
        assert_eq!(meter.rate(at(250)), 0.0);
    }

    #[test]
    fn a_meter_that_is_read_all_the_time_keeps_few_readings() {
        let meter = Meter::starting(at(0));
        for millisecond in 0..200_000 {
            meter.mark(1);
            meter.rate(Duration::from_millis(millisecond));
        }
        assert!(meter.readings.lock().len() <= 62);
        let rate = meter.rate(at(200));
        assert!((990.0..=1010.0).contains(&rate), "{rate}");
    }

    #[test]
    fn nothing_is_known_at_the_start_or_before() {
        let meter = Meter::starting(at(5));
        meter.mark(9);
        assert_eq!((meter.rate(at(5)), meter.rate(at(4))), (0.0, 0.0));
    }
}
