use proptest::prelude::*;

use super::*;
use crate::parser::ast::TimeUnit;

/// A calendar turned by hand, a day at a time: nothing of the module's arithmetic is in it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Walk {
    days: i64,
    year: i32,
    month: u8,
    day: u8,
    day_of_year: u16,
    /// Monday is 0.
    weekday: u8,
    iso_year: i32,
    iso_week: u8,
}

impl Walk {
    const LENGTHS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// 2000-01-01, a Saturday, in the last week of 1999.
    fn start() -> Self {
        Self {
            days: 10_957,
            year: 2000,
            month: 1,
            day: 1,
            day_of_year: 1,
            weekday: 5,
            iso_year: 1999,
            iso_week: 52,
        }
    }

    fn leap(year: i32) -> bool {
        (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0
    }

    fn length(self) -> u8 {
        Self::LENGTHS[usize::from(self.month) - 1] + u8::from(self.month == 2 && Self::leap(self.year))
    }

    fn forward(mut self) -> Self {
        self.days += 1;
        self.day += 1;
        self.day_of_year += 1;
        if self.day > self.length() {
            self.day = 1;
            self.month += 1;
        }
        if self.month > 12 {
            self.month = 1;
            self.year += 1;
            self.day_of_year = 1;
        }
        self.weekday = (self.weekday + 1) % 7;
        if self.weekday == 0 {
            self.iso_week += 1;
            // A Monday from 29 December to 4 January begins a year's first week.
            let first = (self.month == 12 && self.day >= 29) || (self.month == 1 && self.day <= 4);
            if first {
                self.iso_week = 1;
                self.iso_year += 1;
            }
        }
        self
    }

    fn check(self) {
        let date = CivilDate::from_days(self.days);
        assert_eq!((date.year(), date.month(), date.day()), (self.year, self.month, self.day), "{self:?}");
        assert_eq!(date.days(), self.days);
        assert_eq!(CivilDate::new(self.year, self.month, self.day), Some(date));
        assert_eq!(date.day_of_year(), self.day_of_year);
        assert_eq!(date.iso_day_of_week(), self.weekday + 1);
        assert_eq!(date.day_of_week(), (self.weekday + 1) % 7 + 1);
        assert_eq!(date.iso_week(), (self.iso_year, self.iso_week), "{self:?}");
        assert_eq!(date.quarter(), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4][usize::from(self.month) - 1]);
    }
}

#[test]
fn every_day_of_nine_centuries_is_the_one_after_the_day_before() {
    let mut walk = Walk::start();
    while walk.year < 2900 {
        walk.check();
        walk = walk.forward();
    }
}

#[test]
fn the_calendar_repeats_after_400_years_in_both_directions() {
    let mut walk = Walk::start();
    while walk.year < 2400 {
        for eras in [-30, -24, -5, -1, 1, 19] {
            let date = CivilDate::from_days(walk.days + eras * 146_097);
            let expected = (walk.year + eras as i32 * 400, walk.month, walk.day);
            assert_eq!((date.year(), date.month(), date.day()), expected);
            assert_eq!(date.days(), walk.days + eras * 146_097);
            assert_eq!(date.day_of_week(), CivilDate::from_days(walk.days).day_of_week());
        }
        walk = walk.forward();
    }
}

#[test]
fn days_that_there_are_not_are_refused() {
    for (year, month, day) in
        [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0)]
    {
        assert_eq!(CivilDate::new(year, month, day), None, "{year}-{month}-{day}");
    }
    assert_eq!(CivilDate::new(1_000_000_000, 1, 1), None);
    assert_eq!(CivilDate::clamped(2023, 2, 31), CivilDate::new(2023, 2, 28));
    assert_eq!(CivilDate::clamped(2023, 2, 32), None);
}

#[test]
fn days_beyond_the_calendar_are_its_ends() {
    assert_eq!(Some(CivilDate::from_days(i64::MAX)), CivilDate::new(999_999_999, 12, 31));
    assert_eq!(Some(CivilDate::from_days(i64::MIN)), CivilDate::new(-999_999_999, 1, 1));
    assert_eq!(CivilDate::from_days(0).plus_months(i64::MAX).year(), 999_999_999);
    assert_eq!(floor_millis(TimeUnit::Millennium, i64::MIN), None);
    assert_eq!(add_months(i64::MAX, 12), None);
}

#[test]
fn a_timestamp_is_taken_apart_by_its_unit() {
    for (precision, value) in [(0, -1), (3, -1), (6, -1_000), (9, -1_000_000)] {
        let unit = TimestampUnit::of_precision(precision);
        let reading = CivilDateTime::from_timestamp(value, unit);
        assert_eq!(Some(reading.date()), CivilDate::new(1969, 12, 31));
        assert_eq!(reading.nanos_of_day(), NANOS_PER_DAY - 1_000_000);
        assert_eq!(reading.timestamp(unit), Some(value));
        assert_eq!(unit.to_millis(value), (-1, 0));
        assert_eq!(unit.from_millis(-1, 0), Some(value));
    }
    assert_eq!(TimestampUnit::Nanosecond.to_millis(-1), (-1, 999_999));
    assert_eq!(TimestampUnit::Nanosecond.from_millis(i64::MAX, 0), None);
    let far = CivilDate::new(9999, 12, 31).and_then(|date| CivilDateTime::new(date, 0)).unwrap();
    assert_eq!(far.timestamp(TimestampUnit::Nanosecond), None);
    assert_eq!(CivilDateTime::new(CivilDate::from_days(0), NANOS_PER_DAY), None);
}

const ROUNDED: [TimeUnit; 12] = [
    TimeUnit::Millennium,
    TimeUnit::Century,
    TimeUnit::Decade,
    TimeUnit::Year,
    TimeUnit::Quarter,
    TimeUnit::Month,
    TimeUnit::Week,
    TimeUnit::Day,
    TimeUnit::Hour,
    TimeUnit::Minute,
    TimeUnit::Second,
    TimeUnit::Millisecond,
];

proptest! {
    #[test]
    fn floors_are_idempotent_and_ordered(
        unit in proptest::sample::select(&ROUNDED[..]),
        a in -400_000_000_000_000_i64..400_000_000_000_000,
        b in -400_000_000_000_000_i64..400_000_000_000_000,
    ) {
        let (low, high) = (a.min(b), a.max(b));
        let floor = floor_millis(unit, low).unwrap();
        prop_assert!(floor <= low);
        prop_assert_eq!(floor_millis(unit, floor), Some(floor));
        prop_assert!(floor <= floor_millis(unit, high).unwrap());
        // Between a floor and the value, nothing begins.
        prop_assert_eq!(floor_millis(unit, floor + (low - floor) / 2), Some(floor));
    }

    #[test]
    fn months_added_are_the_months_between(millis in -300_000_000_000_000_i64..300_000_000_000_000, months in 1_i64..5_000) {
        let later = add_months(millis, months).unwrap();
        prop_assert_eq!(months_between(millis, later), months);
        if CivilDate::from_days(later.div_euclid(MILLIS_PER_DAY)).day() > 1 {
            prop_assert_eq!(months_between(millis, later - 1), months - 1);
        }
    }

    #[test]
    fn readings_keep_their_value(value in any::<i64>(), precision in 0_u8..=9) {
        let unit = TimestampUnit::of_precision(precision);
        prop_assert_eq!(CivilDateTime::from_timestamp(value, unit).timestamp(unit), Some(value));
        let (millis, nanos) = unit.to_millis(value);
        prop_assert_eq!(unit.from_millis(millis, nanos), Some(value));
    }
}
