use millstream_sql::types::text::timestamp::*;

use super::{check, written};

#[test]
fn literals_are_those_of_calcite() {
    check(include_str!("literals.tsv"), |operation, text| match operation {
        "timestamp" => {
            let (value, precision) = parse_timestamp_literal(text)?;
            Some(format!("TIMESTAMP '{}'", written(|out| write_timestamp(value, precision, out))))
        }
        "date" => {
            let days = parse_date_literal(text)?;
            Some(format!("DATE '{}'", written(|out| write_date(days, out))))
        }
        "time" => {
            let (millis, precision) = parse_time_literal(text)?;
            // A time is printed without zeros at the end, so the fraction is that of a timestamp.
            let timestamp = written(|out| write_timestamp(i64::from(millis), precision, out));
            Some(format!("TIME '{}'", timestamp.trim_start_matches("1970-01-01 ")))
        }
        other => panic!("no operation {other}"),
    });
}
