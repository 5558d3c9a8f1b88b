//! Broadcast: a lookup table that must be complete, and rules that may come at any time.

use millstream::prelude::*;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const fn value_of(key: u64) -> u64 {
    key * 1_000 + 7
}

/// Marks each record with what the rules say of it so far.
#[derive(Clone)]
struct Rules;

impl BroadcastProcessFunction<u64, u64, (u64, Option<u64>)> for Rules {
    type State = BroadcastState<u64, u64>;

    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
        cx.broadcast_state("rules")
    }

    fn process(
        &mut self,
        record: u64,
        rules: &Self::State,
        broadcast: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, (u64, Option<u64>)>,
    ) -> FunctionResult {
        let rule = rules.get(broadcast, &(record % 10)).copied();
        out.emit((record, rule))
    }

    fn process_broadcast(
        &mut self,
        rule: u64,
        rules: &Self::State,
        broadcast: &mut BroadcastStates,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, (u64, Option<u64>)>,
    ) -> FunctionResult {
        rules.insert(broadcast, rule, value_of(rule));
        Ok(())
    }
}

pub fn enrich_and_broadcast(setting: &Setting) -> Verdict {
    let (records, table) = (setting.draw(100, 1..=250), setting.draw(101, 0..=60));
    let (looked_up, ruled) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 102, records, |number| number));
        let entries = env.from_source(Trickle::new(setting, 103, table, |number| number));
        let entries = entries.parallelism(life.parallelism());
        let found = numbers.enrich(
            &entries,
            |number| number % 50,
            |entry| (entry, value_of(entry)),
            |number, value| (number, value.copied()),
        );
        let marked = numbers.connect_broadcast(&entries).process(Rules).parallelism(life.parallelism());
        let _sinks =
            (found.parallelism(life.parallelism()).sink_to(looked_up.clone()), marked.sink_to(ruled.clone()));
    })?;
    let expected = (0..records).map(|number| {
        let key = number % 50;
        (number, (key < table).then(|| value_of(key)))
    });
    compare(looked_up.records(), expected.collect())?;
    let marked = ruled.records();
    let wrong = marked.iter().find(|(record, rule)| rule.is_some_and(|rule| rule != value_of(record % 10)));
    if let Some(wrong) = wrong {
        return Err(format!("a rule that there is not: {wrong:?}"));
    }
    compare(marked.into_iter().map(|(record, _)| record).collect(), (0..records).collect())?;
    Ok(report)
}
