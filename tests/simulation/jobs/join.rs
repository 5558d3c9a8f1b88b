//! A join of two keyed streams that keeps both sides in list states.

use millstream::prelude::*;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

#[derive(Clone)]
struct Pairs;

type Context<'a> = KeyedContext<'a, u64>;

impl KeyedTwoInputProcessFunction<u64, u64, u64, (u64, u64)> for Pairs {
    type State = (ListState<u64>, ListState<u64>);

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        Ok((cx.list_state("left")?, cx.list_state("right")?))
    }

    fn process_first(
        &mut self,
        left: u64,
        state: &Self::State,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        state.0.add(cx, left);
        state.1.get(cx).into_iter().try_for_each(|right| out.emit((left, *right)))
    }

    fn process_second(
        &mut self,
        right: u64,
        state: &Self::State,
        cx: &mut Context<'_>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        state.1.add(cx, right);
        state.0.get(cx).into_iter().try_for_each(|left| out.emit((*left, right)))
    }
}

pub fn lists_of_two_inputs(setting: &Setting) -> Verdict {
    let (lefts, rights) = (setting.draw(100, 0..=200), setting.draw(101, 1..=200));
    let keys = setting.draw(102, 5..=40);
    let pairs = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let left = env.from_source(Trickle::new(setting, 103, lefts, |number| number));
        let right = env.from_source(Trickle::new(setting, 104, rights, |number| number));
        let left = left.parallelism(life.parallelism()).key_by(move |number| number % keys);
        let right = right.parallelism(life.parallelism()).key_by(move |number| number % keys);
        let joined = left.connect(&right).process(Pairs).parallelism(life.parallelism());
        let _sink = joined.sink_to(pairs.clone());
    })?;
    let matches = |left: u64| (0..rights).filter(move |right| left % keys == right % keys);
    let expected = (0..lefts).flat_map(|left| matches(left).map(move |right| (left, right)));
    compare(pairs.records(), expected.collect())?;
    Ok(report)
}
