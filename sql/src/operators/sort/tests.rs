use millstream_runtime::Result;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::{Sort, SortSpecification};
use crate::plan::SortKey;
use crate::test_support::{chunk, rows, schema};

const fn by(column: usize, descending: bool) -> SortKey {
    SortKey { column, descending, nulls_last: descending }
}

#[test]
fn rows_go_when_the_watermark_has_passed_them() -> Result<()> {
    let columns = schema(&[("time", "ROWTIME!"), ("v", "BIGINT")]);
    let make = || Sort::new(&SortSpecification::new(&[by(0, false), by(1, true)], &columns, true));
    let mut harness = OperatorHarness::new(make())?;
    let history = ["+I[3, 1]", "+I[1, 1]", "+I[1, 2]", "+I[2, null]", "+I[5, 1]", "+I[1, 1]"];
    harness.push(chunk(&columns, &history), Timestamp::MIN)?;
    assert!(harness.take_records().is_empty());
    harness.watermark(Timestamp::from_millis(2))?;
    let at = |time: i64| format!("1970-01-01T00:00:00.{time:03}");
    let first = [(1, "2"), (1, "1"), (1, "1"), (2, "null")].map(|(time, v)| format!("+I[{}, {v}]", at(time)));
    assert_eq!(rows(&columns, &harness.take_records()), first);
    let snapshot = harness.snapshot(1)?;
    let mut harness = OperatorHarness::restore(make(), &snapshot)?;
    harness.watermark(Timestamp::from_millis(2))?;
    // What is late is dropped.
    harness.push(chunk(&columns, &["+I[2, 7]", "+I[4, 7]"]), Timestamp::MIN)?;
    harness.watermark(Timestamp::MAX)?;
    harness.end_of_data()?;
    let rest = [(3, "1"), (4, "7"), (5, "1")].map(|(time, v)| format!("+I[{}, {v}]", at(time)));
    assert_eq!(rows(&columns, &harness.take_records()), rest);
    Ok(())
}

#[test]
fn at_the_end_there_are_the_rows_that_remain() -> Result<()> {
    let columns = schema(&[("a", "BIGINT"), ("b", "STRING")]);
    let nulls_last = SortKey { column: 0, descending: false, nulls_last: true };
    let mut harness = OperatorHarness::new(Sort::new(&SortSpecification::new(
        &[nulls_last, by(1, true)],
        &columns,
        false,
    )))?;
    let many: Vec<String> = (0..9_000).map(|number| format!("+I[{}, x]", 20_000 - number)).collect();
    harness.push(chunk(&columns, &many), Timestamp::MIN)?;
    let few = ["+I[null, a]", "+I[1, b]", "+I[1, c]", "+I[7, d]", "-U[7, d]", "+U[2, e]", "-D[1, b]"];
    harness.push(chunk(&columns, &few), Timestamp::MIN)?;
    harness.end_of_data()?;
    let found = rows(&columns, &harness.take_records());
    assert_eq!(found[..2], ["+I[1, c]", "+I[2, e]"]);
    assert_eq!(found.last().unwrap(), "+I[null, a]");
    assert_eq!(found.len(), 9_003);
    let numbers: Vec<String> = (11_001..=20_000).map(|number| format!("+I[{number}, x]")).collect();
    assert_eq!(found[2..9_002], numbers);
    Ok(())
}
