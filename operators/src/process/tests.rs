use std::time::Duration;

use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, KeyedFleet, OperatorHarness};
use millstream_runtime::{ErrorKind, Result};
use millstream_state::{Timestamp, ValueState};

use super::keyed_process::KeyedProcess;
use super::*;
use crate::{Emitter, FunctionResult};

mod broadcast;
mod connected;
mod endless;
mod expiry;
mod properties;
mod savepoints;
mod with_state;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// What a record asks [`Puppet`] to do.
#[derive(Clone, Copy, Debug)]
enum Ask {
    EventTimer(i64),
    ProcessingTimer(i64),
    DeleteEventTimer(i64),
    DeleteProcessingTimer(i64),
    /// Emits how many records the key has had.
    Count,
}

/// What [`Puppet`] says: the key, what is happening, and how far the watermark is.
type Said = (char, String, i64);

/// Does what the records say, and counts them.
#[derive(Clone)]
struct Puppet {
    state: &'static str,
}

impl KeyedProcessFunction<char, Ask, Said> for Puppet {
    type State = ValueState<u64>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, char>) -> FunctionResult<ValueState<u64>> {
        cx.value_state(self.state)
    }

    fn process(
        &mut self,
        ask: Ask,
        count: &ValueState<u64>,
        cx: &mut KeyedContext<'_, char>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        count.update_or_default(cx, |count| *count += 1);
        match ask {
            Ask::EventTimer(time) => cx.register_event_time_timer(at(time)),
            Ask::ProcessingTimer(time) => cx.register_processing_time_timer(at(time)),
            Ask::DeleteEventTimer(time) => cx.delete_event_time_timer(at(time)),
            Ask::DeleteProcessingTimer(time) => cx.delete_processing_time_timer(at(time)),
            Ask::Count => {
                let count = count.cloned(cx).unwrap_or_default();
                out.emit((*cx.key(), format!("count {count}"), cx.watermark().as_millis()))
            }
        }
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        _: &ValueState<u64>,
        cx: &mut KeyedContext<'_, char>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let domain = match timer.domain {
            TimeDomain::EventTime => "event",
            TimeDomain::ProcessingTime => "processing",
        };
        out.emit((*cx.key(), format!("{domain} {}", timer.time.as_millis()), cx.watermark().as_millis()))
    }
}

type PuppetHarness = OperatorHarness<(char, Ask), Said>;

fn puppet() -> KeyedProcess<char, Said, timed_function::OneInputFunction<Puppet, Ask>> {
    keyed_process::one_input(Puppet { state: "count" })
}

fn opened() -> Result<PuppetHarness> {
    OperatorHarness::new(puppet())
}

fn said(harness: &PuppetHarness) -> Vec<(char, String)> {
    harness.take_records().into_iter().map(|(key, what, _)| (key, what)).collect()
}

fn words(words: &[(char, &str)]) -> Vec<(char, String)> {
    words.iter().map(|(key, what)| (*key, (*what).to_owned())).collect()
}

#[test]
fn each_key_has_its_own_state() -> Result<()> {
    let mut harness = opened()?;
    harness.push_all([('a', Ask::Count), ('b', Ask::Count), ('a', Ask::Count)])?;
    assert_eq!(said(&harness), words(&[('a', "count 1"), ('b', "count 1"), ('a', "count 2")]));
    Ok(())
}

#[test]
fn event_time_timers_fire_once_in_order_of_time_and_bear_it() -> Result<()> {
    let mut harness = opened()?;
    let ask = [('a', 7), ('b', 5), ('a', 7), ('a', 9), ('c', 6), ('c', 20)];
    harness.push_all(ask.map(|(key, time)| (key, Ask::EventTimer(time))))?;
    harness.push_all([('c', Ask::DeleteEventTimer(6)), ('c', Ask::DeleteEventTimer(11))])?;
    harness.watermark(at(10))?;
    let expected = [('b', 5), ('a', 7), ('a', 9)];
    // The watermark has already come to 10, but nobody behind has seen it.
    assert_eq!(
        harness.take_timed(),
        expected.map(|(key, time)| ((key, format!("event {time}"), 10), at(time)))
    );
    harness.end_of_data()?;
    assert_eq!(said(&harness), words(&[('c', "event 20")]));
    Ok(())
}

#[test]
fn an_event_time_timer_in_the_past_fires_at_the_next_watermark() -> Result<()> {
    let mut harness = opened()?;
    harness.watermark(at(10))?;
    harness.push(('a', Ask::EventTimer(3)), at(12))?;
    assert!(said(&harness).is_empty());
    harness.watermark(at(11))?;
    assert_eq!(harness.take_timed(), [(('a', "event 3".to_owned(), 11), at(3))]);
    Ok(())
}

#[test]
fn processing_time_timers_fire_when_the_clock_gets_there() -> Result<()> {
    let mut harness = opened()?;
    for (key, time) in [('a', 30), ('b', 20), ('a', 30), ('c', 20)] {
        harness.push((key, Ask::ProcessingTimer(time)), at(1))?;
    }
    harness.push(('c', Ask::DeleteProcessingTimer(20)), at(1))?;
    assert_eq!(harness.wake_at(), Some(at(20)));
    harness.advance(Duration::from_millis(20))?;
    assert_eq!(harness.take_timed(), [(('b', "processing 20".to_owned(), i64::MIN), Timestamp::MIN)]);
    assert_eq!(harness.wake_at(), Some(at(30)));
    harness.advance(Duration::from_millis(50))?;
    assert_eq!(said(&harness), words(&[('a', "processing 30")]));
    assert_eq!(harness.wake_at(), None);
    Ok(())
}

#[test]
fn after_the_end_processing_time_timers_are_forgotten_over_a_restore_too() -> Result<()> {
    let mut harness = opened()?;
    harness.push(('a', Ask::ProcessingTimer(30)), at(1))?;
    harness.end_of_data()?;
    let snapshot = harness.snapshot(1)?;
    for mut harness in [harness, OperatorHarness::restore(puppet(), &snapshot)?] {
        harness.advance(Duration::from_millis(50))?;
        harness.poll()?;
        assert!(said(&harness).is_empty());
    }
    Ok(())
}

/// A snapshot with a count of 2 for `a`, timers of both kinds, and the watermark at 5.
fn snapshot() -> Result<HarnessSnapshot> {
    let mut harness = opened()?;
    harness.push_all([('a', Ask::EventTimer(9)), ('a', Ask::ProcessingTimer(40))])?;
    harness.watermark(at(5))?;
    let snapshot = harness.snapshot(1)?;
    // None of this belongs to it.
    harness.push_all([('a', Ask::DeleteEventTimer(9)), ('a', Ask::DeleteProcessingTimer(40))])?;
    Ok(snapshot)
}

#[test]
fn states_timers_and_watermark_survive() -> Result<()> {
    let mut harness = OperatorHarness::restore(puppet(), &snapshot()?)?;
    assert_eq!(harness.wake_at(), Some(at(40)), "armed anew");
    harness.push(('a', Ask::Count), at(6))?;
    assert_eq!(harness.take_records(), [('a', "count 3".to_owned(), 5)]);
    harness.advance(Duration::from_millis(40))?;
    harness.watermark(at(9))?;
    assert_eq!(said(&harness), words(&[('a', "processing 40"), ('a', "event 9")]));
    Ok(())
}

#[test]
fn a_test_may_have_timers_dropped() -> Result<()> {
    let snapshot = snapshot()?;
    let mut harness =
        OperatorHarness::with(HarnessSetup::new().restore([&snapshot]).drop_timers(), puppet())?;
    assert_eq!(harness.wake_at(), None);
    harness.watermark(Timestamp::MAX)?;
    assert!(said(&harness).is_empty());
    Ok(())
}

#[test]
fn a_state_that_nobody_declares_any_more_is_an_error() -> Result<()> {
    let restored =
        OperatorHarness::restore(keyed_process::one_input(Puppet { state: "other" }), &snapshot()?);
    let error = restored.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore);
    assert!(error.to_string().contains("`count`"), "{error}");
    Ok(())
}

#[test]
fn everything_moves_with_its_key_when_the_parallelism_changes() -> Result<()> {
    let mut fleet = KeyedFleet::new(2, 128, |_| puppet())?;
    for (key, time) in ('a'..='z').zip(1..) {
        fleet.push(key, Ask::EventTimer(time), Timestamp::MIN)?;
        fleet.push(key, Ask::ProcessingTimer(100), Timestamp::MIN)?;
    }
    fleet.rescale(3)?;
    ('a'..='z').try_for_each(|key| fleet.push(key, Ask::Count, Timestamp::MIN))?;
    assert!(fleet.take_records().iter().all(|(_, what, _)| what == "count 3"));
    fleet.watermark(at(13))?;
    fleet.rescale(1)?;
    fleet.watermark(at(26))?;
    fleet.advance(Duration::from_millis(100))?;
    let records = fleet.take_records();
    let of = |domain: &str| records.iter().filter(|(_, what, _)| what.starts_with(domain)).count();
    assert_eq!((of("event"), of("processing"), records.len()), (26, 26, 52));
    Ok(())
}

/// Counts each timer down to zero, and emits each step to a side output.
#[derive(Clone)]
struct CountDown(OutputTag<i64>);

impl KeyedProcessFunction<u8, i64, &'static str> for CountDown {
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u8>) -> FunctionResult {
        Ok(())
    }

    fn process(
        &mut self,
        start: i64,
        (): &(),
        cx: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, &'static str>,
    ) -> FunctionResult {
        cx.register_event_time_timer(at(start))
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        (): &(),
        cx: &mut KeyedContext<'_, u8>,
        out: &mut Emitter<'_, &'static str>,
    ) -> FunctionResult {
        out.emit_side(&self.0, timer.time.as_millis())?;
        match timer.time.as_millis() {
            0 => out.emit("done"),
            left => cx.register_event_time_timer(at(left - 1)),
        }
    }
}

#[test]
fn timers_may_set_timers_that_are_due_at_once() -> Result<()> {
    let tag = OutputTag::new("steps");
    let operator = keyed_process::one_input(CountDown(tag.clone()));
    let mut harness = OperatorHarness::new(operator)?;
    harness.push((1, 3), Timestamp::MIN)?;
    harness.watermark(at(3))?;
    assert_eq!((harness.take_records(), harness.take_side(&tag)), (vec!["done"], vec![3, 2, 1, 0]));
    Ok(())
}
