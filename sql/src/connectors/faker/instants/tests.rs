use std::collections::BTreeSet;

use crate::connectors::faker::calendar;
use crate::connectors::faker::expression::tests::{NOW, at, generated};

/// The milliseconds of texts such as `2026-11-24 19:51:47.5`.
fn millis(expression: &str, rows: u64) -> Vec<i64> {
    let millis = |text: String| {
        let (time, fraction) = text.split_once('.').unwrap();
        calendar::parse(time).unwrap() + format!("{fraction:0<3}").parse::<i64>().unwrap()
    };
    generated(expression, rows).map(millis).collect()
}

#[test]
fn past_and_future_are_between_their_distances() {
    let cases = [
        ("#{date.past '15','SECONDS'}", -14_999, -1),
        ("#{date.past '5','1','SECONDS'}", -4_999, -1_001),
        ("#{date.past '30','DAYS'}", -30 * 86_400_000 + 1, -1),
        ("#{date.future '15','5','MINUTES'}", 300_001, 899_999),
        ("#{date.future '2','MILLISECONDS'}", 1, 1),
        ("#{date.past '1','MILLISECONDS'}", -1, -1),
    ];
    for (expression, least, most) in cases {
        let distances: Vec<i64> = millis(expression, 2_000).iter().map(|millis| millis - NOW).collect();
        let (first, last) = (*distances.iter().min().unwrap(), *distances.iter().max().unwrap());
        assert!(least <= first && last <= most, "{expression}: {first} to {last}");
        // Of 2,000 values, some are within a hundredth of each end.
        let near = (most - least) / 100;
        assert!(first <= least + near && most - near <= last, "{expression}: {first} to {last}");
    }
}

#[test]
fn times_follow_the_clock_that_is_given() {
    let expression = "#{date.past '1','MILLISECONDS'}";
    assert_eq!(at(expression, 0, NOW), "2026-11-24 19:51:47.499");
    assert_eq!(at(expression, 0, 0), "1969-12-31 23:59:59.999");
    assert_eq!(at("#{date.past '1','MILLISECONDS','HH:mm dd/MM'}", 0, 0), "23:59 31/12");
}

#[test]
fn birthdays_are_whole_years_ago() {
    let days = |text: &str| calendar::parse(text).unwrap();
    let (first, end) = (days("1926-11-24"), days("2025-11-24"));
    assert!(millis("#{date.birthday '1','100'}", 1_000).iter().all(|millis| (first..end).contains(millis)));
    let (first, end) = (days("1961-11-24"), days("2008-11-24"));
    assert!(millis("#{date.birthday}", 1_000).iter().all(|millis| (first..end).contains(millis)));
    assert_eq!(at("#{date.birthday '20','20','yyyy-MM-dd'}", 0, NOW), "2006-11-24");
}

#[test]
fn dates_between_include_the_first_and_exclude_the_last() {
    let seconds = "#{date.between '2024-02-28 23:59:59','2024-02-28 23:59:59','yyyy-MM-dd HH:mm:ss.SSS'}";
    assert_eq!(at(seconds, 0, NOW), "2024-02-28 23:59:59.000");
    let days: BTreeSet<String> =
        generated("#{date.between '2024-02-28','2024-03-02','MM-dd'}", 200).collect();
    assert_eq!(days.into_iter().collect::<Vec<_>>(), ["02-28", "02-29", "03-01"]);
}

#[test]
fn times_of_day_are_nanoseconds_and_wrap_at_midnight() {
    let noon = 43_200_000_000_000;
    let second = 1_000_000_000;
    for row in 0..100 {
        let nanos: i64 = at("#{time.past '15','5','SECONDS'}", row, 43_200_000).parse().unwrap();
        assert!((noon - 15 * second..=noon - 5 * second).contains(&nanos), "{nanos}");
        let nanos: i64 = at("#{time.past '15','SECONDS'}", row, 0).parse().unwrap();
        assert!(nanos == 0 || (86_385 * second..86_400 * second).contains(&nanos), "{nanos}");
        assert!(at("#{time.future '59','SECONDS','HH:mm'}", row, 43_200_000).starts_with("12:00"));
    }
}
