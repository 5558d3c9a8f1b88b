use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::ReplicateRows;
use crate::chunk::Chunk;
use crate::test_support::{chunk, rows, schema};

fn replicated(changes: &[&str]) -> Vec<Chunk> {
    let mut harness = OperatorHarness::new(ReplicateRows).unwrap();
    let columns = schema(&[("n", "BIGINT"), ("k", "BIGINT"), ("s", "STRING")]);
    harness.push(chunk(&columns, changes), Timestamp::MIN).unwrap();
    harness.take_records()
}

#[test]
fn changes_are_those_of_each_copy() {
    let columns =
        schema(&[("n", "BIGINT"), ("k", "BIGINT"), ("s", "STRING"), ("k0", "BIGINT"), ("s0", "STRING")]);
    let changes =
        ["+I[2, 1, a]", "-U[2, 1, a]", "+U[1, 1, a]", "+I[0, 2, b]", "+I[-1, 3, null]", "-D[1, 1, a]"];
    let expected = [
        "+I[2, 1, a, 1, a]",
        "+I[2, 1, a, 1, a]",
        "-U[2, 1, a, 1, a]",
        "-U[2, 1, a, 1, a]",
        "+U[1, 1, a, 1, a]",
        "-D[1, 1, a, 1, a]",
    ];
    assert_eq!(rows(&columns, &replicated(&changes)), expected);
}

#[test]
fn many_copies_come_in_several_chunks() {
    let emitted = replicated(&["+I[5000, 1, a]", "+I[null, 2, b]", "+I[3192, 3, c]"]);
    let sizes: Vec<_> = emitted.iter().map(Chunk::rows).collect();
    assert_eq!(sizes, [Chunk::ROWS, Chunk::ROWS]);
}
