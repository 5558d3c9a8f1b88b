//! Closures with a value for each key.

use std::marker::PhantomData;

use super::*;
use crate::process::with_state::WithState;
use crate::{Environment, Stream};

fn numbers(env: &Environment) -> Stream<(char, u32)> {
    env.from_collection([('a', 1), ('b', 2), ('a', 3), ('a', 4), ('b', 5)]).parallelism(1)
}

#[test]
fn each_key_has_a_value_of_its_own_until_the_closure_leaves_none() -> Result<()> {
    let env = Environment::new().parallelism(2);
    // Every third record of a key begins anew.
    let sums = numbers(&env).keyed().map_with_state(|key, number, kept: &mut Option<(u32, u32)>| {
        let (records, sum) = kept.unwrap_or_default();
        *kept = (records < 1).then_some((records + 1, sum + number));
        (*key, sum + number)
    });
    let kept =
        numbers(&env).keyed().filter_with_state(|_, number, last| last.replace(*number) != Some(number - 1));
    let pairs = numbers(&env).key_by(|_| ()).flat_map_with_state(|(), (_, number), last| {
        last.replace(number).map(|last| vec![last; usize::from(number % 2 == 1)]).unwrap_or_default()
    });
    let (sums, kept, pairs) = (sums.collect(), kept.collect(), pairs.collect());
    env.execute("with state")?;
    assert_eq!(sums.sorted(), [('a', 1), ('a', 4), ('a', 4), ('b', 2), ('b', 7)]);
    assert_eq!(kept.sorted(), [1, 2, 3, 5]);
    assert_eq!(pairs.sorted(), [2, 4]);
    Ok(())
}

#[test]
fn the_value_moves_with_its_key_and_goes_when_the_closure_leaves_none() -> Result<()> {
    // Every third record of a key begins anew.
    let number = |key: &char, _: (), kept: &mut Option<u32>, out: &mut Emitter<'_, (char, u32)>| {
        let number = kept.unwrap_or_default() + 1;
        *kept = (number < 3).then_some(number);
        out.emit((*key, number))
    };
    let mut fleet = KeyedFleet::new(2, 8, move |_| keyed_process::one_input(WithState(number, PhantomData)))?;
    let push = |fleet: &mut KeyedFleet<char, (), (char, u32)>, keys: &str| {
        keys.chars().try_for_each(|key| fleet.push(key, (), Timestamp::MIN))
    };
    push(&mut fleet, "abaa")?;
    assert_eq!(fleet.take_records().len(), 4);
    // What comes after the snapshot does not show.
    fleet.crash(3, |old| push(old, "abab"))?;
    fleet.take_records();
    push(&mut fleet, "ab")?;
    push(&mut fleet, "ab")?;
    let mut numbered = fleet.take_records();
    numbered.sort_unstable();
    assert_eq!(numbered, [('a', 1), ('a', 2), ('b', 2), ('b', 3)]);
    let snapshots =
        fleet.members().iter_mut().map(|member| member.snapshot(9)).collect::<Result<Vec<_>>>()?;
    let entries = snapshots.iter().flat_map(HarnessSnapshot::keyed_states);
    let kept: u64 = entries.filter(|(meta, _)| meta.name == "state").map(|(_, entries)| entries).sum();
    assert_eq!(kept, 1, "nothing is kept of b");
    Ok(())
}
