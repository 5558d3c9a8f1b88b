use std::time::Duration;

use millstream_state::Timestamp;
use millstream_state::snapshot::part::Redistribution;

use super::*;
use crate::batch::Batch;
use crate::chain::{
    OpenContext, Operator, OperatorHooks, Output, SnapshotContext, SourceOperator, SourceStatus, TaskContext,
    TwoInputOperator,
};
use crate::clock::IoHandle;
use crate::error::Result;

/// Keeps what it gets in three lists, one for each way of redistribution.
#[derive(Default)]
struct Keeper {
    split: Vec<u32>,
    union: Vec<u32>,
    broadcast: Vec<u32>,
    io: Option<IoHandle<u32>>,
}

impl OperatorHooks<u32> for Keeper {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.split = cx.take_list("split")?.unwrap_or_default();
        self.union = cx.take_list("union")?.unwrap_or_default();
        self.broadcast = cx.take_list("broadcast")?.unwrap_or_default();
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let split = self.split.clone();
        cx.list_deferred("split", Redistribution::Split, Box::pin(async move { Ok(split) }));
        cx.list("union", Redistribution::Union, &self.union)?;
        cx.list("broadcast", Redistribution::Broadcast, &self.broadcast)
    }

    fn poll(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        if output.context().now() >= Timestamp::from_millis(500) {
            output.emit(500, Timestamp::MIN)?;
        }
        match self.io.as_ref().and_then(IoHandle::take) {
            Some(done) => output.emit(done?, Timestamp::MIN),
            None => Ok(()),
        }
    }

    fn finish(&mut self, cx: &mut TaskContext) -> Result<()> {
        if self.split.pop().is_some() {
            cx.hold_finish();
        }
        Ok(())
    }
}

impl Operator<u32, u32> for Keeper {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        self.split.extend(batch.records());
        self.union.extend(batch.records());
        self.broadcast = vec![7];
        output.context().wake_at(Timestamp::from_millis(500));
        self.io = Some(output.context().spawn_io(async { Ok(99) }));
        Ok(())
    }
}

fn keeper(records: impl IntoIterator<Item = u32>) -> Result<OperatorHarness<u32, u32>> {
    let mut harness = OperatorHarness::new(Keeper::default())?;
    harness.push_all(records)?;
    Ok(harness)
}

#[test]
fn lists_are_redistributed_as_they_ask() -> Result<()> {
    let snapshots = [keeper([1, 2, 3])?.snapshot(1)?, keeper([4, 5])?.snapshot(1)?];
    let part = |subtask, name| {
        let setup = HarnessSetup::new().subtask(subtask, 3).restore(&snapshots);
        OperatorHarness::with(setup, Keeper::default())?.snapshot(2)?.list::<u32>(name)
    };
    assert_eq!(part(0, "split")?, [1, 4]);
    assert_eq!(part(1, "split")?, [2, 5]);
    assert_eq!(part(2, "split")?, [3]);
    assert_eq!(part(1, "union")?, [1, 2, 3, 4, 5]);
    assert_eq!(part(2, "broadcast")?, [7]);
    Ok(())
}

#[test]
fn io_and_time_come_when_asked_for() -> Result<()> {
    let harness = keeper([1])?;
    assert_eq!(harness.take_records(), [99]);

    let mut harness = OperatorHarness::with(HarnessSetup::new().manual_io(), Keeper::default())?;
    harness.push(1, Timestamp::MIN)?;
    harness.poll()?;
    assert!(harness.take_records().is_empty());
    harness.run_io()?;
    assert_eq!(harness.take_records(), [99]);

    harness.push(1, Timestamp::MIN)?;
    assert_eq!(harness.wake_at(), Some(Timestamp::from_millis(500)));
    harness.advance(Duration::from_millis(499))?;
    assert!(harness.take_records().is_empty());
    harness.advance(Duration::from_millis(1))?;
    assert_eq!((harness.take_records(), harness.wake_at()), (vec![500], None));
    Ok(())
}

#[test]
fn a_snapshot_needs_its_io() -> Result<()> {
    let mut harness = OperatorHarness::with(HarnessSetup::new().manual_io(), Keeper::default())?;
    let snapshot = harness.snapshot(1)?;
    assert!(OperatorHarness::restore(Keeper::default(), &snapshot).is_err());
    harness.run_io()?;
    OperatorHarness::restore(Keeper::default(), &snapshot)?;
    Ok(())
}

#[test]
fn finishing_may_take_several_calls() -> Result<()> {
    let mut harness = keeper([1])?;
    assert!(!harness.finish()?);
    assert!(harness.finish()?);
    assert_eq!(harness.counters().records_in, 1);
    Ok(())
}

/// Counts up to 3.
#[derive(Default)]
struct Count(i64);

impl OperatorHooks<i64> for Count {}

impl SourceOperator<i64> for Count {
    fn next(&mut self, output: &mut Output<'_, i64>) -> Result<SourceStatus> {
        self.0 += 1;
        output.emit(self.0, Timestamp::from_millis(self.0))?;
        Ok(if self.0 == 3 { SourceStatus::Ended } else { SourceStatus::More })
    }
}

#[test]
fn a_source_runs_to_its_end() -> Result<()> {
    let mut harness = SourceHarness::new(Count::default())?;
    assert_eq!(harness.run(10)?, SourceStatus::Ended);
    let emitted = harness.take_emitted();
    assert_eq!(emitted[..2], [1, 2].map(|n| Emitted::Record(n, Timestamp::from_millis(n))));
    assert_eq!(emitted[4..], [Emitted::Watermark(Timestamp::MAX), Emitted::EndOfData]);
    Ok(())
}

/// Distinguishes its inputs.
struct Either;

impl OperatorHooks<Result<u8, char>> for Either {}

impl TwoInputOperator<u8, char, Result<u8, char>> for Either {
    fn process_first(
        &mut self,
        batch: &mut Batch<u8>,
        output: &mut Output<'_, Result<u8, char>>,
    ) -> Result<()> {
        batch.map_into(output.batch(), Ok);
        Ok(())
    }
    fn process_second(
        &mut self,
        batch: &mut Batch<char>,
        output: &mut Output<'_, Result<u8, char>>,
    ) -> Result<()> {
        batch.map_into(output.batch(), Err);
        Ok(())
    }
}

#[test]
fn two_inputs_are_distinguished() -> Result<()> {
    let mut harness = TwoInputHarness::new(Either)?;
    harness.push_first(1, Timestamp::MIN)?;
    harness.push_second('b', Timestamp::MIN)?;
    assert_eq!(harness.take_records(), [Ok(1), Err('b')]);
    Ok(())
}
