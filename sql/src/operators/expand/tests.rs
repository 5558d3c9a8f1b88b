use std::sync::Arc;

use arrow_array::Int64Array;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::Expand;
use crate::chunk::Chunk;
use crate::eval::BuildContext;
use crate::plan::Expression;
use crate::test_support::{chunk, rows, schema};
use crate::types::SqlType;

fn projections() -> Vec<Vec<Expression>> {
    let columns = schema(&[("k", "BIGINT"), ("v", "BIGINT")]);
    let column = |index: usize| Expression::column(index, columns.field(index));
    let number = |number| Expression::constant(Arc::new(Int64Array::from(vec![number])), SqlType::BigInt);
    vec![
        vec![column(0), column(1), number(0)],
        vec![column(0), Expression::null(SqlType::BigInt), number(1)],
        vec![number(7), column(1), number(2)],
    ]
}

fn harness() -> OperatorHarness<Chunk, Chunk> {
    OperatorHarness::new(Expand::new(&projections(), &BuildContext::default()).unwrap()).unwrap()
}

#[test]
fn the_rows_of_a_row_stand_together_and_do_what_it_does() {
    let mut harness = harness();
    let (before, after) = (
        schema(&[("k", "BIGINT"), ("v", "BIGINT")]),
        schema(&[("k", "BIGINT"), ("v", "BIGINT"), ("e", "BIGINT")]),
    );
    harness.push(chunk(&before, &["+I[1, 10]", "-D[2, null]"]), Timestamp::MIN).unwrap();
    let expected = [
        "+I[1, 10, 0]",
        "+I[1, null, 1]",
        "+I[7, 10, 2]",
        "-D[2, null, 0]",
        "-D[2, null, 1]",
        "-D[7, null, 2]",
    ];
    assert_eq!(rows(&after, &harness.take_records()), expected);
}

#[test]
fn chunks_are_no_larger_than_others() {
    let mut harness = harness();
    let columns = schema(&[("k", "BIGINT"), ("v", "BIGINT")]);
    let all: Vec<_> = (0..Chunk::ROWS).map(|row| format!("+I[{row}, 1]")).collect();
    harness.push(chunk(&columns, &all), Timestamp::MIN).unwrap();
    let sizes: Vec<_> = harness.take_records().iter().map(Chunk::rows).collect();
    assert!(sizes.iter().all(|rows| *rows <= Chunk::ROWS), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 3 * Chunk::ROWS);
}
