use millstream_sql::types::calendar::TimestampUnit;
use millstream_sql::types::text::pattern::SimplePattern;
use millstream_sql::types::zone::Zone;

use super::{check, written};

#[test]
fn simple_patterns_are_those_of_java() {
    check(include_str!("simple_patterns.tsv"), |operation, arguments| {
        let (pattern, argument) = arguments.split_once('|').unwrap();
        let compiled = || SimplePattern::compile(pattern, 2026).unwrap();
        match operation {
            "format" => Some(written(|out| compiled().format(argument.parse().unwrap(), out))),
            "parse" => {
                let millis = compiled().parse(argument)?.timestamp(TimestampUnit::Millisecond);
                millis.map(|millis| millis.to_string())
            }
            "instant" => {
                let zone = Zone::of(pattern).unwrap();
                zone.to_instant_of_calendar(argument.parse().unwrap()).map(|millis| millis.to_string())
            }
            other => panic!("no operation {other}"),
        }
    });
}
