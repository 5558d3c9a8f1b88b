//! The source on its own: time, subtasks, restores.

use std::time::Duration;

use millstream_operators::testing::source_operator;
use millstream_runtime::chain::SourceStatus;
use millstream_runtime::testing::{Emitted, HarnessSetup, HarnessSnapshot, SourceHarness};
use proptest::prelude::*;

use crate::chunk::{Chunk, RowText};
use crate::connectors::values::rows::Script;
use crate::connectors::values::source::ScriptSource;
use crate::connectors::{ChangelogMode, TestRows};
use crate::types::{Field, NamedField, Schema, SqlType};

fn schema() -> Schema {
    [NamedField::new("n", Field::nullable(SqlType::Int))].into_iter().collect()
}

fn harness(
    rows: &TestRows,
    subtask: u32,
    parallelism: u32,
    snapshots: &[HarnessSnapshot],
) -> SourceHarness<Chunk> {
    let script = Script::parse(rows, &schema(), &[0], &ChangelogMode::insert_only()).unwrap();
    let setup = HarnessSetup::new().subtask(subtask, parallelism);
    let setup = if snapshots.is_empty() { setup } else { setup.restore(snapshots) };
    SourceHarness::with(
        setup,
        source_operator(ScriptSource::new(script, None), Vec::new(), subtask, parallelism),
    )
    .unwrap()
}

fn lines(chunk: &Chunk) -> Vec<String> {
    let text = RowText::new(&schema());
    let line = |row| {
        let mut line = String::new();
        text.write(chunk, row, &mut line);
        line
    };
    (0..chunk.rows()).map(line).collect()
}

/// What a source has emitted: rows, and watermarks as `@millis`.
fn emitted(harness: &SourceHarness<Chunk>) -> Vec<String> {
    let emitted = harness.take_emitted().into_iter().flat_map(|event| match event {
        Emitted::Record(chunk, _) => lines(&chunk),
        Emitted::Watermark(watermark) => vec![format!("@{}", watermark.as_millis())],
        _ => Vec::new(),
    });
    emitted.collect()
}

fn story() -> TestRows {
    TestRows::new([
        "[1]",
        "[2]",
        r#"{"watermark": "1970-01-01 00:00:01"}"#,
        r#"{"advance": "10 s"}"#,
        "[3]",
        r#"{"watermark": "1970-01-01T00:00:02Z"}"#,
    ])
}

#[test]
fn time_moves_between_rows() {
    let mut source = harness(&story(), 0, 1, &[]);
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Waiting);
    assert_eq!(emitted(&source), ["+I[1]", "+I[2]", "@1000"]);
    source.advance(Duration::from_millis(9_999)).unwrap();
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Waiting);
    source.advance(Duration::from_millis(1)).unwrap();
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Ended);
    assert_eq!(emitted(&source)[..2], ["+I[3]", "@2000"]);
}

#[test]
fn every_subtask_sees_the_watermarks() {
    for subtask in 0..2 {
        let mut source = harness(&story(), subtask, 2, &[]);
        source.run(usize::MAX).unwrap();
        assert_eq!(emitted(&source), [format!("+I[{}]", subtask + 1), "@1000".to_owned()]);
    }
}

#[test]
fn time_that_has_passed_does_not_pass_again_after_a_restore() {
    let mut source = harness(&story(), 0, 1, &[]);
    source.run(usize::MAX).unwrap();
    let snapshot = source.snapshot(1).unwrap();
    let mut source = harness(&story(), 0, 1, &[snapshot]);
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Ended);
    assert_eq!(emitted(&source)[..3], ["@1000", "+I[3]", "@2000"]);
}

#[test]
fn more_rows_may_follow_where_a_source_stays_open() {
    let mut source = harness(&TestRows::new(["[1]"]).open(), 0, 1, &[]);
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Waiting);
    assert_eq!(emitted(&source), ["+I[1]"]);
    let snapshot = source.snapshot(1).unwrap();
    let mut source = harness(&TestRows::new(["[1]", "[2]"]), 0, 1, &[snapshot]);
    assert_eq!(source.run(usize::MAX).unwrap(), SourceStatus::Ended);
    assert_eq!(emitted(&source)[..1], ["+I[2]"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rescaling_loses_and_repeats_nothing(
        lives in prop::collection::vec((1..4_u32, 0..6_usize), 1..5),
        pieces in prop::collection::vec(0..9_usize, 1..9),
    ) {
        let mut rows = Vec::new();
        for piece in pieces {
            rows.extend((0..piece).map(|_| "[7]".to_owned()));
            rows.push(r#"{"watermark": "1970-01-01 00:00:01"}"#.to_owned());
        }
        let count = rows.iter().filter(|row| row.starts_with('[')).count();
        let rows = TestRows::new(rows);
        let (mut read, mut snapshots) = (0, Vec::new());
        for (parallelism, steps) in lives.into_iter().chain([(2, usize::MAX)]) {
            let harnesses = (0..parallelism).map(|subtask| {
                let mut harness = harness(&rows, subtask, parallelism, &snapshots);
                harness.run(steps).unwrap();
                read += harness.take_records().iter().map(Chunk::rows).sum::<usize>();
                harness.snapshot(1).unwrap()
            });
            snapshots = harnesses.collect();
        }
        prop_assert_eq!(read, count);
    }
}
