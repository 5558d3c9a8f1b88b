use millstream_sql::parser::ast::{IntervalQualifier, TimeUnit};
use millstream_sql::types::text::interval::*;

use super::{check, written};

#[test]
fn intervals_are_those_of_java_and_flink() {
    check(include_str!("intervals.tsv"), |operation, arguments| match operation {
        "millis" => Some(written(|out| write_day_time(arguments.parse().unwrap(), out))),
        "millis-row" => Some(written(|out| write_day_time_row(arguments.parse().unwrap(), out))),
        "months" => Some(written(|out| write_year_month(arguments.parse().unwrap(), out))),
        "months-row" => {
            let (ty, months) = arguments.rsplit_once(' ').unwrap();
            let resolution = match ty {
                "YEAR null" => YearMonthResolution::Year,
                "YEAR MONTH" => YearMonthResolution::YearToMonth,
                _ => YearMonthResolution::Month,
            };
            Some(written(|out| write_year_month_row(months.parse().unwrap(), resolution, out)))
        }
        "literal" => literal(arguments),
        other => panic!("no operation {other}"),
    });
}

fn literal(arguments: &str) -> Option<String> {
    let parts: Vec<_> = arguments.splitn(5, ' ').collect();
    let precision = |text: &str| text.parse().ok();
    let qualifier = IntervalQualifier {
        start: unit(parts[0]).unwrap(),
        precision: precision(parts[1]),
        end: unit(parts[2]),
        fraction: precision(parts[3]),
    };
    match parse_interval(parts[4], qualifier).ok()? {
        Interval::Months(months) => Some(months.to_string()),
        Interval::Millis(millis) => Some(millis.to_string()),
    }
}

fn unit(name: &str) -> Option<TimeUnit> {
    Some(match name {
        "YEAR" => TimeUnit::Year,
        "QUARTER" => TimeUnit::Quarter,
        "MONTH" => TimeUnit::Month,
        "WEEK" => TimeUnit::Week,
        "DAY" => TimeUnit::Day,
        "HOUR" => TimeUnit::Hour,
        "MINUTE" => TimeUnit::Minute,
        "SECOND" => TimeUnit::Second,
        _ => return None,
    })
}
