//! States that expire, with the clock of the harness.

use std::collections::BTreeMap;

use millstream_state::{KeyGroups, ListState, MapState, StateDescriptor, Ttl};
use proptest::prelude::*;

use super::*;

/// How long what a key has is kept, in milliseconds.
const TTL: i64 = 2_000;

/// What a key has left of its records: a value, a list and the size of a map.
type Left = (u64, Option<u64>, Vec<u64>, usize);

/// Keeps the records of a key in each kind of state, unless there is nothing in them, and emits what there is.
#[derive(Clone, Copy)]
struct Remember {
    ttl: Ttl,
}

impl KeyedProcessFunction<u64, Option<u64>, Left> for Remember {
    type State = (ValueState<u64>, ListState<u64>, MapState<u64, ()>);

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        let value = cx.value_state(StateDescriptor::new("value").ttl(self.ttl))?;
        let list = cx.list_state(StateDescriptor::new("list").ttl(self.ttl))?;
        Ok((value, list, cx.map_state(StateDescriptor::new("map").ttl(self.ttl))?))
    }

    fn process(
        &mut self,
        number: Option<u64>,
        (value, list, map): &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Left>,
    ) -> FunctionResult {
        if let Some(number) = number {
            value.set(cx, number);
            list.add(cx, number);
            map.insert(cx, number, ());
        }
        out.emit((*cx.key(), value.cloned(cx), list.get(cx).to_vec(), map.len(cx)))
    }
}

fn millis(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

fn remember() -> KeyedProcess<u64, Left, timed_function::OneInputFunction<Remember, Option<u64>>> {
    keyed_process::one_input(Remember { ttl: Ttl::new(millis(TTL)) })
}

#[test]
fn what_nobody_asks_for_is_removed_though_no_records_come() -> Result<()> {
    let ttl = Ttl::new(millis(TTL)).return_expired_if_not_cleaned_up();
    let mut harness = OperatorHarness::new(keyed_process::one_input(Remember { ttl }))?;
    // In the last key group, where the few steps that a record takes do not get.
    let key = (0..).find(|key| KeyGroups::new(128).of(key).index() == 127).unwrap();
    harness.push_all([(key, Some(7))])?;
    harness.advance(millis(TTL - 1))?;
    harness.push_all([(key, None)])?;
    assert_eq!(harness.take_records()[1], (key, Some(7), vec![7], 1));
    for _ in 0..40 {
        harness.advance(millis(100))?;
    }
    harness.push_all([(key, None)])?;
    assert_eq!(harness.take_records(), [(key, None, vec![], 0)]);
    Ok(())
}

#[derive(Clone, Debug)]
enum Step {
    Push(u64, Option<u64>),
    Advance(i64),
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..5_u64, prop::option::of(0..4_u64)).prop_map(|(key, number)| Step::Push(key, number)),
        3 => (1..1_500_i64).prop_map(Step::Advance),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn entries_are_there_as_long_as_they_are_to_be_whatever_fails(steps in steps()) {
        let mut fleet = KeyedFleet::new(2, 8, |_| remember()).unwrap();
        let (mut written, mut now) = (BTreeMap::<u64, Vec<(u64, i64)>>::new(), 0);
        let mut expected = Vec::new();
        for step in steps {
            match step {
                Step::Push(key, number) => {
                    let of_key = written.entry(key).or_default();
                    of_key.extend(number.map(|number| (number, now)));
                    of_key.retain(|(_, written)| now < written + TTL);
                    let list: Vec<u64> = of_key.iter().map(|(number, _)| *number).collect();
                    let map: std::collections::BTreeSet<_> = list.iter().collect();
                    expected.push((key, list.last().copied(), list.clone(), map.len()));
                    fleet.push(key, number, Timestamp::MIN).unwrap();
                }
                Step::Advance(by) => {
                    now += by;
                    fleet.advance(millis(by)).unwrap();
                }
                Step::Crash(parallelism) => fleet.crash(parallelism, |old| {
                    (0..5).try_for_each(|key| old.push(key, Some(99), Timestamp::MIN))
                }).unwrap(),
            }
        }
        let said = fleet.take_records();
        for key in 0..5 {
            let of_key = |said: &[Left]| -> Vec<Left> {
                said.iter().filter(|(other, ..)| *other == key).cloned().collect()
            };
            prop_assert_eq!(of_key(&said), of_key(&expected));
        }
    }
}
