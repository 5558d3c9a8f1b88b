use proptest::prelude::*;

use super::boolean::{parse_boolean, write_boolean};
use super::interval::parse_interval;
use super::pattern::{Pattern, SimplePattern};
use super::{decimal, number, timestamp};
use crate::parser::ast::{IntervalQualifier, TimeUnit};
use crate::types::zone::Zone;

#[test]
fn booleans_read_back() {
    for value in [true, false] {
        let mut text = String::new();
        write_boolean(value, &mut text);
        assert_eq!(parse_boolean(&text), Some(value));
    }
}

/// Everything that reads a text, on one that it may not expect.
fn read(text: &str, pattern: &str) {
    let _ = parse_boolean(text);
    let _ = number::parse_integer(text);
    let _ = number::parse_double(text);
    let _ = number::parse_float(text);
    let _ = decimal::parse_decimal(text, 38, 18);
    for precision in [0, 3, 6, 9] {
        let _ = timestamp::parse_timestamp(text, precision);
        let _ = timestamp::parse_timestamp_iso(text, precision);
        let _ = timestamp::parse_instant_iso(text, precision);
        let _ = timestamp::parse_timestamp_jdbc(text, precision);
        let _ = timestamp::parse_time(text, precision);
    }
    let _ = timestamp::parse_date(text);
    let _ = timestamp::parse_timestamp_literal(text);
    let _ = timestamp::parse_date_literal(text);
    let _ = timestamp::parse_time_literal(text);
    let day = TimeUnit::Day;
    let _ = parse_interval(
        text,
        IntervalQualifier { start: day, precision: None, end: Some(TimeUnit::Second), fraction: None },
    );
    let _ = Zone::of(text);
    let _ = Zone::or_greenwich(text);
    if let Ok(pattern) = Pattern::compile(pattern) {
        let _ = pattern.parse(text);
    }
    for current_year in [2026, i32::MIN, i32::MAX] {
        if let Ok(pattern) = SimplePattern::compile(pattern, current_year) {
            let _ = pattern.parse(text);
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in any::<String>(), pattern in any::<String>()) {
        read(&text, &pattern);
    }

    #[test]
    fn no_text_with_familiar_pieces_makes_a_reader_panic(
        text in "([0-9]{1,4}|[-+:. TZeE/]|é|日|GMT|Oct|PM){0,12}",
        pattern in "(yyyy|yy|MMM?|dd?|HH?|a|E|é|日|[-+:. /]){0,10}",
    ) {
        read(&text, &pattern);
    }
}
