//! When a task wants to be woken, by either clock.

use std::time::Duration;

use millstream_state::Timestamp;

use super::Moment;

/// While a task waits for a time of day, the clock is looked at this often: it may have stepped there.
const LONGEST_LOOK_AWAY: Duration = Duration::from_secs(1);

/// The earliest wake-ups that were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// For a time of day.
    timer: Option<Timestamp>,
    /// For a time of the monotonic clock.
    deadline: Option<Duration>,
}

impl Alarm {
    pub(crate) fn at(&mut self, time: Timestamp) {
        self.timer = Some(self.timer.map_or(time, |earlier| earlier.min(time)));
    }

    pub(crate) fn at_monotonic(&mut self, deadline: Duration) {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.timer.is_none() && self.deadline.is_none()
    }

    /// Takes over what another one asks for.
    pub(crate) fn merge(&mut self, other: Self) {
        other.timer.into_iter().for_each(|time| self.at(time));
        other.deadline.into_iter().for_each(|deadline| self.at_monotonic(deadline));
    }

    /// Whether the time has come for either; if so, both are forgotten.
    pub(crate) fn rings(&mut self, now: Moment) -> bool {
        let rings = self.timer.is_some_and(|time| time <= now.wall)
            || self.deadline.is_some_and(|deadline| deadline <= now.monotonic);
        if rings {
            *self = Self::default();
        }
        rings
    }

    /// When it is to be looked at again; it need not ring then.
    pub(crate) fn check_at(&self, now: Moment) -> Option<Duration> {
        let timer = self.timer.map(|time| time.since(now.wall).min(LONGEST_LOOK_AWAY));
        let timer = timer.map(|left| now.monotonic.saturating_add(left));
        timer.into_iter().chain(self.deadline).min()
    }

    /// The time of day at which it rings if the clock does not step.
    pub(crate) fn expected(&self, now: Moment) -> Option<Timestamp> {
        let deadline =
            self.deadline.map(|deadline| now.wall.saturating_add(deadline.saturating_sub(now.monotonic)));
        self.timer.into_iter().chain(deadline).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(monotonic: u64, wall: i64) -> Moment {
        Moment { monotonic: Duration::from_millis(monotonic), wall: Timestamp::from_millis(wall) }
    }

    #[test]
    fn a_timer_survives_a_clock_that_steps_back() {
        let mut alarm = Alarm::default();
        alarm.at(Timestamp::from_millis(500));
        assert_eq!(alarm.check_at(moment(0, 0)), Some(Duration::from_millis(500)));
        assert!(!alarm.rings(moment(500, 499)), "the clock has lost a millisecond");
        assert_eq!(alarm.check_at(moment(500, 499)), Some(Duration::from_millis(501)));
        assert!(alarm.rings(moment(501, 500)));
        assert_eq!(alarm, Alarm::default());
    }

    #[test]
    fn a_timer_that_the_clock_steps_over_rings_within_a_second() {
        let mut alarm = Alarm::default();
        alarm.at(Timestamp::from_millis(3_600_000));
        assert_eq!(alarm.check_at(moment(7, 0)), Some(Duration::from_millis(1_007)));
        assert!(alarm.rings(moment(1_007, 4_000_000)));
    }

    #[test]
    fn a_deadline_does_not_care_what_time_of_day_it_is() {
        let mut alarm = Alarm::default();
        alarm.at_monotonic(Duration::from_millis(90));
        alarm.at_monotonic(Duration::from_millis(70));
        assert_eq!(alarm.check_at(moment(20, 99_999)), Some(Duration::from_millis(70)));
        assert!(!alarm.rings(moment(69, 99_999)));
        assert!(alarm.rings(moment(70, -99_999)));
    }

    #[test]
    fn the_earliest_of_all_counts() {
        let (mut alarm, mut other) = (Alarm::default(), Alarm::default());
        alarm.at(Timestamp::from_millis(400));
        other.at(Timestamp::from_millis(600));
        other.at_monotonic(Duration::from_millis(50));
        alarm.merge(other);
        assert_eq!(alarm.expected(moment(10, 310)), Some(Timestamp::from_millis(350)));
        assert_eq!(alarm.check_at(moment(10, 310)), Some(Duration::from_millis(50)));
        assert_eq!(alarm.check_at(moment(10, 399)), Some(Duration::from_millis(11)));
    }
}
