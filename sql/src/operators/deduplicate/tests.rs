use std::collections::BTreeMap;

use millstream_runtime::Result;
use millstream_runtime::chain::Operator;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::{Deduplicate, DeduplicateFirst, DeduplicateSpecification};
use crate::chunk::Chunk;
use crate::test_support::{chunk, rows, schema};
use crate::types::Schema;

fn columns(time: &str) -> Schema {
    schema(&[("k", "BIGINT!"), ("v", "STRING"), ("time", time)])
}

/// The changes that come out, with a restore after `cut` rows.
fn run<O: Operator<Chunk, Chunk>>(
    make: impl Fn() -> O,
    columns: &Schema,
    history: &[String],
    cut: usize,
) -> Result<Vec<String>> {
    let cut = cut.min(history.len());
    let mut harness = OperatorHarness::new(make())?;
    if cut > 0 {
        harness.push(chunk(columns, &history[..cut]), Timestamp::MIN)?;
    }
    let mut chunks = harness.take_records();
    let snapshot = harness.snapshot(1)?;
    let mut harness = OperatorHarness::restore(make(), &snapshot)?;
    if cut < history.len() {
        harness.push(chunk(columns, &history[cut..]), Timestamp::MIN)?;
    }
    chunks.extend(harness.take_records());
    Ok(rows(columns, &chunks))
}

/// A time as it is printed: below one second, so that it is short.
fn printed(time: i64) -> String {
    match time {
        0 => "1970-01-01T00:00".to_owned(),
        time => format!("1970-01-01T00:00:00.{time:03}"),
    }
}

fn steps() -> impl Strategy<Value = Vec<(i64, String, i64)>> {
    proptest::collection::vec((0..3_i64, "[ab]", 0..5_i64), 1..40)
}

proptest! {
    #[test]
    fn last_rows_by_rowtime(steps in steps(), cut in 0..40_usize, update_before: bool) {
        let columns = columns("ROWTIME!");
        let mut last: BTreeMap<i64, (i64, String)> = BTreeMap::new();
        let mut expected = Vec::new();
        for (key, value, time) in &steps {
            let line = format!("[{key}, {value}, {}]", printed(*time));
            match last.get(key) {
                None => expected.push(format!("+I{line}")),
                Some((before, _)) if before > time => continue,
                Some((_, before)) => {
                    expected.extend(update_before.then(|| format!("-U{before}")));
                    expected.push(format!("+U{line}"));
                }
            }
            last.insert(*key, (*time, line));
        }
        let history: Vec<_> = steps.iter().map(|(key, value, time)| format!("+I[{key}, {value}, {time}]")).collect();
        let specification = DeduplicateSpecification::new(&[0], &columns, 2, true, update_before);
        let found = run(|| Deduplicate::new(&specification), &columns, &history, cut).unwrap();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn first_rows_by_rowtime_wait_for_the_watermark(
        steps in steps(),
        watermarks in proptest::collection::vec((0..40_usize, -1..6_i64), 0..4),
        cut in 0..40_usize,
    ) {
        let columns = columns("ROWTIME!");
        let specification = DeduplicateSpecification::new(&[0], &columns, 2, false, false);
        let mut harness = OperatorHarness::new(DeduplicateFirst::new(&specification)).unwrap();
        // What waits and what has gone, by key.
        let mut waiting: BTreeMap<i64, (i64, String)> = BTreeMap::new();
        let mut gone: Vec<i64> = Vec::new();
        let (mut watermark, mut expected, mut chunks) = (i64::MIN, Vec::new(), Vec::new());
        for (number, (key, value, time)) in steps.iter().enumerate() {
            if number == cut {
                // Where there is a watermark it comes again after a restore; before it does, nothing is late.
                let snapshot = harness.snapshot(1).unwrap();
                chunks.extend(harness.take_records());
                harness = OperatorHarness::restore(DeduplicateFirst::new(&specification), &snapshot).unwrap();
                if watermark > i64::MIN {
                    harness.watermark(Timestamp::from_millis(watermark)).unwrap();
                }
            }
            for (_, next) in watermarks.iter().filter(|(at, _)| *at == number) {
                watermark = watermark.max(*next);
                harness.watermark(Timestamp::from_millis(watermark)).unwrap();
                let mut due: Vec<_> =
                    waiting.iter().filter(|(_, (time, _))| *time <= watermark).map(|(k, row)| (row.0, *k)).collect();
                due.sort_unstable();
                for (_, key) in due {
                    expected.push(waiting.remove(&key).unwrap().1);
                    gone.push(key);
                }
            }
            harness.push(chunk(&columns, &[format!("+I[{key}, {value}, {time}]")]), Timestamp::MIN).unwrap();
            let is_first = waiting.get(key).is_none_or(|(first, _)| time < first);
            if *time >= watermark && !gone.contains(key) && is_first {
                waiting.insert(*key, (*time, format!("+I[{key}, {value}, {}]", printed(*time))));
            }
        }
        harness.end_of_data().unwrap();
        harness.watermark(Timestamp::MAX).ok();
        chunks.extend(harness.take_records());
        let mut found = rows(&columns, &chunks);
        // Rows of one time come in any order.
        expected.extend(waiting.into_values().map(|(_, line)| line));
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn first_and_last_rows_by_processing_time() -> Result<()> {
    let columns = columns("PROCTIME!");
    let history =
        ["+I[1, a, 0]", "+I[2, b, 0]", "+I[1, c, 0]", "+I[1, c, 0]", "+I[2, d, 0]"].map(str::to_owned);
    let at = "1970-01-01T00:00:00Z";
    for cut in 0..history.len() {
        let first = DeduplicateSpecification::new(&[0], &columns, 2, false, true);
        let found = run(|| Deduplicate::new(&first), &columns, &history, cut)?;
        assert_eq!(found, [format!("+I[1, a, {at}]"), format!("+I[2, b, {at}]")]);
        let last = DeduplicateSpecification::new(&[0], &columns, 2, true, true);
        let found = run(|| Deduplicate::new(&last), &columns, &history, cut)?;
        let expected = ["+I[1, a", "+I[2, b", "-U[1, a", "+U[1, c", "-U[2, b", "+U[2, d"];
        assert_eq!(found, expected.map(|row| format!("{row}, {at}]")));
    }
    Ok(())
}

#[test]
fn a_time_that_is_null_fails_the_job() {
    let columns = columns("ROWTIME");
    let specification = DeduplicateSpecification::new(&[0], &columns, 2, true, true);
    let history = ["+I[1, a, null]".to_owned()];
    let error = run(|| Deduplicate::new(&specification), &columns, &history, 1).unwrap_err();
    assert!(error.to_string().contains("RowTime field should not be null"), "{error}");
}
