use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rows::test_support::{
    INITIAL, Model, Step, apply, content, find_one, hash, kind, steps, store, store_over, stored, upsert,
};
use crate::rows::{BytesColumn, KeyColumn};
use crate::snapshot::read::KeyedRestore;
use crate::snapshot::test_support::stored_on;
use crate::{KeyGroup, stable_hash};

fn restored(snapshot: &KeyedStateSnapshot, layout: RowLayout) -> RowStore {
    let mut restored = store(layout);
    restored.restore_all(stored(snapshot)).unwrap();
    restored
}

fn since(snapshot: &KeyedStateSnapshot) -> BTreeMap<KeyGroup, u64> {
    snapshot.groups.iter().map(|group| (group.group, group.unchanged_since.number())).collect()
}

fn group_of(number: u64) -> KeyGroup {
    KeyGroups::new(8).of_hash(hash(number))
}

/// The keys whose rows a step may change.
fn touched(step: &Step) -> Vec<u64> {
    match step {
        Step::Upsert(numbers) => numbers.clone(),
        Step::Fixed(number, _) | Step::Replace(number, _, _) | Step::Remove(number) => vec![*number],
        Step::Sweep(_) | Step::Snapshot => Vec::new(),
    }
}

/// Some steps that write to few keys, how far back the base is of the checkpoint behind them, and whether the job goes
/// on from it.
fn checkpointed() -> impl Strategy<Value = (Vec<Step>, usize, bool)> {
    let key = || 0..300_u64;
    let step = prop_oneof![
        1 => key().prop_map(|key| Step::Upsert(vec![key])),
        2 => (key(), any::<u8>()).prop_map(|(key, value)| Step::Fixed(key, value)),
        2 => (key(), 0..80_usize, any::<u8>()).prop_map(|(key, length, fill)| Step::Replace(key, length, fill)),
        2 => key().prop_map(Step::Remove),
        1 => (0..20_usize).prop_map(Step::Sweep),
    ];
    (prop::collection::vec(step, 0..8), 0..4_usize, prop::bool::weighted(0.1))
}

proptest! {
    /// A snapshot keeps what was there when it was taken, and `unchanged_since` names the first
    /// snapshot after the last write.
    #[test]
    fn snapshots_are_not_touched_by_later_writes(steps in steps(), kind in kind()) {
        let layout = RowLayout::new(kind, &INITIAL, RowsPerKey::One);
        let mut store = store(layout.clone());
        let (mut model, mut taken) = (Model::new(), Vec::new());
        let mut known_since = BTreeMap::<KeyGroup, u64>::new();
        for step in &steps {
            let before = model.clone();
            if apply(step, &mut store, &mut model) {
                let number = taken.len() as u64 + 1;
                let snapshot = store.snapshot(CheckpointId::new(number));
                let groups = model.keys().map(|key| group_of(*key));
                let expected: BTreeMap<_, _> =
                    groups.map(|group| (group, *known_since.entry(group).or_insert(number))).collect();
                prop_assert_eq!(since(&snapshot), expected);
                taken.push((snapshot, model.clone()));
                continue;
            }
            for number in touched(step) {
                // To find a row is no write.
                if !matches!(step, Step::Upsert(_)) && before.contains_key(&number)
                    || before.contains_key(&number) != model.contains_key(&number)
                {
                    known_since.remove(&group_of(number));
                }
            }
        }
        for (snapshot, expected) in taken {
            let entries: u64 = snapshot.groups.iter().map(|group| group.block.entries()).sum();
            prop_assert_eq!(entries, expected.len() as u64);
            prop_assert_eq!(content(&restored(&snapshot, layout.clone())), expected);
        }
    }

    /// On top of one of the last checkpoints, whether or not the one before was completed; and of what was restored.
    #[test]
    fn checkpoints_hold_what_has_changed_behind_their_bases(
        steps in prop::collection::vec(checkpointed(), 0..60),
        kind in kind(),
    ) {
        let layout = RowLayout::new(kind, &INITIAL, RowsPerKey::One);
        let mut store = store(layout.clone());
        let (mut model, mut taken) = (Model::new(), Vec::<(CheckpointId, KeyedRestore)>::new());
        apply(&Step::Upsert((0..250).collect()), &mut store, &mut model);
        for (number, (steps, back, restores)) in (1..).zip(steps) {
            for step in steps {
                apply(&step, &mut store, &mut model);
            }
            let id = CheckpointId::new(number);
            let base = taken.len().checked_sub(back + 1).and_then(|index| taken.get(index));
            let stored = stored_on(base.map(|(id, stored)| (*id, stored)), store.snapshot(id));
            let mut restored = store_over(KeyGroupRange::new(0, 8), layout.clone());
            restored.restore_all(stored.clone()).unwrap();
            prop_assert_eq!(content(&restored), model.clone());
            taken.push((id, stored));
            if restores {
                store = restored;
                taken = vec![taken.pop().unwrap()];
            }
        }
    }

    /// Two subtasks restore what three have written.
    #[test]
    fn rows_are_restored_at_another_parallelism(numbers in prop::collection::vec(0..500_u64, 0..100)) {
        let layout = RowLayout::new(KeyKind::Bytes, &INITIAL, RowsPerKey::One);
        let groups = KeyGroups::new(8);
        let mut blocks = Vec::new();
        let mut expected = Model::new();
        for subtask in 0..3 {
            let range = groups.range_of(subtask, 3);
            let mut store = store_over(range, layout.clone());
            let own: Vec<u64> =
                numbers.iter().copied().filter(|number| range.contains(group_of(*number))).collect();
            for (number, entry) in own.iter().zip(upsert(&mut store, &own)) {
                store.fixed_mut(entry.row)[0] = *number as u8;
            }
            expected.extend(content(&store));
            blocks.extend(stored(&store.snapshot(CheckpointId::new(1))).blocks);
        }
        let mut found = Model::new();
        for subtask in 0..2 {
            let range = groups.range_of(subtask, 2);
            let mut store = store_over(range, layout.clone());
            let own = blocks.iter().filter(|(group, _)| range.contains(*group)).cloned().collect();
            store.restore_all(KeyedRestore { meta: store.meta().clone(), blocks: own }).unwrap();
            found.extend(content(&store));
        }
        prop_assert_eq!(found.keys().copied().collect::<Vec<_>>(), {
            let mut all = numbers;
            all.sort_unstable();
            all.dedup();
            all
        });
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn of_rows_that_have_not_changed_nothing_is_written() {
    let layout = RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One);
    let mut store = store(layout.clone());
    upsert(&mut store, &(0..10_000).collect::<Vec<_>>());
    let whole = stored_on(None, store.snapshot(CheckpointId::new(1)));
    for key in 0..20 {
        let row = find_one(&store, key).unwrap();
        store.fixed_mut(row)[0] = 9;
    }
    let row = find_one(&store, 20).unwrap();
    store.remove(row);
    let changed = stored_on(Some((CheckpointId::new(1), &whole)), store.snapshot(CheckpointId::new(2)));
    let bytes = |stored: &KeyedRestore| stored.blocks.iter().map(|(_, block)| block.len()).sum::<usize>();
    assert!(bytes(&changed) - bytes(&whole) < bytes(&whole) / 100, "{}", bytes(&changed) - bytes(&whole));
    let mut restored = store_over(KeyGroupRange::new(0, 8), layout);
    restored.restore_all(changed).unwrap();
    assert_eq!(content(&restored), content(&store));
}

#[test]
fn what_was_restored_is_not_written_again() {
    let layout = RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One);
    let mut first = store(layout.clone());
    upsert(&mut first, &(0..100).collect::<Vec<_>>());
    let snapshot = first.snapshot(CheckpointId::new(7));
    let mut restored = restored(&snapshot, layout);
    let row = find_one(&restored, 42).unwrap();
    restored.fixed_mut(row)[0] = 0;
    for (group, since) in since(&restored.snapshot(CheckpointId::new(8))) {
        assert_eq!(since, if group == group_of(42) { 8 } else { 0 });
    }
}

#[test]
fn blocks_are_the_same_bytes_in_every_version() {
    let upsert = |kind: KeyKind, hash: u64, column: &KeyColumn<'_>| {
        let mut store = store(RowLayout::new(kind, &[1, 2], RowsPerKey::One));
        let mut out = Vec::new();
        store.upsert(&[hash], column, &mut out).unwrap();
        store.replace(out[0].row, b"text").unwrap();
        let snapshot = store.snapshot(CheckpointId::new(1));
        snapshot.groups[0].block.to_bytes().unwrap()
    };
    let column = KeyColumn::Bytes(BytesColumn { offsets: &[0, 3], data: b"key" });
    let hash = hash_of_bytes(b"key") ^ 0x81;
    assert_eq!(upsert(KeyKind::Bytes, hash, &column), b"\0\x03key\x81\x01\x04text\x02\x01\x02");
    let column = KeyColumn::U64(&[0x1234]);
    assert_eq!(
        upsert(KeyKind::U64, stable_hash(&0x1234_u64), &column),
        b"\0\x02\x34\x12\0\x04text\x02\x01\x02"
    );
    let column = KeyColumn::U128(&[1 << 64]);
    let hash = stable_hash(&(1_u128 << 64));
    assert_eq!(upsert(KeyKind::U128, hash, &column), b"\0\x10\x01\0\x04text\x02\x01\x02");
}
