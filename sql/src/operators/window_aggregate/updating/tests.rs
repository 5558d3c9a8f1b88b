use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::Timestamp;

use super::UpdatingWindowAggregate;
use crate::chunk::Chunk;
use crate::operators::WindowAggregateSpecification;
use crate::plan::{
    AggregateCall, AggregateFunction, Cut, EmitStrategy, WindowColumn, WindowFunction, WindowKind, Windowing,
};
use crate::test_support::{chunk, rows, schema};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

type Windows = OperatorHarness<Chunk, Chunk>;

/// A key, a value, and the window.
fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("v", "BIGINT"), ("ws", "ROWTIME!"), ("we", "ROWTIME!")])
}

fn output() -> Schema {
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let key = input().first().cloned().unwrap();
    let results = [key, NamedField::new("total", Field::nullable(SqlType::BigInt))];
    let window = [WindowColumn::Start, WindowColumn::End].map(|column| column.column(&attribute));
    results.into_iter().chain(window).collect()
}

fn operator(strategy: EmitStrategy, retracts: bool) -> UpdatingWindowAggregate {
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let cut = Cut { kind: WindowKind::Tumble { size: 10 }, offset: 0 };
    let windowing = Windowing::Attached { start: 2, end: 3, attribute, cut };
    let call = AggregateCall {
        function: AggregateFunction::Sum,
        arguments: vec![1],
        distinct: false,
        filter: None,
        field: Field::nullable(SqlType::BigInt),
    };
    let columns = &WindowFunction::COLUMNS[..2];
    let specification =
        WindowAggregateSpecification::new(&windowing, &[0], &[call], &input(), retracts, columns, &Zone::UTC);
    UpdatingWindowAggregate::new(&specification.unwrap(), strategy, &output(), true)
}

/// Rows of the window that begins at `start`: kind, key and value.
fn push(windows: &mut Windows, start: i64, texts: &[&str]) {
    let texts: Vec<_> = texts.iter().map(|text| format!("{text}, {start}, {}]", start + 10)).collect();
    windows.push(chunk(&input(), &texts), Timestamp::MIN).unwrap();
}

/// What has been emitted: kind, key, total and the start of the window.
fn take(windows: &Windows) -> Vec<String> {
    let lines = rows(&output(), &windows.take_records());
    let cut = |line: &String| {
        let (row, _) = line.rsplit_once(", ").unwrap();
        row.replace("1970-01-01T00:00:00.", "").replace("1970-01-01T00:00", "0")
    };
    lines.iter().map(cut).collect()
}

fn watermark(windows: &mut Windows, millis: i64) {
    windows.watermark(Timestamp::from_millis(millis)).unwrap();
}

const EARLY: EmitStrategy = EmitStrategy { early: Some(0), late: None, lateness: 0 };
const LATE: EmitStrategy = EmitStrategy { early: None, late: Some(0), lateness: 20 };

#[test]
fn each_row_is_a_change_before_the_window_is_over() {
    let mut windows = Windows::new(operator(EARLY, false)).unwrap();
    push(&mut windows, 0, &["+I[1, 5", "+I[1, 0", "+I[1, 2", "+I[2, 1"]);
    let changes = ["+I[1, 5, 0", "-U[1, 5, 0", "+U[1, 7, 0", "+I[2, 1, 0"];
    assert_eq!(take(&windows), changes, "what changes nothing is no change");
    watermark(&mut windows, 9);
    assert!(take(&windows).is_empty());
    // Late, and forgotten.
    push(&mut windows, 0, &["+I[1, 5"]);
    assert!(take(&windows).is_empty());
    assert_eq!(windows.counters().late_records, 1);
    push(&mut windows, 10, &["+I[1, 5"]);
    assert_eq!(take(&windows), ["+I[1, 5, 010"]);
}

#[test]
fn late_rows_change_what_has_been_emitted() {
    let mut windows = Windows::new(operator(LATE, false)).unwrap();
    push(&mut windows, 0, &["+I[1, 5", "+I[1, 1"]);
    assert!(take(&windows).is_empty());
    watermark(&mut windows, 9);
    assert_eq!(take(&windows), ["+I[1, 6, 0"]);
    push(&mut windows, 0, &["+I[1, 1", "+I[2, 3", "+I[2, 1"]);
    assert_eq!(take(&windows), ["-U[1, 6, 0", "+U[1, 7, 0", "+I[2, 3, 0", "-U[2, 3, 0", "+U[2, 4, 0"]);
    watermark(&mut windows, 28);
    push(&mut windows, 0, &["+I[1, 1"]);
    assert_eq!(take(&windows), ["-U[1, 7, 0", "+U[1, 8, 0"]);
    watermark(&mut windows, 29);
    push(&mut windows, 0, &["+I[1, 1"]);
    assert!(take(&windows).is_empty());
    assert_eq!(windows.counters().late_records, 1);
}

#[test]
fn with_a_delay_changes_come_together() {
    let strategy = EmitStrategy { early: Some(1_000), late: Some(500), lateness: 1_000 };
    let mut windows = Windows::new(operator(strategy, false)).unwrap();
    push(&mut windows, 0, &["+I[1, 5", "+I[1, 1"]);
    windows.advance(std::time::Duration::from_millis(999)).unwrap();
    assert!(take(&windows).is_empty());
    windows.advance(std::time::Duration::from_millis(1)).unwrap();
    assert_eq!(take(&windows), ["+I[1, 6, 0"]);
    push(&mut windows, 0, &["+I[1, 1"]);
    windows.advance(std::time::Duration::from_millis(1_000)).unwrap();
    assert_eq!(take(&windows), ["-U[1, 6, 0", "+U[1, 7, 0"]);
    push(&mut windows, 0, &["+I[1, 1"]);
    watermark(&mut windows, 9);
    assert_eq!(take(&windows), ["-U[1, 7, 0", "+U[1, 8, 0"]);
    push(&mut windows, 0, &["+I[1, 2"]);
    assert!(take(&windows).is_empty());
    windows.advance(std::time::Duration::from_millis(500)).unwrap();
    assert_eq!(take(&windows), ["-U[1, 8, 0", "+U[1, 10, 0"]);
}

#[test]
fn what_is_taken_back_entirely_goes() {
    let mut windows = Windows::new(operator(EARLY, true)).unwrap();
    push(&mut windows, 0, &["+I[1, 5", "-D[1, 5", "+I[1, 2"]);
    assert_eq!(take(&windows), ["+I[1, 5, 0", "-D[1, 5, 0", "+I[1, 2, 0"]);
}

#[test]
fn a_restore_at_another_parallelism_goes_on() {
    let strategy = LATE;
    let mut windows = Windows::new(operator(strategy, false)).unwrap();
    let keys: Vec<String> = (0..20).map(|key| format!("+I[{key}, 1")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    push(&mut windows, 0, &keys);
    watermark(&mut windows, 9);
    assert_eq!(take(&windows).len(), 20);
    let snapshot = windows.snapshot(1).unwrap();
    let mut changes = Vec::new();
    let (groups, parallelism) = (millstream_state::KeyGroups::new(128), 3);
    let layout = crate::chunk::KeyLayout::new(vec![0], vec![input().field(0)]);
    let texts: Vec<_> = keys.iter().map(|text| format!("{text}, 0, 10]")).collect();
    let all = chunk(&input(), &texts);
    let mut hashes = Vec::new();
    layout.hash(all.columns(), all.rows(), &mut hashes).unwrap();
    for subtask in 0..parallelism {
        let setup =
            HarnessSetup::new().subtask(subtask, parallelism).restore(std::slice::from_ref(&snapshot));
        let mut windows = Windows::with(setup, operator(strategy, false)).unwrap();
        let own = hashes.iter().map(|hash| groups.owner(groups.of_hash(*hash), parallelism) == subtask);
        windows.push(all.filter(&own.map(Some).collect()).unwrap(), Timestamp::MIN).unwrap();
        changes.extend(take(&windows));
    }
    assert_eq!(changes.iter().filter(|change| change.starts_with("-U")).count(), 20, "{changes:?}");
    assert_eq!(changes.len(), 40);
}
