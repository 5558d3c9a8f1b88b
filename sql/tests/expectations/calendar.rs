use millstream_sql::parser::ast::TimeUnit;
use millstream_sql::types::calendar::*;

use super::check;

#[test]
fn the_calendar_is_that_of_java_and_flink() {
    check(include_str!("calendar.tsv"), |operation, arguments| {
        let (first, rest) = arguments.split_once(' ').unwrap();
        let numbers: Vec<i64> = rest.split(' ').map(|number| number.parse().unwrap()).collect();
        let date = i32::try_from(numbers[0]).unwrap_or(0);
        match operation {
            "extract" => Some(extract(unit(first), numbers[0], numbers[1])),
            "extract-date" => Some(extract_date(unit(first), date)),
            "floor" => floor_millis(unit(first), numbers[0]),
            "ceil" => ceil_millis(unit(first), numbers[0]),
            "floor-date" => floor_date(unit(first), date).map(i64::from),
            "ceil-date" => ceil_date(unit(first), date).map(i64::from),
            "add-months" => add_months(first.parse().unwrap(), numbers[0]),
            "months-between" => Some(months_between(first.parse().unwrap(), numbers[0])),
            other => panic!("no operation {other}"),
        }
        .map(|number| number.to_string())
    });
}

/// With the finest unit that can hold the value.
fn extract(unit: TimeUnit, millis: i64, nanos: i64) -> i64 {
    match TimestampUnit::Nanosecond.from_millis(millis, nanos as u32) {
        Some(value) => extract_timestamp(unit, value, 9),
        None if unit == TimeUnit::Nanosecond => {
            let value = TimestampUnit::Microsecond.from_millis(millis, nanos as u32).unwrap();
            extract_timestamp(unit, value, 6) + nanos % 1_000
        }
        None => {
            let value = TimestampUnit::Microsecond.from_millis(millis, nanos as u32).unwrap();
            extract_timestamp(unit, value, 6)
        }
    }
}

fn unit(name: &str) -> TimeUnit {
    match name {
        "YEAR" => TimeUnit::Year,
        "QUARTER" => TimeUnit::Quarter,
        "MONTH" => TimeUnit::Month,
        "WEEK" => TimeUnit::Week,
        "DAY" => TimeUnit::Day,
        "HOUR" => TimeUnit::Hour,
        "MINUTE" => TimeUnit::Minute,
        "SECOND" => TimeUnit::Second,
        "MILLISECOND" => TimeUnit::Millisecond,
        "MICROSECOND" => TimeUnit::Microsecond,
        "NANOSECOND" => TimeUnit::Nanosecond,
        "EPOCH" => TimeUnit::Epoch,
        "DOW" => TimeUnit::DayOfWeek,
        "DOY" => TimeUnit::DayOfYear,
        "ISODOW" => TimeUnit::IsoDayOfWeek,
        "ISOYEAR" => TimeUnit::IsoYear,
        "DECADE" => TimeUnit::Decade,
        "CENTURY" => TimeUnit::Century,
        "MILLENNIUM" => TimeUnit::Millennium,
        other => panic!("no unit {other}"),
    }
}
