use millstream_sql::types::text::timestamp::*;

use super::{check, written};

#[test]
fn timestamps_are_those_of_java_and_flink() {
    check(include_str!("timestamps.tsv"), |operation, arguments| match operation {
        "timestamp" => with_value(arguments, write_timestamp),
        "timestamp-row" => with_value(arguments, write_timestamp_row),
        "instant-row" => with_value(arguments, write_instant_row),
        "date" => Some(written(|out| write_date(arguments.parse().unwrap(), out))),
        "time" => with_value(arguments, |value, precision, out| write_time(value as i32, precision, out)),
        "time-row" => with_value(arguments, |value, _, out| write_time_row(value as i32, out)),
        "parse-timestamp" => with_text(arguments, parse_timestamp),
        "parse-jdbc" => with_text(arguments, parse_timestamp_jdbc),
        "parse-iso" => with_text(arguments, parse_timestamp_iso),
        "parse-instant" => with_text(arguments, parse_instant_iso),
        "parse-time" => with_text(arguments, |text, precision| parse_time(text, precision).map(i64::from)),
        "parse-date" => parse_date(arguments).map(|days| days.to_string()),
        other => panic!("no operation {other}"),
    });
}

fn with_value(arguments: &str, write: impl Fn(i64, u8, &mut String)) -> Option<String> {
    let (value, precision) = arguments.split_once(' ').unwrap();
    Some(written(|out| write(value.parse().unwrap(), precision.parse().unwrap(), out)))
}

fn with_text(arguments: &str, parse: impl Fn(&str, u8) -> Option<i64>) -> Option<String> {
    let (text, precision) = arguments.rsplit_once('|').unwrap();
    parse(text, precision.parse().unwrap()).map(|value| value.to_string())
}
