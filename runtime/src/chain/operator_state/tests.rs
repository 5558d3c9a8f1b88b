use millstream_state::Timestamp;

use super::*;
use crate::batch::Batch;
use crate::chain::{OpenContext, Operator, OperatorHooks, Output};
use crate::testing::{HarnessSetup, HarnessSnapshot, OperatorHarness};

/// Keeps what it gets in a list for each way of redistribution, and emits how much there is in each.
#[derive(Default)]
struct Keeper {
    states: Vec<OperatorListState<u32>>,
    by_hand: bool,
}

const NAMES: [(&str, Redistribution); 3] = [
    ("split", Redistribution::Split),
    ("union", Redistribution::Union),
    ("broadcast", Redistribution::Broadcast),
];

impl OperatorHooks<Vec<usize>> for Keeper {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        for (name, redistribution) in NAMES {
            self.states.push(cx.operator_list_state(name, redistribution)?);
        }
        if self.by_hand {
            cx.operator_list_state::<u32>("split", Redistribution::Split)?;
        }
        Ok(())
    }
}

impl Operator<u32, Vec<usize>> for Keeper {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, Vec<usize>>) -> Result<()> {
        for number in batch.drain() {
            if let [split, union, broadcast] = self.states.as_slice() {
                split.add(number);
                union.add_all([number]);
                broadcast.set(vec![7]);
            }
            let counts = self.states.iter().map(OperatorListState::len).collect();
            output.emit(counts, Timestamp::MIN)?;
        }
        Ok(())
    }
}

type KeeperHarness = OperatorHarness<u32, Vec<usize>>;

fn snapshot(numbers: impl IntoIterator<Item = u32>) -> Result<HarnessSnapshot> {
    let mut harness = KeeperHarness::new(Keeper::default())?;
    harness.push_all(numbers)?;
    harness.snapshot(1)
}

#[test]
fn states_are_in_every_snapshot_and_are_redistributed() -> Result<()> {
    let snapshots = [snapshot([1, 2, 3])?, snapshot([4, 5])?];
    let part = |subtask, name: &str| {
        let setup = HarnessSetup::new().subtask(subtask, 3).restore(&snapshots);
        KeeperHarness::with(setup, Keeper::default())?.snapshot(2)?.list::<u32>(name)
    };
    assert_eq!((part(0, "split")?, part(1, "split")?, part(2, "split")?), (vec![1, 4], vec![2, 5], vec![3]));
    assert_eq!(part(1, "union")?, [1, 2, 3, 4, 5]);
    assert_eq!(part(2, "broadcast")?, [7]);
    let mut harness = KeeperHarness::with(HarnessSetup::new().restore(&snapshots), Keeper::default())?;
    harness.push_all([6])?;
    assert_eq!(harness.take_records(), [vec![6, 6, 1]]);
    Ok(())
}

#[test]
fn a_snapshot_has_what_was_there_at_the_barrier() -> Result<()> {
    let mut harness = KeeperHarness::new(Keeper::default())?;
    harness.push_all([1])?;
    let before = harness.snapshot(1)?;
    harness.push_all([2])?;
    assert_eq!(before.list::<u32>("split")?, [1]);
    assert_eq!(harness.snapshot(2)?.list::<u32>("split")?, [1, 2]);
    Ok(())
}

#[test]
fn a_name_is_taken_once() {
    let twice = KeeperHarness::new(Keeper { by_hand: true, ..Keeper::default() }).err().unwrap().to_string();
    assert!(twice.contains("operator state `split` is declared twice in one function"), "{twice}");
}

#[test]
fn all_handles_show_the_same_items() {
    let state = OperatorListState::new(vec![1, 2]);
    let (other, before) = (state.clone(), state.get());
    assert_eq!(state.update(|items| items.pop()), Some(2));
    other.add_all([5, 6]);
    assert_eq!(*state.get(), [1, 5, 6]);
    assert_eq!(*before, [1, 2], "what was read stays as it was");
    assert_eq!(state.take(), [1, 5, 6]);
    assert!(other.is_empty());
    // Nothing of this waits for itself.
    state.update(|items| items.extend([other.len(), 9]));
    state.add_all(state.get().iter().map(|item| item + 1).collect::<Vec<_>>());
    assert_eq!(*other.get(), [0, 9, 1, 10]);
    state.clear();
    assert_eq!(other.len(), 0);
}
