//! Processing-time timers that emit much, also after the barrier of a savepoint that stops the job:
//! nobody reads that any more, and nobody may see it.

use std::collections::BTreeSet;

use millstream::prelude::*;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const KEYS: u64 = 5;

/// After all data: only the end of the stream gets there.
const THE_END: Timestamp = Timestamp::from_millis(1_000_000_000_000);

const fn copies(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % if number.is_multiple_of(8) { 9_000 } else { 20 }
}

/// Keeps records back for `pause`, then lets those of a key go one after the other, each as many copies.
#[derive(Clone)]
struct Drip {
    pause: Duration,
}

struct State {
    held: MapState<u64, ()>,
    armed: ValueState<bool>,
}

type Context<'a> = KeyedContext<'a, u64>;

fn emit_copies(number: u64, out: &mut Emitter<'_, (u64, u64)>) -> FunctionResult {
    (0..copies(number)).try_for_each(|copy| out.emit((number, copy)))
}

impl Drip {
    fn arm(&self, pause: Duration, state: &State, cx: &mut Context<'_>) -> FunctionResult {
        state.armed.set(cx, true);
        cx.register_processing_time_timer(cx.now().saturating_add(pause))
    }
}

impl KeyedProcessFunction<u64, u64, (u64, u64)> for Drip {
    type State = State;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<State> {
        Ok(State { held: cx.map_state("held")?, armed: cx.value_state("armed")? })
    }

    fn process(
        &mut self,
        number: u64,
        state: &State,
        cx: &mut Context<'_>,
        _: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        state.held.insert(cx, number, ());
        cx.register_event_time_timer(THE_END)?;
        if state.armed.cloned(cx).is_none() { self.arm(self.pause, state, cx) } else { Ok(()) }
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        state: &State,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        let held: BTreeSet<_> = state.held.keys(cx).map(|number| *number).collect();
        if timer.domain == TimeDomain::EventTime {
            state.held.clear(cx);
            return held.into_iter().try_for_each(|number| emit_copies(number, out));
        }
        state.armed.clear(cx);
        let Some(first) = held.first() else { return Ok(()) };
        state.held.remove(cx, first);
        if held.len() > 1 {
            self.arm(Duration::ZERO, state, cx)?;
        }
        emit_copies(*first, out)
    }
}

pub fn from_timers(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 10..=200);
    let pause = Duration::from_millis(setting.draw(102, 1..=15));
    let counts = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let many = numbers.key_by(|number| number % KEYS).process(Drip { pause });
        let counted =
            many.parallelism(life.parallelism()).key_by(|(number, copy)| (*number, copy % 3)).count();
        let _sink = counted.parallelism(life.parallelism()).sink_to(counts.clone());
    })?;
    let expected = (0..records).flat_map(|number| {
        (0..3).flat_map(move |third| {
            let copies = (copies(number) + 2 - third) / 3;
            (1..=copies).map(move |count| ((number, third), count))
        })
    });
    compare(counts.records(), expected.collect())?;
    Ok(report)
}
