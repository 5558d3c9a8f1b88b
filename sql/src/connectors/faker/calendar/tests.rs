use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{DAY_MILLIS, Moment, days, parse};

proptest! {
    #[test]
    fn moments_are_those_of_another_calendar(millis in -100_000_000_000_000i64..200_000_000_000_000) {
        let expected = Timestamp::from_millisecond(millis).unwrap().to_zoned(TimeZone::UTC);
        let moment = Moment::of(millis);
        prop_assert_eq!(
            (moment.year, moment.month, moment.day),
            (expected.year().into(), expected.month().into(), expected.day().into())
        );
        prop_assert_eq!(
            (moment.hour(), moment.minute(), moment.second(), moment.millisecond()),
            (
                expected.hour().into(),
                expected.minute().into(),
                expected.second().into(),
                expected.millisecond().into()
            )
        );
        prop_assert_eq!(moment.weekday, i64::from(expected.weekday().to_sunday_zero_offset()));
    }

    #[test]
    fn a_day_counts_back_to_itself(millis: i64) {
        let moment = Moment::of(millis);
        prop_assert_eq!(days(moment.year, moment.month, moment.day), millis.div_euclid(DAY_MILLIS));
    }

    #[test]
    fn what_another_calendar_prints_is_parsed(seconds in -62_000_000_000i64..253_000_000_000) {
        let time = Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::UTC);
        let text = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
        prop_assert_eq!(parse(&text), Some(seconds * 1_000));
    }
}

#[test]
fn a_date_is_its_midnight() {
    assert_eq!(parse("2024-02-29"), Some(1_709_164_800_000));
    assert_eq!(parse(" 1970-1-2T0:0:1 "), Some(86_401_000));
}

#[test]
fn what_is_no_time_is_refused() {
    let texts = [
        "",
        "2024",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-01-01-01",
        "2024-01-01 24:00:00",
        "2024-01-01 00:60:00",
        "2024-01-01 00:00",
        "-2024-01-01",
        "+1-01-01",
        "99999999999999999999-01-01",
        "tomorrow",
    ];
    for text in texts {
        assert_eq!(parse(text), None, "{text}");
    }
}
