//! State with a time-to-live, under a clock that steps: what is seen of it must lie within bounds.

use std::collections::BTreeMap;

use millstream::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict};
use crate::trickle::Trickle;

/// What a record saw of the records of its key before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Seen {
    number: u64,
    key: u64,
    /// The numbers that have no time-to-live: all before it.
    all: Vec<u64>,
    /// Those that are kept for a while, in a list.
    listed: Vec<u64>,
    /// Those that are kept for a while, in a map.
    mapped: Vec<u64>,
    /// The last before it, in a value that is kept for longer than any job takes.
    last: Option<u64>,
    /// When it was seen.
    at: Timestamp,
}

#[derive(Clone)]
struct Remember {
    ttl: Ttl,
}

struct State {
    all: ListState<u64>,
    listed: ListState<u64>,
    mapped: MapState<u64, Timestamp>,
    last: ValueState<u64>,
}

impl KeyedProcessFunction<u64, u64, Seen> for Remember {
    type State = State;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<State> {
        let long = Ttl::new(Duration::from_secs(1_000_000)).update_on_read();
        Ok(State {
            all: cx.list_state("all")?,
            listed: cx.list_state(StateDescriptor::new("listed").ttl(self.ttl))?,
            mapped: cx.map_state(StateDescriptor::new("mapped").ttl(self.ttl))?,
            last: cx.value_state(StateDescriptor::new("last").ttl(long))?,
        })
    }

    fn process(
        &mut self,
        number: u64,
        state: &State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Seen>,
    ) -> FunctionResult {
        let mut mapped: Vec<u64> = state.mapped.keys(cx).map(|number| *number).collect();
        mapped.sort_unstable();
        let seen = Seen {
            number,
            key: *cx.key(),
            all: state.all.get(cx).to_vec(),
            listed: state.listed.get(cx).to_vec(),
            mapped,
            last: state.last.replace(cx, number),
            at: cx.now(),
        };
        state.all.add(cx, number);
        state.listed.add(cx, number);
        let at = seen.at;
        state.mapped.insert(cx, number, at);
        out.emit(seen)
    }
}

/// By how many milliseconds two looks at a clock that steps may be apart from what has passed between them.
const SKEW: i64 = 6_000;

impl Seen {
    /// Checks which of the records before are left, where a clock was so far off at most.
    fn check(&self, before: &[Self], ttl: i64, skew: i64) -> Result<(), String> {
        let numbers: Vec<u64> = before.iter().map(|before| before.number).collect();
        if self.all != numbers || self.last != numbers.last().copied() {
            return Err(format!(
                "{self:?} should have come after {numbers:?}, and have seen the last of them"
            ));
        }
        if !numbers.ends_with(&self.listed) {
            return Err(format!("{self:?} has a list that is not the end of {numbers:?}"));
        }
        for earlier in before {
            let age = self.at.as_millis() - earlier.at.as_millis();
            for left in [&self.listed, &self.mapped] {
                let is_left = left.contains(&earlier.number);
                if age.saturating_add(skew) < ttl && !is_left {
                    return Err(format!("{self:?} has lost {} after {age} ms of {ttl}", earlier.number));
                }
                if age.saturating_sub(skew) >= ttl && is_left {
                    return Err(format!("{self:?} still has {} after {age} ms of {ttl}", earlier.number));
                }
            }
        }
        Ok(())
    }
}

pub fn within_bounds(setting: &Setting) -> Verdict {
    let records = setting.draw(200, 20..=300);
    // Some that go while the job runs, and some that nothing may take.
    let millis = if setting.draw(201, 1..=2) == 1 { setting.draw(202, 1..=60) } else { 1_000_000 };
    let ttl = Ttl::new(Duration::from_millis(millis));
    let seen = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let records = Trickle::new(setting, 203, records, |number| (number % 7, number)).in_turn();
        let remembered =
            env.from_source(records).parallelism(life.parallelism()).keyed().process(Remember { ttl });
        let _sink = remembered.parallelism(life.parallelism()).sink_to(seen.clone());
    })?;
    let mut by_key = BTreeMap::<u64, Vec<Seen>>::new();
    let seen = seen.records();
    if seen.len() as u64 != records {
        return Err(format!("{} of {records} records", seen.len()));
    }
    seen.into_iter().for_each(|seen| by_key.entry(seen.key).or_default().push(seen));
    let skew = if report.clock_steps > 0 { SKEW } else { 0 };
    for mut seen in by_key.into_values() {
        // Each saw all before it, so this is the order in which they came.
        seen.sort_by_key(|seen| seen.all.len());
        for (index, record) in seen.iter().enumerate() {
            let before = seen.get(..index).unwrap_or_default();
            record.check(before, i64::try_from(millis).unwrap(), skew)?;
        }
    }
    Ok(report)
}
