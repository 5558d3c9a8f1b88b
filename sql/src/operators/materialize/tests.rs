use millstream_runtime::Result;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::SinkUpsertMaterializer;
use crate::test_support::{chunk, rows, schema};
use crate::types::Schema;

fn columns() -> Schema {
    schema(&[("pk", "BIGINT!"), ("id", "BIGINT!"), ("v", "STRING")])
}

/// The changes that come out, with a restore after `cut` rows.
fn run(row_key: &[usize], history: &[&str], cut: usize) -> Result<Vec<String>> {
    let make = || SinkUpsertMaterializer::new(&[0], row_key, &columns(), None);
    let mut harness = OperatorHarness::new(make())?;
    harness.push(chunk(&columns(), &history[..cut]), Timestamp::MIN)?;
    let mut chunks = harness.take_records();
    let snapshot = harness.snapshot(1)?;
    let mut harness = OperatorHarness::restore(make(), &snapshot)?;
    harness.push(chunk(&columns(), &history[cut..]), Timestamp::MIN)?;
    chunks.extend(harness.take_records());
    Ok(rows(&columns(), &chunks))
}

/// Two rows of the query have the primary key 1 for a while.
const HISTORY: [&str; 8] = [
    "+I[1, 10, a]",
    "+I[1, 11, b]",
    "-U[1, 10, a]",
    "+U[1, 10, c]",
    "-D[1, 10, c]",
    "-D[1, 11, b]",
    "-D[1, 11, b]",
    "+I[1, 12, d]",
];

#[test]
fn the_last_row_of_a_key_is_that_of_the_table() -> Result<()> {
    let expected =
        ["+I[1, 10, a]", "+U[1, 11, b]", "+U[1, 10, c]", "+U[1, 11, b]", "-D[1, 11, b]", "+I[1, 12, d]"];
    for cut in 0..HISTORY.len() {
        assert_eq!(run(&[], &HISTORY, cut)?, expected, "by the whole row, cut after {cut}");
        assert_eq!(run(&[1], &HISTORY, cut)?, expected, "by id, cut after {cut}");
    }
    Ok(())
}

#[test]
fn a_row_that_is_known_again_stays_where_it_was() -> Result<()> {
    let history = ["+I[1, 10, a]", "+I[1, 11, b]", "+U[1, 10, c]", "-D[1, 10, x]", "-D[1, 11, b]"];
    let by_id = ["+I[1, 10, a]", "+U[1, 11, b]", "+U[1, 10, c]", "-D[1, 11, b]"];
    assert_eq!(run(&[1], &history, 2)?, by_id);
    // Without a key, the row before the update is still there, and the last row goes back to it.
    let by_row = ["+I[1, 10, a]", "+U[1, 11, b]", "+U[1, 10, c]"];
    assert_eq!(run(&[], &history, 2)?, by_row);
    Ok(())
}
