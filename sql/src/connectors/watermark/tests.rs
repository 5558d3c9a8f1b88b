use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::{SplitWatermarks, WatermarkEmission, WatermarkStrategy};
use crate::chunk::Chunk;
use crate::connectors::testing::Script;
use crate::eval::BuildContext;
use crate::operators::WatermarkExpression;
use crate::plan::Expression;
use crate::test_support::{chunk, emitted, schema};

const ON_EVENT: WatermarkEmission = WatermarkEmission::OnEvent { gap: 1 };

/// A source as an operator: a record is a split and the times of its rows; one without rows ends the split.
struct Reader(SplitWatermarks<u32>);

impl OperatorHooks<Chunk> for Reader {
    fn flush(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.0.wait(output)
    }
}

impl Operator<(u32, Vec<i64>), Chunk> for Reader {
    fn process(&mut self, batch: &mut Batch<(u32, Vec<i64>)>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for (split, times) in batch.drain() {
            if times.is_empty() {
                self.0.end(&split, output)?;
                continue;
            }
            let rows: Vec<_> = times.iter().map(|time| format!("+I[{time}]")).collect();
            self.0.forward(&split, chunk(&schema(&[("ts", "ROWTIME")]), &rows), output)?;
        }
        Ok(())
    }
}

type Source = OperatorHarness<(u32, Vec<i64>), Chunk>;

fn source(splits: &[u32], emission: WatermarkEmission, idle_timeout: Option<Duration>) -> Source {
    let schema = schema(&[("ts", "ROWTIME")]);
    let cx = BuildContext { time_zone: "UTC".to_owned() };
    let expression = WatermarkExpression::new(&Expression::column(0, schema.field(0)), &cx).unwrap();
    let mut watermarks = SplitWatermarks::new(WatermarkStrategy::new(expression, emission, idle_timeout));
    splits.iter().for_each(|split| watermarks.add(*split));
    Source::new(Reader(watermarks)).unwrap()
}

/// Reads rows of a split; what is emitted: the number of rows of a chunk, `w` and a watermark, `idle` or `active`.
fn read(source: &mut Source, split: u32, times: &[i64]) -> Vec<String> {
    source.push((split, times.to_vec()), Timestamp::MIN).unwrap();
    emitted(source)
}

#[test]
fn on_event_a_watermark_follows_each_row_that_raises_it() {
    let mut source = source(&[0], ON_EVENT, None);
    assert_eq!(read(&mut source, 0, &[5, 3, 4, 7, 8, 8]), ["1", "w5", "3", "w7", "1", "w8", "1"]);
    assert_eq!(read(&mut source, 0, &[1, 2]), ["2"]);
}

#[test]
fn on_periodic_a_watermark_follows_the_rows_at_hand() {
    let mut source = source(&[0], WatermarkEmission::OnPeriodic, None);
    assert_eq!(read(&mut source, 0, &[5, 3, 7]), ["3", "w7"]);
    assert_eq!(read(&mut source, 0, &[6]), ["1"]);
}

#[test]
fn a_gap_leaves_rows_out() {
    let mut source = source(&[0], WatermarkEmission::OnEvent { gap: 3 }, None);
    assert_eq!(read(&mut source, 0, &[1, 2, 3, 4, 5]), ["3", "w3", "2"]);
    // The third does not raise it, and those before it did.
    assert_eq!(read(&mut source, 0, &[0]), ["1", "w5"]);
}

#[test]
fn the_split_that_is_furthest_behind_decides() {
    for emission in [ON_EVENT, WatermarkEmission::OnPeriodic] {
        let mut source = source(&[0, 1], emission, None);
        assert_eq!(read(&mut source, 0, &[10]), ["1"]);
        assert_eq!(read(&mut source, 1, &[4]), ["1", "w4"]);
        assert_eq!(read(&mut source, 1, &[12]), ["1", "w10"]);
        assert_eq!(read(&mut source, 0, &[20]), ["1", "w12"]);
        // What has ended holds nothing back.
        assert_eq!(read(&mut source, 1, &[]), ["w20"]);
    }
    let mut source = source(&[0, 1], ON_EVENT, None);
    read(&mut source, 0, &[6]);
    assert_eq!(read(&mut source, 1, &[3, 5, 9, 10]), ["1", "w3", "1", "w5", "1", "w6", "1"]);
}

#[test]
fn an_idle_split_holds_nothing_back() {
    let mut source = source(&[0, 1], ON_EVENT, Some(Duration::from_secs(1)));
    read(&mut source, 0, &[5]);
    source.flush().unwrap();
    assert_eq!(emitted(&source), [""; 0]);
    source.advance(Duration::from_millis(600)).unwrap();
    assert_eq!(read(&mut source, 0, &[6]), ["1"]);
    // One second after the first look at a split that has never had a row.
    source.advance(Duration::from_millis(400)).unwrap();
    source.flush().unwrap();
    assert_eq!(emitted(&source), ["w6"]);
    source.advance(Duration::from_millis(600)).unwrap();
    source.flush().unwrap();
    assert_eq!(emitted(&source), ["idle"]);
    // A split that comes back counts again, and takes nothing back.
    assert_eq!(read(&mut source, 1, &[2]), ["active", "1"]);
    assert_eq!(read(&mut source, 1, &[8]), ["1", "w8"]);
}

fn refusal(options: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!(
        "CREATE TABLE s (ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values', {options})"
    ));
    script.try_run("SELECT * FROM s").unwrap_err()
}

#[test]
fn options_are_checked() {
    let cases = [
        ("'scan.watermark.emit.strategy' = 'sometimes'", "it must be on-periodic or on-event"),
        ("'scan.watermark.emit.on-event.gap' = '0'", "it must be a number above 0"),
        ("'scan.watermark.idle-timeout' = 'long'", "it must be a duration such as '10 s'"),
        ("'scan.watermark.alignment.group' = 'g'", "must be set together"),
        (
            "'scan.watermark.alignment.group' = 'g', 'scan.watermark.alignment.max-drift' = '1 min'",
            "is not supported by its connector",
        ),
        (
            "'scan.watermark.emit.strategie' = 'on-event'",
            "Unsupported options: scan.watermark.emit.strategie",
        ),
    ];
    for (options, expected) in cases {
        let refusal = refusal(options);
        assert!(refusal.contains(expected), "{options}: {refusal}");
    }
}
