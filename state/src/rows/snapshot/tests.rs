use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rows::test_support::{
    INITIAL, Model, Step, apply, content, find_one, hash, kind, steps, store, store_over, stored, upsert,
};
use crate::rows::{BytesColumn, KeyColumn};
use crate::snapshot::read::KeyedRestore;
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
