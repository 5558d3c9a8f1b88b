//! Functions with two inputs.

use super::*;
use crate::{BroadcastProcessFunction, BroadcastState, TwoInputProcessFunction};

/// Emits a description of what happens to its inputs, and joins the broadcast records that have come.
#[derive(Clone)]
struct Described;

impl TwoInputProcessFunction<u8, u8, String> for Described {
    fn process_first(
        &mut self,
        record: u8,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        out.emit(format!("first {record} at {:?}", cx.timestamp().map(Timestamp::as_millis)))
    }

    fn process_second(
        &mut self,
        record: u8,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        out.emit(format!("second {record}"))
    }

    fn first_ended(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit("first ended".to_owned())
    }

    fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit("all ended".to_owned())
    }
}

#[test]
fn event_time_is_that_of_the_input_furthest_behind() -> Result<()> {
    let mut harness = two_input_operator(Described).open()?;
    harness.push_first_at(1, at(4))?;
    harness.push_second(2)?;
    assert_eq!(harness.take_records(), ["first 1 at Some(4)", "second 2"]);
    harness.watermark_first(at(9))?;
    harness.watermark_second(at(5))?;
    assert_eq!(harness.take_watermarks(), [at(5)]);
    harness.status_second(StreamStatus::Idle)?;
    assert_eq!(harness.take_watermarks(), [at(9)]);
    harness.end_first()?;
    assert_eq!(harness.take_records(), ["first ended"]);
    assert!(harness.push_first(1).is_err());
    // The other input goes on.
    harness.push_second(3)?;
    harness.watermark(at(20))?;
    harness.status(StreamStatus::Active)?;
    assert_eq!(
        (harness.take_records(), harness.take_watermarks()),
        (vec!["second 3".to_owned()], vec![at(20)])
    );
    harness.end_of_data()?;
    assert_eq!(
        (harness.take_records(), harness.take_watermarks()),
        (vec!["all ended".to_owned()], vec![Timestamp::MAX])
    );
    Ok(())
}

/// Looks records up among those that were broadcast.
#[derive(Clone)]
struct Known;

impl BroadcastProcessFunction<u8, u8, bool> for Known {
    type Key = u8;
    type Value = ();

    fn process(
        &mut self,
        record: u8,
        known: &BroadcastState<u8, ()>,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, bool>,
    ) -> FunctionResult {
        out.emit(known.contains_key(&record))
    }

    fn process_broadcast(
        &mut self,
        record: u8,
        known: &mut BroadcastState<u8, ()>,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, bool>,
    ) -> FunctionResult {
        known.insert(record, ());
        Ok(())
    }
}

#[test]
fn all_subtasks_know_what_was_broadcast_also_when_there_are_more_of_them() -> Result<()> {
    let mut before = broadcast_operator(Known).parallelism(2).open()?;
    before.push_second(1)?;
    before.push_second(2)?;
    let snapshot = before.snapshot()?;
    before.push_second(3)?;
    assert_eq!((snapshot.state_entries("broadcast")?, before.state_entries("broadcast")?), (2, 3));

    let mut after = broadcast_operator(Known).parallelism(3).restore(&snapshot)?;
    [1, 1, 1, 3, 3, 3].into_iter().try_for_each(|record| after.push_first(record))?;
    assert_eq!(after.take_records(), [true, true, true, false, false, false]);
    Ok(())
}
