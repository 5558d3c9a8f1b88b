use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray};
use proptest::prelude::*;

use super::*;
use crate::eval::{BuildContext, EvalContext, Value};
use crate::functions::{scalar_function, write_cast_text};
use crate::types::{Field, TimeKind};

/// 2020-10-10 23:04:05.123 in Greenwich.
const NOW: i64 = 1_602_371_045_123;
const INSTANT: SqlType = SqlType::TimestampLtz(3, TimeKind::Regular);

fn in_zone(zone: &str) -> BuildContext {
    BuildContext { time_zone: zone.to_owned() }
}

/// The values of a call, as text.
fn call(
    name: &str,
    arguments: &[(SqlType, Value)],
    result: &SqlType,
    rows: usize,
    build: &BuildContext,
    cx: EvalContext,
) -> Vec<String> {
    let known = arguments.iter().map(|(data_type, value)| Argument {
        field: Field::nullable(data_type.clone()),
        constant: value.is_scalar().then(|| value.array().clone()),
    });
    let known: Vec<_> = known.collect();
    let function = scalar_function(name).unwrap();
    let kernel = (function.build)(&known, &Field::nullable(result.clone()), build).unwrap();
    let values: Vec<_> = arguments.iter().map(|(_, value)| value.clone()).collect();
    let column = kernel.evaluate(&Arguments::new(&values, rows), &cx).unwrap().into_array(rows).unwrap();
    let zone = build.zone().unwrap();
    let text = |row| {
        let mut text = String::new();
        write_cast_text(&column, row, result, &zone, &mut text);
        text
    };
    (0..rows).map(text).collect()
}

fn now(name: &str, result: &SqlType, zone: &str) -> String {
    let cx = EvalContext { now: NOW, watermark: None };
    call(name, &[], result, 1, &in_zone(zone), cx).remove(0)
}

#[test]
fn the_clock_is_that_of_the_session() {
    let local = SqlType::Timestamp(3, TimeKind::Regular);
    for (name, result, berlin, greenwich) in [
        ("CURRENT_DATE", &SqlType::Date, "2020-10-11", "2020-10-10"),
        ("CURRENT_TIME", &SqlType::Time(0), "01:04:05", "23:04:05"),
        ("LOCALTIME", &SqlType::Time(0), "01:04:05", "23:04:05"),
        ("LOCALTIMESTAMP", &local, "2020-10-11 01:04:05.123", "2020-10-10 23:04:05.123"),
        ("CURRENT_TIMESTAMP", &INSTANT, "2020-10-11 01:04:05.123", "2020-10-10 23:04:05.123"),
        ("NOW", &INSTANT, "2020-10-11 01:04:05.123", "2020-10-10 23:04:05.123"),
        ("CURRENT_ROW_TIMESTAMP", &INSTANT, "2020-10-11 01:04:05.123", "2020-10-10 23:04:05.123"),
        ("PROCTIME", &INSTANT, "2020-10-11 01:04:05.123", "2020-10-10 23:04:05.123"),
        ("UNIX_TIMESTAMP", &SqlType::BigInt, "1602371045", "1602371045"),
    ] {
        assert_eq!(now(name, result, "Europe/Berlin"), berlin, "{name}");
        assert_eq!(now(name, result, "UTC"), greenwich, "{name}");
    }
}

#[test]
fn there_is_no_watermark_before_the_first() {
    let rowtime: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1, 2]));
    let arguments = [(SqlType::Timestamp(6, TimeKind::Rowtime), Value::Array(rowtime))];
    let result = SqlType::Timestamp(6, TimeKind::Regular);
    let watermark = |watermark| {
        let cx = EvalContext { now: NOW, watermark };
        call("CURRENT_WATERMARK", &arguments, &result, 2, &BuildContext::default(), cx)
    };
    assert_eq!(watermark(None), ["NULL", "NULL"]);
    assert_eq!(watermark(Some(1_500)), ["1970-01-01 00:00:01.500000"; 2]);
}

/// DATE_FORMAT with one pattern for all rows, and with the pattern in each row.
fn formatted(pattern: &str, instants: &[i64], zone: &str) -> (Vec<String>, Vec<String>) {
    let column: ArrayRef = Arc::new(TimestampMillisecondArray::from(instants.to_vec()));
    let one: ArrayRef = Arc::new(StringViewArray::from(vec![pattern]));
    let each: ArrayRef = Arc::new(StringViewArray::from(vec![pattern; instants.len()]));
    let format = |pattern| {
        let arguments = [(INSTANT, Value::Array(column.clone())), (SqlType::STRING, pattern)];
        let cx = EvalContext::default();
        call("DATE_FORMAT", &arguments, &SqlType::STRING, instants.len(), &in_zone(zone), cx)
    };
    (format(Value::Scalar(one)), format(Value::Array(each)))
}

#[test]
fn a_text_is_kept_no_longer_than_the_clock_runs_evenly() {
    // Clocks in Berlin went back at 01:00 UTC on 27 October 2024, and forward on 31 March.
    let (hour, back, forward) = (3_600_000, 1_729_990_800_000, 1_711_846_800_000);
    let instants = [back - 2 * hour, back - 1, back, back + hour, forward - 1, forward];
    let (one, each) = formatted("dd HH:mm", &instants, "Europe/Berlin");
    assert_eq!(one, ["27 01:00", "27 02:59", "27 02:00", "27 03:00", "31 01:59", "31 03:00"]);
    assert_eq!(one, each);
}

proptest! {
    /// Against the rows that are formatted one by one.
    #[test]
    fn texts_that_are_kept_are_right(
        start in -10_000_000_000_000_i64..10_000_000_000_000,
        steps in prop::collection::vec(-100_000_000_i64..100_000_000, 1..60),
        pattern in prop::sample::select(vec![
            "yyyy-MM-dd", "yyyy-MM-dd HH", "HH:mm", "EEE d MMM, h a", "mm:ss", "ss.SSS", "yyyy", "'at' Q", "[HH]",
        ]),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "GMT-03:30"]),
    ) {
        let instants: Vec<_> = steps.iter().scan(start, |at, step| { *at += step; Some(*at) }).collect();
        let (one, each) = formatted(pattern, &instants, zone);
        prop_assert_eq!(one, each);
    }

    /// Forth and back by months ends where it began, unless the day had to be cut to the month's last.
    #[test]
    fn months_are_added_and_taken(day in -100_000_i32..100_000, months in -3_000_i32..3_000) {
        let days: ArrayRef = Arc::new(arrow_array::Date32Array::from(vec![day]));
        let move_by = |name: &str, days: ArrayRef| -> ArrayRef {
            let interval: ArrayRef = Arc::new(arrow_array::Int32Array::from(vec![months]));
            let types = [SqlType::Date, SqlType::IntervalYearMonth];
            let known = types.map(|data_type| Argument { field: Field::nullable(data_type), constant: None });
            let function = scalar_function(name).unwrap();
            let kernel =
                (function.build)(&known, &Field::nullable(SqlType::Date), &BuildContext::default()).unwrap();
            let values = [Value::Array(days), Value::Array(interval)];
            kernel.evaluate(&Arguments::new(&values, 1), &EvalContext::default()).unwrap().into_array(1).unwrap()
        };
        let day_of_month = |days: &ArrayRef| {
            use crate::types::calendar::CivilDate;
            let days = days.as_primitive::<arrow_array::types::Date32Type>().value(0);
            (CivilDate::from_days(i64::from(days)).day(), days)
        };
        let moved = move_by("+", days.clone());
        let (back, original) = (day_of_month(&move_by("-", moved.clone())), day_of_month(&days));
        if day_of_month(&moved).0 == original.0 {
            prop_assert_eq!(back, original);
        } else {
            prop_assert!(original.0 > 28 && back.0 < original.0);
        }
    }
}
