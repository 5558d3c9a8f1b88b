use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::chain::{OperatorHooks, Output, SourceOperator, SourceStatus};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::testing::{Emitted, SourceHarness};
use millstream_state::Timestamp;

use super::SplitWatermarks;
use crate::{WatermarkGenerator, WatermarkStrategy};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// What a reader does in a step.
enum Step {
    Records(&'static str, Vec<i64>),
    End(&'static str),
    Wait,
}

/// Does what it is told to.
struct Reader {
    watermarks: SplitWatermarks<&'static str, i64>,
    steps: std::vec::IntoIter<Step>,
}

impl OperatorHooks<i64> for Reader {}

impl SourceOperator<i64> for Reader {
    fn next(&mut self, output: &mut Output<'_, i64>) -> Result<SourceStatus> {
        match self.steps.next() {
            None => return Ok(SourceStatus::Waiting),
            Some(Step::Records(split, records)) => {
                self.watermarks.forward(&split, &mut records.into(), output)?;
            }
            Some(Step::End(split)) => self.watermarks.end(&split, output)?,
            Some(Step::Wait) => self.watermarks.wait(output)?,
        }
        Ok(SourceStatus::More)
    }
}

fn bounded() -> WatermarkStrategy<i64> {
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(10));
    strategy.timestamp_assigner(|n| at(*n)).interval(Duration::ZERO)
}

fn reader(
    strategy: WatermarkStrategy<i64>,
    splits: &[(&'static str, i64)],
    steps: Vec<Step>,
) -> SourceHarness<i64> {
    let mut watermarks = SplitWatermarks::new(strategy);
    for &(split, watermark) in splits {
        watermarks.add(split, if watermark == 0 { Timestamp::MIN } else { at(watermark) });
    }
    SourceHarness::new(Reader { watermarks, steps: steps.into_iter() }).unwrap()
}

/// Does one step, and shows what came out.
fn step(harness: &mut SourceHarness<i64>) -> String {
    harness.next().unwrap();
    let show = |emitted: Emitted<i64>| match emitted {
        Emitted::Record(record, _) => record.to_string(),
        Emitted::Watermark(watermark) => format!("W{}", watermark.as_millis()),
        Emitted::Status(StreamStatus::Idle) => "idle".to_owned(),
        Emitted::Status(StreamStatus::Active) => "active".to_owned(),
        Emitted::Barrier(_) | Emitted::EndOfData => "control".to_owned(),
    };
    harness.take_emitted().into_iter().map(show).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_split_that_is_furthest_behind_holds_the_watermark_back() {
    let steps = vec![
        Step::Records("a", vec![100]),
        Step::Records("b", vec![50]),
        Step::Records("b", vec![200]),
        Step::Records("a", vec![120, 110]),
        Step::End("a"),
        Step::End("b"),
    ];
    let mut reader = reader(bounded(), &[("a", 0), ("b", 0)], steps);
    assert_eq!(step(&mut reader), "100", "nothing is known of the other yet");
    assert_eq!(step(&mut reader), "50 W39");
    assert_eq!(step(&mut reader), "200 W89");
    assert_eq!(step(&mut reader), "120 110 W109");
    assert_eq!(step(&mut reader), "W189", "the other alone counts");
    assert_eq!(step(&mut reader), "", "it has said that before");
}

#[test]
fn a_split_without_records_is_idle_after_a_while_and_all_of_them_make_the_reader_idle() {
    let steps =
        vec![Step::Records("a", vec![100]), Step::Wait, Step::Wait, Step::Wait, Step::Records("b", vec![60])];
    let mut reader = reader(bounded().idleness(Duration::from_secs(1)), &[("a", 0), ("b", 0)], steps);
    assert_eq!(step(&mut reader), "100");
    assert_eq!(step(&mut reader), "", "the time without records begins");
    reader.advance(Duration::from_millis(999)).unwrap();
    assert_eq!(step(&mut reader), "");
    reader.advance(Duration::from_millis(1)).unwrap();
    // Both have been without records for a second: what the first has come to counts no more than the other.
    assert_eq!(step(&mut reader), "idle");
    assert_eq!(step(&mut reader), "active 60 W49");
}

#[test]
fn one_idle_split_holds_the_other_no_longer() {
    let steps = vec![Step::Wait, Step::Records("a", vec![100]), Step::Wait];
    let mut reader = reader(bounded().idleness(Duration::from_secs(1)), &[("a", 0), ("b", 0)], steps);
    assert_eq!(step(&mut reader), "");
    reader.advance(Duration::from_millis(600)).unwrap();
    assert_eq!(step(&mut reader), "100");
    reader.advance(Duration::from_millis(600)).unwrap();
    assert_eq!(step(&mut reader), "W89");
}

#[test]
fn restored_splits_go_on_from_where_they_were() {
    let steps = vec![Step::Records("a", vec![30])];
    let mut reader = reader(bounded(), &[("a", 70), ("b", 90)], steps);
    assert_eq!(step(&mut reader), "W70 30");
}

/// Says what each record says.
struct Punctuated;

impl WatermarkGenerator<i64> for Punctuated {
    fn on_event(&mut self, record: &i64, _: Timestamp) -> Option<Timestamp> {
        Some(at(*record))
    }
    fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

#[test]
fn watermarks_between_records_are_held_back_too() {
    let strategy = WatermarkStrategy::for_generator(|| Punctuated);
    let steps = vec![Step::Records("a", vec![5]), Step::Records("b", vec![3, 4, 9])];
    let mut reader = reader(strategy, &[("a", 0), ("b", 0)], steps);
    assert_eq!(step(&mut reader), "5");
    assert_eq!(step(&mut reader), "3 W3 4 W4 9 W5");
}

/// Reads split `a` unless it is ahead, then `b`.
struct Aligned {
    watermarks: SplitWatermarks<&'static str, i64>,
    ahead: Vec<i64>,
    behind: Vec<i64>,
}

impl OperatorHooks<i64> for Aligned {}

impl SourceOperator<i64> for Aligned {
    fn next(&mut self, output: &mut Output<'_, i64>) -> Result<SourceStatus> {
        if !self.watermarks.is_ahead(&"a", output)
            && let Some(record) = self.ahead.pop()
        {
            self.watermarks.forward(&"a", &mut vec![record].into(), output)?;
            return Ok(SourceStatus::More);
        }
        match self.behind.pop() {
            Some(record) => self.watermarks.forward(&"b", &mut vec![record].into(), output)?,
            None => self.watermarks.wait(output)?,
        }
        Ok(SourceStatus::Waiting)
    }
}

#[test]
fn a_split_that_is_far_ahead_of_its_group_waits() {
    let strategy = bounded().alignment("group", Duration::from_millis(100));
    let mut watermarks = SplitWatermarks::new(strategy);
    watermarks.add("a", Timestamp::MIN);
    watermarks.add("b", Timestamp::MIN);
    let mut reader =
        SourceHarness::new(Aligned { watermarks, ahead: vec![600, 500], behind: vec![450] }).unwrap();
    assert_eq!(step(&mut reader), "500", "nobody has come anywhere: none is ahead");
    assert_eq!(step(&mut reader), "450 W439", "the other has come nowhere");
    // The group is looked at once a second.
    assert_eq!(step(&mut reader), "");
    reader.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(step(&mut reader), "600", "489 is not more than 100 ahead of 439");
    reader.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(step(&mut reader), "", "589 is");
    assert_eq!(reader.wake_at(), Some(at(3_000)));
}
