//! Functions with two inputs.

use millstream_state::Record;

use super::*;
use crate::process::KeyedTwoInputProcessFunction;
use crate::testing::input::Input;
use crate::{
    BroadcastOpenContext, BroadcastProcessFunction, BroadcastState, BroadcastStates, TwoInputProcessFunction,
};

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

/// Emits how far its inputs have come, each alone and both together.
#[derive(Clone)]
struct Times;

fn told(
    what: &str,
    watermark: Timestamp,
    cx: &ProcessContext<'_>,
    out: &mut Emitter<'_, String>,
) -> FunctionResult {
    let text = |time: Timestamp| match time {
        Timestamp::MIN => "none".to_owned(),
        Timestamp::MAX => "end".to_owned(),
        other => other.as_millis().to_string(),
    };
    out.emit(format!("{what} {} of {}", text(watermark), text(cx.watermark())))
}

impl TwoInputProcessFunction<u8, u8, String> for Times {
    fn process_first(
        &mut self,
        _: u8,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        Ok(())
    }

    fn process_second(
        &mut self,
        _: u8,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        Ok(())
    }

    fn first_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        told("first", watermark, cx, out)
    }

    fn second_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        told("second", watermark, cx, out)
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        told("both", cx.watermark(), cx, out)
    }
}

impl KeyedTwoInputProcessFunction<u8, u8, u8, String> for Times {
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u8>) -> FunctionResult {
        Ok(())
    }

    fn process_first(
        &mut self,
        _: u8,
        (): &(),
        _: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        Ok(())
    }

    fn process_second(
        &mut self,
        _: u8,
        (): &(),
        _: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        Ok(())
    }

    fn first_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        told("first", watermark, cx, out)
    }

    fn second_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        told("second", watermark, cx, out)
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        told("both", cx.watermark(), cx, out)
    }
}

/// A function under test whose inputs come in whatever form.
type TimesHarness<A, B> = FunctionHarness<(Input<u8, A>, Input<u8, B>), String>;

#[test]
fn a_function_is_told_how_far_each_input_has_come() -> Result<()> {
    fn times<A: Record, B: Record>(mut harness: TimesHarness<A, B>) -> Result<Vec<String>> {
        harness.watermark_first(at(9))?;
        harness.watermark_second(at(5))?;
        harness.watermark_second(at(5))?;
        harness.end_second()?;
        harness.end_first()?;
        Ok(harness.take_records())
    }
    let expected = [
        "first 9 of none",
        "second 5 of none",
        "both 5 of 5",
        "second end of 5",
        "both 9 of 9",
        "first end of 9",
        "both end of end",
    ];
    assert_eq!(times(two_input_operator(Times).open()?)?, expected);
    let keyed = keyed_two_input_operator(|_: &u8| 0, |_: &u8| 0, Times);
    assert_eq!(times(keyed.open()?)?, expected);
    Ok(())
}

/// Looks records up among those that were broadcast.
#[derive(Clone)]
struct Known;

impl BroadcastProcessFunction<u8, u8, bool> for Known {
    type State = BroadcastState<u8, ()>;

    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
        cx.broadcast_state("known")
    }

    fn process(
        &mut self,
        record: u8,
        known: &Self::State,
        broadcast: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, bool>,
    ) -> FunctionResult {
        out.emit(known.contains_key(broadcast, &record))
    }

    fn process_broadcast(
        &mut self,
        record: u8,
        known: &Self::State,
        broadcast: &mut BroadcastStates,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, bool>,
    ) -> FunctionResult {
        known.insert(broadcast, record, ());
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
    assert_eq!((snapshot.state_entries("known")?, before.state_entries("known")?), (2, 3));

    let mut after = broadcast_operator(Known).parallelism(3).restore(&snapshot)?;
    [1, 1, 1, 3, 3, 3].into_iter().try_for_each(|record| after.push_first(record))?;
    assert_eq!(after.take_records(), [true, true, true, false, false, false]);
    Ok(())
}
