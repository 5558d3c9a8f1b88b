use std::time::Duration;

use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::WatermarkAssigner;
use crate::chunk::Chunk;
use crate::eval::BuildContext;
use crate::plan::Expression;
use crate::test_support::{chunk, emitted, schema};

type Assigner = OperatorHarness<Chunk, Chunk>;

/// Watermarks of column `ts`, with an interval of 200 ms.
fn assigner(idle_timeout: Duration) -> Assigner {
    let schema = schema(&[("ts", "ROWTIME")]);
    let expression = Expression::column(0, schema.field(0));
    let cx = BuildContext { time_zone: "UTC".to_owned() };
    let assigner = WatermarkAssigner::new(0, &expression, Duration::from_millis(200), &cx).unwrap();
    let mut harness = Assigner::new(assigner.idle_after(idle_timeout)).unwrap();
    harness.poll().unwrap();
    harness
}

fn push(harness: &mut Assigner, times: &[i64]) {
    let rows: Vec<_> = times.iter().map(|time| format!("+I[{time}]")).collect();
    harness.push(chunk(&schema(&[("ts", "ROWTIME")]), &rows), Timestamp::MIN).unwrap();
}

#[test]
fn a_watermark_follows_the_row_that_raises_it_by_more_than_the_interval() {
    let mut harness = assigner(Duration::ZERO);
    push(&mut harness, &[1_000, 1_200, 1_201, 1_150, 1_300]);
    assert_eq!(emitted(&harness), ["1", "w1000", "2", "w1201", "2"]);
    // The rest comes when the interval has passed.
    harness.advance(Duration::from_millis(200)).unwrap();
    assert_eq!(emitted(&harness), ["w1300"]);
    // Late rows raise nothing.
    push(&mut harness, &[900]);
    assert_eq!(emitted(&harness), ["1"]);
}

#[test]
fn without_rows_the_stream_becomes_idle() {
    let mut harness = assigner(Duration::from_secs(1));
    push(&mut harness, &[1_000, 1_100]);
    harness.flush().unwrap();
    assert_eq!(emitted(&harness), ["1", "w1000", "1"]);
    harness.advance(Duration::from_millis(900)).unwrap();
    harness.flush().unwrap();
    assert_eq!(emitted(&harness), ["w1100"]);
    harness.advance(Duration::from_millis(100)).unwrap();
    harness.flush().unwrap();
    assert_eq!(emitted(&harness), ["idle"]);
    push(&mut harness, &[1_050]);
    assert_eq!(emitted(&harness), ["active", "1"]);
}

#[test]
fn without_a_timeout_it_never_does() {
    let mut harness = assigner(Duration::ZERO);
    push(&mut harness, &[1_000]);
    harness.advance(Duration::from_secs(3_600)).unwrap();
    harness.flush().unwrap();
    assert_eq!(emitted(&harness), ["1", "w1000"]);
}
