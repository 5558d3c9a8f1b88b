//! A keyed function whose rules are broadcast, and change while records come.

use std::collections::BTreeMap;

use millstream::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const KEYS: u64 = 11;

/// After all data: only the end of both streams gets there.
const THE_END: Timestamp = Timestamp::from_millis(1_000_000_000_000);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Said {
    /// A record of a key, by its place among them, and how many rules were known.
    Record(u64, u64, u64),
    /// A rule has asked for what was counted of a key, or the end has come.
    Counted(u64, u64),
    /// How many rules were known of at the end.
    End(u64, u64),
}

#[derive(Clone)]
struct Ruled;

struct State {
    place: ValueState<u64>,
    counted: ValueState<u64>,
    version: BroadcastState<(), u64>,
    /// The rules themselves, by number.
    rules: BroadcastState<u64, String>,
}

impl State {
    /// How many rules are known of, or what is wrong with them.
    fn rules_known(&self, broadcast: &BroadcastStates) -> FunctionResult<u64> {
        let version = *self.version.get(broadcast, &()).unwrap_or(&0);
        let missing = (0..version).find(|rule| self.rules.get(broadcast, rule) != Some(&rule.to_string()));
        match missing {
            None if self.rules.len(broadcast) as u64 == version => Ok(version),
            _ => Err(format!("version {version} without rule {missing:?}"))?,
        }
    }
}

impl KeyedBroadcastProcessFunction<u64, u64, u64, Said> for Ruled {
    type State = State;

    fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, u64>) -> FunctionResult<State> {
        let (place, counted) = (cx.value_state("place")?, cx.value_state("counted")?);
        Ok(State {
            place,
            counted,
            version: cx.broadcast_state("version")?,
            rules: cx.broadcast_state("rules")?,
        })
    }

    fn process(
        &mut self,
        _: u64,
        state: &State,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let place = state.place.update_or_default(cx, |place| {
            *place += 1;
            *place
        });
        state.counted.update_or_default(cx, |count| *count += 1);
        cx.register_event_time_timer(THE_END)?;
        out.emit(Said::Record(*cx.key(), place, state.rules_known(broadcast)?))
    }

    fn process_broadcast(
        &mut self,
        rule: u64,
        state: &State,
        broadcast: &mut BroadcastStates,
        cx: &mut KeyedBroadcastContext<'_, u64>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let known = state.rules_known(broadcast)?;
        if known != rule {
            Err(format!("rule {rule} comes when {known} are known"))?;
        }
        state.version.insert(broadcast, (), rule + 1);
        state.rules.insert(broadcast, rule, rule.to_string());
        if !rule.is_multiple_of(3) {
            return Ok(());
        }
        cx.apply_to_keyed_state(&state.counted, |cx| {
            let count = state.counted.take(cx).unwrap_or_default();
            out.emit(Said::Counted(*cx.key(), count))
        })
    }

    fn on_timer(
        &mut self,
        _: Timer,
        state: &State,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Said>,
    ) -> FunctionResult {
        let count = state.counted.take(cx).unwrap_or_default();
        out.emit(Said::Counted(*cx.key(), count))?;
        out.emit(Said::End(*cx.key(), state.rules_known(broadcast)?))
    }
}

/// Which records a rule meets is by chance. But in each subtask rules come once and in order, a key never sees
/// fewer than before, and none is missing at the end.
pub fn rules_that_change(setting: &Setting) -> Verdict {
    let (records, rules) = (setting.draw(100, 20..=250), setting.draw(101, 0..=40));
    let said = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let time = || {
            WatermarkStrategy::monotonous()
                .timestamp_assigner(|number: &u64| Timestamp::from_millis(number.cast_signed()))
        };
        // One split each, so that the order of all records is that of their numbers.
        let numbers = env.from_source(Trickle::new(setting, 102, records, |number| number).one_split());
        let rules = env.from_source(Trickle::new(setting, 103, rules, |rule| rule).one_split());
        let ruled = numbers
            .assign_timestamps_and_watermarks(time())
            .key_by(|number| number % KEYS)
            .connect_broadcast(&rules.assign_timestamps_and_watermarks(time()))
            .process(Ruled);
        let _sink = ruled.parallelism(life.parallelism()).sink_to(said.clone());
    })?;
    let (mut seen, mut counted, mut ends) = (BTreeMap::new(), BTreeMap::<u64, u64>::new(), Vec::new());
    let mut places = Vec::new();
    for said in said.records() {
        match said {
            Said::Record(key, place, version) => {
                places.push((key, place));
                seen.insert((key, place), version);
            }
            Said::Counted(key, count) => *counted.entry(key).or_default() += count,
            Said::End(key, version) => ends.push((key, version)),
        }
    }
    let mut totals = BTreeMap::<u64, u64>::new();
    (0..records).for_each(|number| *totals.entry(number % KEYS).or_default() += 1);
    let expected = totals.iter().flat_map(|(key, total)| (1..=*total).map(|place| (*key, place)));
    compare(places, expected.collect()).map_err(|error| format!("records: {error}"))?;
    let mut last = (0, 0);
    for ((key, _), version) in seen {
        if last.0 == key && version < last.1 {
            return Err(format!("key {key} sees {version} rules after {}", last.1));
        }
        last = (key, version);
    }
    compare(counted.into_iter().collect(), totals.iter().map(|(key, total)| (*key, *total)).collect())
        .map_err(|error| format!("counted: {error}"))?;
    compare(ends, totals.keys().map(|key| (*key, rules)).collect())
        .map_err(|error| format!("end: {error}"))?;
    Ok(report)
}
