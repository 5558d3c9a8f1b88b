//! Points in time at random distances from now.

#[cfg(test)]
mod tests;

use super::calendar::{DAY_MILLIS, Moment, days};
use super::date_format::{DateFormat, push_timestamp};
use super::generator::append;
use super::random::Random;

const DAY_NANOS: i64 = DAY_MILLIS * 1_000_000;

/// Which points in time, and how they are written.
#[derive(Clone, Debug)]
pub(super) struct Instants {
    /// Which.
    pub(super) range: InstantRange,
    /// How; as Java's `Timestamp.toString` without a pattern.
    pub(super) format: Option<DateFormat>,
}

/// Which points in time.
#[derive(Clone, Copy, Debug)]
pub(super) enum InstantRange {
    /// From the first distance before now to the second, in milliseconds, both excluded as in datafaker.
    Past(i64, i64),
    /// The same, after now.
    Future(i64, i64),
    /// From the first to before the second, in milliseconds since 1970.
    Between(i64, i64),
    /// Birthdays of people between these ages, in years; the time is of whole seconds.
    Birthday(i64, i64),
    /// The time of day from the first distance before now to before the second, in nanoseconds.
    TimePast(i64, i64),
    /// The same, after now.
    TimeFuture(i64, i64),
}

impl Instants {
    /// Appends a point in time.
    pub(super) fn generate(&self, random: &mut Random, now: i64, out: &mut String) {
        let millis = match self.range {
            InstantRange::Past(least, most) => now.saturating_sub(inside(random, least, most)),
            InstantRange::Future(least, most) => now.saturating_add(inside(random, least, most)),
            InstantRange::Between(first, end) => random.between(first, end.saturating_sub(1)),
            InstantRange::Birthday(least, most) => {
                let today = Moment::of(now);
                let first = days(today.year - most, today.month, today.day) * (DAY_MILLIS / 1_000);
                let end = days(today.year - least, today.month, today.day) * (DAY_MILLIS / 1_000);
                random.between(first, end - 1).saturating_mul(1_000)
            }
            InstantRange::TimePast(least, most) => {
                return self.time_of_day(now, -random.between(least, most - 1), out);
            }
            InstantRange::TimeFuture(least, most) => {
                return self.time_of_day(now, random.between(least, most - 1), out);
            }
        };
        match &self.format {
            Some(format) => format.write(millis, out),
            None => push_timestamp(out, millis),
        }
    }

    /// Appends the time of day at this distance from now: as nanoseconds since midnight if there is no pattern.
    fn time_of_day(&self, now: i64, distance_nanos: i64, out: &mut String) {
        let nanos = (now.rem_euclid(DAY_MILLIS) * 1_000_000 + distance_nanos).rem_euclid(DAY_NANOS);
        match &self.format {
            Some(format) => format.write(nanos / 1_000_000, out),
            None => append(out, nanos),
        }
    }
}

/// A distance between these, neither of which it is; a millisecond above the least if nothing is between.
fn inside(random: &mut Random, least: i64, most: i64) -> i64 {
    random.between(least.saturating_add(1), most.saturating_sub(1))
}
