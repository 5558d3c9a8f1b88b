use millstream_sql::types::calendar::TimestampUnit;
use millstream_sql::types::text::pattern::Pattern;

use super::{check, written};

#[test]
fn patterns_are_those_of_java() {
    check(include_str!("patterns.tsv"), |operation, arguments| {
        let (pattern, argument) = arguments.split_once('|').unwrap();
        let pattern = Pattern::compile(pattern).unwrap();
        match operation {
            "format" => {
                let (millis, nanos) = argument.split_once(' ').unwrap();
                Some(written(|out| pattern.format(millis.parse().unwrap(), nanos.parse().unwrap(), out)))
            }
            "parse" => {
                let reading = pattern.parse(argument)?;
                let millis = reading.timestamp(TimestampUnit::Millisecond).unwrap();
                Some(format!("{millis} {}", reading.nanos_of_day() % 1_000_000))
            }
            other => panic!("no operation {other}"),
        }
    });
}
