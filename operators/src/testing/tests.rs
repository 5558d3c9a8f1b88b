use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{MapState, Timestamp, ValueState};

use super::*;
use crate::process::{KeyedContext, KeyedOpenContext, KeyedProcessFunction, Timer};
use crate::{Emitter, FunctionResult, ProcessContext, ProcessFunction};

mod script;
mod two_inputs;
mod windows;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Emits the time of each tick of a key: one every 10 ms from its first record on, three in all.
#[derive(Clone)]
struct Ticks;

impl KeyedProcessFunction<u32, u32, (u32, i64)> for Ticks {
    type State = (ValueState<u32>, MapState<u32, u32>);

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u32>) -> FunctionResult<Self::State> {
        Ok((cx.value_state("ticks left")?, cx.map_state("records")?))
    }

    fn process(
        &mut self,
        record: u32,
        (left, records): &Self::State,
        cx: &mut KeyedContext<'_, u32>,
        _: &mut Emitter<'_, (u32, i64)>,
    ) -> FunctionResult {
        records.insert(cx, record, record);
        if left.get(cx).is_none() {
            left.set(cx, 3);
            let next = cx.now() + millis(10);
            cx.register_processing_time_timer(next)?;
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        _: Timer,
        (left, _): &Self::State,
        cx: &mut KeyedContext<'_, u32>,
        out: &mut Emitter<'_, (u32, i64)>,
    ) -> FunctionResult {
        let now = cx.now();
        out.emit((*cx.key(), now.as_millis()))?;
        let still = left.update_or_default(cx, |left| {
            *left -= 1;
            *left
        });
        if still > 0 { cx.register_processing_time_timer(now + millis(10)) } else { Ok(()) }
    }
}

fn ticks(parallelism: u32) -> HarnessBuilder<KeyedInput<u32, u32>, (u32, i64)> {
    keyed_operator(|record: &u32| record % 100, Ticks).parallelism(parallelism)
}

#[test]
fn the_clock_comes_to_each_timer_on_its_way() -> Result<()> {
    let mut harness = ticks(1).open()?;
    harness.push(1)?;
    harness.advance(millis(25))?;
    assert_eq!(harness.take_records(), [(1, 10), (1, 20)]);
    assert_eq!((harness.now(), harness.processing_time_timers()?), (at(25), 1));
    harness.advance(millis(4))?;
    assert!(harness.take_records().is_empty());
    harness.advance(millis(1_000))?;
    assert_eq!((harness.take_records(), harness.processing_time_timers()?), (vec![(1, 30)], 0));
    Ok(())
}

#[test]
fn keys_and_their_timers_go_on_in_other_subtasks() -> Result<()> {
    let mut before = ticks(2).open()?;
    before.push_all(0..100)?;
    before.advance(millis(15))?;
    assert_eq!(before.take_records().len(), 100);
    let snapshot = before.snapshot()?;
    before.push_all(100..200)?;
    before.advance(millis(100))?;

    let mut after = ticks(5).restore(&snapshot)?;
    assert_eq!((after.now(), after.processing_time_timers()?), (at(15), 100));
    after.advance(millis(5))?;
    let mut ticks = after.take_records();
    ticks.sort_unstable();
    assert_eq!(ticks, (0..100).map(|key| (key, 20)).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn states_are_counted_by_name_and_together() -> Result<()> {
    let mut harness = ticks(3).open()?;
    harness.push_all([1, 101, 2])?;
    assert_eq!((harness.state_entries("ticks left")?, harness.state_entries("records")?), (2, 2));
    assert_eq!((harness.keyed_state_entries()?, harness.event_time_timers()?), (4, 0));
    let error = harness.state_entries("tricks").unwrap_err().to_string();
    assert!(error.contains("no state `tricks`") && error.contains("records, ticks left"), "{error}");
    Ok(())
}

#[test]
fn a_parallelism_that_cannot_be_is_refused() -> Result<()> {
    for builder in [ticks(0), ticks(200), ticks(1).max_parallelism(1 << 16), ticks(1).max_parallelism(0)] {
        assert_eq!(builder.open().err().map(|error| error.kind()), Some(ErrorKind::InvalidJob));
    }
    let snapshot = ticks(2).max_parallelism(8).open()?.snapshot()?;
    assert!(ticks(9).restore(&snapshot).is_err());
    let other = ticks(2).max_parallelism(16).restore(&snapshot);
    assert_eq!(other.err().map(|error| error.kind()), Some(ErrorKind::Restore));
    ticks(8).restore(&snapshot)?;
    Ok(())
}

/// Keeps numbers and fails at 13.
#[derive(Clone, Default)]
struct Keeper {
    numbers: Vec<u32>,
    closed: Arc<AtomicU32>,
}

impl ProcessFunction<u32, String> for Keeper {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.numbers = cx.take_list("numbers")?.unwrap_or_default();
        Ok(())
    }

    fn process(
        &mut self,
        number: u32,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        if number == 13 {
            Err("13 brings bad luck")?;
        }
        self.numbers.push(number);
        out.emit(format!("{:?}", self.numbers))
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit(format!("at {}", cx.watermark()))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        Ok(cx.list("numbers", Redistribution::Split, &self.numbers)?)
    }

    fn close(&mut self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn records_go_to_the_subtasks_in_turn_and_items_are_dealt_out_anew() -> Result<()> {
    let function = Keeper::default();
    let mut before = process_operator(function.clone()).parallelism(2).open()?;
    before.push_all(1..=5)?;
    assert_eq!(before.take_records(), ["[1]", "[2]", "[1, 3]", "[2, 4]", "[1, 3, 5]"]);
    let snapshot = before.snapshot()?;
    assert_eq!(
        (snapshot.list::<u32>("numbers")?, snapshot.state_entries("numbers")?),
        (vec![1, 3, 5, 2, 4], 5)
    );
    assert_eq!((before.keyed_state_entries()?, function.closed.load(Ordering::Relaxed)), (0, 0));
    before.close();
    assert_eq!(function.closed.load(Ordering::Relaxed), 2);

    let mut after = process_operator(function).restore(&snapshot)?;
    after.push(6)?;
    assert_eq!(after.take_records(), ["[1, 3, 5, 2, 4, 6]"]);
    Ok(())
}

#[test]
fn what_the_function_says_comes_back() -> Result<()> {
    let mut harness = process_operator(Keeper::default()).parallelism(2).open()?;
    harness.push_all([12])?;
    let error = harness.push(13).unwrap_err();
    assert_eq!((error.kind(), error.subtask()), (ErrorKind::Function, Some(1)));
    assert!(error.to_string().contains("13 brings bad luck"), "{error}");
    Ok(())
}

#[test]
fn watermarks_and_idleness_go_on_and_the_input_ends_once() -> Result<()> {
    let mut harness = process_operator(Keeper::default()).open()?;
    harness.push_at(1, at(3))?;
    harness.watermark(at(5))?;
    // As in a job, one that is not later is not sent.
    harness.watermark(at(4))?;
    harness.status(StreamStatus::Idle)?;
    let text = |text: &str, time| Emitted::Record(text.to_owned(), at(time));
    let expected = [
        text("[1]", 3),
        text("at 1970-01-01T00:00:00.005Z", 5),
        Emitted::Watermark(at(5)),
        Emitted::Status(StreamStatus::Idle),
    ];
    let _snapshot = harness.snapshot()?;
    assert_eq!(harness.take_emitted(), expected);
    harness.end_of_data()?;
    assert_eq!(harness.take_watermarks(), [Timestamp::MAX]);
    let active = Emitted::Status(StreamStatus::Active);
    assert_eq!(harness.take_emitted(), [active, text("at MAX", i64::MAX), Emitted::EndOfData]);
    for again in [harness.push(1), harness.watermark(at(9)), harness.end_of_data()] {
        assert!(again.unwrap_err().to_string().contains("an input that has ended"));
    }
    Ok(())
}
