//! Functions whose second input is broadcast.

use crate::testing::{KeyedBroadcastHarness, keyed_broadcast_operator};
use crate::{BroadcastState, BroadcastStates, ProcessContext};

use super::*;

mod model;

/// What a broadcast record asks for.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
enum Rule {
    /// Records of keys of this class set a timer so many milliseconds after them.
    Delay(u8, i64),
    /// There is no such rule for this class any more.
    Forget(u8),
    /// What has been counted of keys of this class is emitted and forgotten.
    Reset(u8),
}

const CLASSES: u8 = 3;

/// The key, and what is said of it.
type Said = (u8, String);

/// Counts records of each key, and sets timers as the rules say.
#[derive(Clone)]
struct Ruled {
    /// How many rules a subtask has seen, after each.
    seen: OutputTag<u64>,
}

struct States {
    count: ValueState<u64>,
    delays: BroadcastState<u8, i64>,
    seen: BroadcastState<(), u64>,
}

impl KeyedBroadcastProcessFunction<u8, (u8, i64), Rule, Said> for Ruled {
    type State = States;

    fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, u8>) -> FunctionResult<States> {
        Ok(States {
            count: cx.value_state("count")?,
            delays: cx.broadcast_state("delays")?,
            seen: cx.broadcast_state("seen")?,
        })
    }

    fn process(
        &mut self,
        (key, time): (u8, i64),
        state: &States,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, u8>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let count = state.count.update_or_default(cx, |count| {
            *count += 1;
            *count
        });
        if let Some(delay) = state.delays.get(broadcast, &(key % CLASSES)) {
            cx.register_event_time_timer(at(time + delay))?;
            cx.register_processing_time_timer(at(time + delay))?;
        }
        let seen = state.seen.get(broadcast, &()).unwrap_or(&0);
        out.emit((key, format!("count {count} after {seen} rules")))
    }

    fn process_broadcast(
        &mut self,
        rule: Rule,
        state: &States,
        broadcast: &mut BroadcastStates,
        cx: &mut KeyedBroadcastContext<'_, u8>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let seen = state.seen.update_or_default(broadcast, (), |seen| {
            *seen += 1;
            *seen
        });
        out.emit_side(&self.seen, seen)?;
        match rule {
            Rule::Delay(class, delay) => drop(state.delays.insert(broadcast, class, delay)),
            Rule::Forget(class) => drop(state.delays.remove(broadcast, &class)),
            Rule::Reset(class) => cx.apply_to_keyed_state(&state.count, |cx| {
                let key = *cx.key();
                if key % CLASSES != class {
                    return Ok(());
                }
                let count = state.count.take(cx).unwrap_or_default();
                out.emit((key, format!("reset {count}")))
            })?,
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        state: &States,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, u8>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let (key, count) = (*cx.key(), state.count.cloned(cx).unwrap_or_default());
        let delay = state.delays.get(broadcast, &(key % CLASSES));
        let (time, domain) = (timer.time.as_millis(), timer.domain);
        out.emit((key, format!("{domain:?} {time}: count {count}, delay {delay:?}")))
    }
}

type RuledHarness = KeyedBroadcastHarness<u8, (u8, i64), Rule, Said>;

fn ruled(seen: &OutputTag<u64>) -> crate::testing::HarnessBuilder<KeyedBroadcastInputs, Said> {
    keyed_broadcast_operator(|(key, _): &(u8, i64)| *key, Ruled { seen: seen.clone() })
}

type KeyedBroadcastInputs = crate::testing::KeyedBroadcastInputs<u8, (u8, i64), Rule>;

fn texts(harness: &mut RuledHarness) -> Vec<Said> {
    harness.take_records()
}

fn said(records: &[(u8, &str)]) -> Vec<Said> {
    records.iter().map(|(key, text)| (*key, (*text).to_owned())).collect()
}

#[test]
fn rules_steer_state_and_timers_of_keys() -> Result<()> {
    let seen = OutputTag::new("seen");
    let mut harness = ruled(&seen).parallelism(3).open()?;
    harness.push_first((1, 10))?;
    harness.push_second(Rule::Delay(1, 5))?;
    assert_eq!(harness.take_side_output(&seen), [1, 1, 1], "every subtask sees it");
    harness.push_first((1, 11))?;
    harness.push_first((2, 11))?;
    assert_eq!(
        texts(&mut harness),
        said(&[(1, "count 1 after 0 rules"), (1, "count 2 after 1 rules"), (2, "count 1 after 1 rules")])
    );
    assert_eq!((harness.event_time_timers()?, harness.processing_time_timers()?), (1, 1));
    harness.push_second(Rule::Forget(1))?;
    // Event time is that of the input furthest behind.
    harness.watermark_first(at(20))?;
    assert!(texts(&mut harness).is_empty());
    harness.watermark_second(at(16))?;
    harness.advance(Duration::from_millis(16))?;
    let fired = [(1, "EventTime 16: count 2, delay None"), (1, "ProcessingTime 16: count 2, delay None")];
    assert_eq!(texts(&mut harness), said(&fired));
    Ok(())
}

#[test]
fn a_rule_visits_the_keys_of_all_subtasks_and_no_snapshot_knows_what_it_does_later() -> Result<()> {
    let seen = OutputTag::new("seen");
    let mut before = ruled(&seen).parallelism(2).open()?;
    for key in 0..30 {
        before.push_first((key, 0))?;
    }
    before.push_second(Rule::Delay(0, 7))?;
    let snapshot = before.snapshot()?;
    before.push_second(Rule::Reset(0))?;
    before.push_second(Rule::Delay(0, 8))?;
    assert_eq!(before.state_entries("count")?, 20);

    let mut after = ruled(&seen).parallelism(5).restore(&snapshot)?;
    assert_eq!((after.state_entries("count")?, after.state_entries("delays")?), (30, 1));
    after.push_second(Rule::Reset(1))?;
    let mut reset = texts(&mut after);
    reset.sort();
    let expected: Vec<Said> =
        (0..30).filter(|key| key % 3 == 1).map(|key| (key, "reset 1".to_owned())).collect();
    assert_eq!(reset, expected);
    assert_eq!(after.state_entries("count")?, 20);
    after.push_first((3, 1))?;
    after.watermark(at(8))?;
    assert_eq!(
        texts(&mut after),
        said(&[(3, "count 2 after 2 rules"), (3, "EventTime 8: count 2, delay Some(7)")])
    );
    Ok(())
}

/// Declares broadcast states under the names it is told, and says which of its hooks are called.
#[derive(Clone)]
struct Hooks([&'static str; 2]);

impl KeyedBroadcastProcessFunction<u8, u8, u8, String> for Hooks {
    type State = [BroadcastState<u8, u8>; 2];

    fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, u8>) -> FunctionResult<Self::State> {
        Ok([cx.broadcast_state(self.0[0])?, cx.broadcast_state(self.0[1])?])
    }

    fn process(
        &mut self,
        _: u8,
        _: &Self::State,
        _: &BroadcastStates,
        _: &mut KeyedContext<'_, u8>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        Ok(())
    }

    fn process_broadcast(
        &mut self,
        record: u8,
        [first, second]: &Self::State,
        broadcast: &mut BroadcastStates,
        _: &mut KeyedBroadcastContext<'_, u8>,
        _: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        first.insert(broadcast, record, record);
        second.clear(broadcast);
        Ok(())
    }

    fn main_ended(
        &mut self,
        [first, _]: &Self::State,
        broadcast: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        out.emit(format!("main ended with {} rules", first.len(broadcast)))
    }

    fn broadcast_ended(
        &mut self,
        _: &Self::State,
        _: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        out.emit("broadcast ended".to_owned())
    }

    fn watermark(
        &mut self,
        [first, _]: &Self::State,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        let is_end = cx.watermark() == Timestamp::MAX;
        out.emit(format!("watermark, the last: {is_end}, {} rules", first.len(broadcast)))
    }

    fn end_of_data(
        &mut self,
        _: &Self::State,
        _: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        out.emit("end of data".to_owned())
    }
}

#[test]
fn every_hook_is_called_in_its_turn() -> Result<()> {
    let mut harness = keyed_broadcast_operator(|key: &u8| *key, Hooks(["first", "second"])).open()?;
    harness.push_second(7)?;
    harness.end_first()?;
    harness.push_second(8)?;
    harness.watermark(at(3))?;
    harness.end_second()?;
    let expected = [
        "main ended with 1 rules",
        "watermark, the last: false, 2 rules",
        "broadcast ended",
        "watermark, the last: true, 2 rules",
        "end of data",
    ];
    assert_eq!(harness.take_records(), expected);
    Ok(())
}

#[test]
fn a_name_that_is_taken_and_a_state_that_is_gone_are_errors() -> Result<()> {
    let of = |names| keyed_broadcast_operator(|key: &u8| *key, Hooks(names));
    let error = of(["rules", "rules"]).open().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("broadcast state `rules` is declared twice"), "{error}");

    let mut before = of(["rules", "limits"]).open()?;
    before.push_second(1)?;
    let error = of(["rules", "bounds"]).restore(&before.snapshot()?).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore);
    assert!(error.to_string().contains("`limits`"), "{error}");
    Ok(())
}
