use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::Timestamp;

use super::WindowTableFunction;
use crate::chunk::Chunk;
use crate::plan::{WindowColumn, WindowForm, WindowFunction, WindowKind};
use crate::test_support::{chunk, rows, schema};
use crate::types::zone::Zone;
use crate::types::{Schema, SqlType, TimeKind};

fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("ts", "ROWTIME")])
}

fn function(kind: WindowKind, columns: &[WindowColumn]) -> (WindowTableFunction, Schema) {
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let function = WindowFunction {
        kind,
        offset: 0,
        time: 1,
        attribute: attribute.clone(),
        partition: Vec::new(),
        form: WindowForm::TableFunction,
    };
    let appended = columns.iter().map(|column| column.column(&attribute));
    let output = input().iter().cloned().chain(appended).collect();
    (WindowTableFunction::new(&function, columns, &Zone::UTC).unwrap(), output)
}

#[test]
fn rows_have_all_their_windows_and_their_kinds() {
    let (operator, output) =
        function(WindowKind::Hop { slide: 1_000, size: 2_000 }, &WindowFunction::COLUMNS);
    let mut harness = OperatorHarness::<Chunk, Chunk>::new(operator).unwrap();
    let texts = ["+I[1, 500]", "-D[2, 1000]", "+I[3, null]"];
    harness.push(chunk(&input(), &texts), Timestamp::MIN).unwrap();
    assert_eq!(
        rows(&output, &harness.take_records()),
        [
            "+I[1, 1970-01-01T00:00:00.500, 1970-01-01T00:00, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]",
            "+I[1, 1970-01-01T00:00:00.500, 1969-12-31T23:59:59, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]",
            "-D[2, 1970-01-01T00:00:01, 1970-01-01T00:00:01, 1970-01-01T00:00:03, 1970-01-01T00:00:02.999]",
            "-D[2, 1970-01-01T00:00:01, 1970-01-01T00:00, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]",
        ]
    );
}

#[test]
fn rows_in_very_many_windows_come_a_chunk_at_a_time() {
    let size = 10_000;
    let (operator, _) = function(WindowKind::Hop { slide: 1, size }, &[WindowColumn::End]);
    let setup = HarnessSetup::new().emit_at_most(1);
    let mut harness = OperatorHarness::<Chunk, Chunk>::with(setup, operator).unwrap();
    harness.push(chunk(&input(), &["+I[1, 0]", "+I[2, 5]"]), Timestamp::MIN).unwrap();
    let chunks = harness.take_records();
    assert!(chunks.iter().all(|chunk| chunk.rows() <= Chunk::ROWS));
    assert!(harness.resumed_runs() > 1, "it yields in between");
    let ends = chunks.iter().flat_map(|chunk| {
        use arrow_array::cast::AsArray;
        use arrow_array::types::{Int64Type, TimestampMillisecondType};
        let keys = chunk.columns()[0].as_primitive::<Int64Type>().values().to_vec();
        let ends = chunk.columns()[2].as_primitive::<TimestampMillisecondType>().values().to_vec();
        keys.into_iter().zip(ends).collect::<Vec<_>>()
    });
    let expected = (1..=size).rev().map(|end| (1, end)).chain((6..=size + 5).rev().map(|end| (2, end)));
    assert!(ends.eq(expected));
}
