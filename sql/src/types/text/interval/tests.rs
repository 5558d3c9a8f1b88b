use proptest::prelude::*;

use super::*;
use crate::parser::ast::{IntervalQualifier, TimeUnit};

fn qualifier(start: TimeUnit, end: TimeUnit) -> IntervalQualifier {
    IntervalQualifier { start, precision: Some(10), end: Some(end), fraction: None }
}

#[test]
fn intervals_between_units_of_two_kinds_are_refused() {
    for (start, end) in [
        (TimeUnit::Year, TimeUnit::Day),
        (TimeUnit::Day, TimeUnit::Month),
        (TimeUnit::Second, TimeUnit::Day),
        (TimeUnit::Week, TimeUnit::Day),
        (TimeUnit::Century, TimeUnit::Century),
    ] {
        assert_eq!(
            parse_interval("1", qualifier(start, end)),
            Err(IntervalError::Qualifier),
            "{start:?} {end:?}"
        );
    }
}

#[test]
fn errors_say_what_is_too_large() {
    let day = IntervalQualifier { start: TimeUnit::Day, precision: None, end: None, fraction: None };
    let error = parse_interval("100", day).unwrap_err();
    assert_eq!(
        error.to_string(),
        "100 has more digits than the precision of Day, which is 2: write Day(p) with a larger p"
    );
    assert_eq!(
        parse_interval("1 24:00", qualifier(TimeUnit::Day, TimeUnit::Minute)),
        Err(IntervalError::Range { unit: TimeUnit::Hour, value: 24 })
    );
}

proptest! {
    #[test]
    fn months_read_back(months in any::<i32>()) {
        let mut text = String::new();
        write_year_month(months, &mut text);
        let read = parse_interval(&text, qualifier(TimeUnit::Year, TimeUnit::Month));
        prop_assert_eq!(read, Ok(Interval::Months(months)));
    }

    #[test]
    fn durations_read_back(millis in -185_542_587_100_799_999_i64..185_542_587_100_799_999) {
        let mut text = String::new();
        write_day_time(millis, &mut text);
        let read = parse_interval(&text, qualifier(TimeUnit::Day, TimeUnit::Second));
        prop_assert_eq!(read, Ok(Interval::Millis(millis)));
    }

    #[test]
    fn any_text_is_an_interval_or_an_error(text in "[-+0-9:. ]{0,14}", precision in 0_u32..12, fraction in 0_u32..12) {
        for (start, end) in [(TimeUnit::Day, TimeUnit::Second), (TimeUnit::Year, TimeUnit::Month), (TimeUnit::Second, TimeUnit::Second)] {
            let _ = parse_interval(&text, IntervalQualifier { start, precision: Some(precision), end: Some(end), fraction: Some(fraction) });
        }
    }
}
