use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Shape;
use crate::rows::test_support::{
    GROUPS, INITIAL, Model, append, content, find_one, hash, kind, number_of, stored, upsert,
};
use crate::rows::{KeyKind, RowsPerKey};
use crate::snapshot::part::StateKind;

fn rows_over(range: KeyGroupRange, layout: RowLayout) -> RowsByTime {
    let (key, value) = (Shape::from_text("k"), Shape::from_text("v"));
    let meta = StateMeta { name: "slices".to_owned(), kind: StateKind::Rows, key, value };
    RowsByTime::new(meta, KeyGroups::new(GROUPS), range, layout)
}

fn rows(layout: RowLayout) -> RowsByTime {
    rows_over(KeyGroupRange::new(0, 8), layout)
}

/// The rows of each time that has any.
type Models = BTreeMap<i64, Model>;

fn contents(rows: &RowsByTime) -> Models {
    rows.iter().map(|(time, store)| (time, content(store))).filter(|(_, rows)| !rows.is_empty()).collect()
}

fn group_of(number: u64) -> KeyGroup {
    KeyGroups::new(GROUPS).of_hash(hash(number))
}

#[derive(Clone, Debug)]
enum Step {
    Upsert(i64, Vec<u64>),
    Write(i64, u64, u8),
    Remove(i64, u64),
    TakeUntil(i64),
    Snapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (time, key) = (-3..3_i64, 0..30_u64);
    let step = prop_oneof![
        3 => (time.clone(), prop::collection::vec(0..30_u64, 0..8))
            .prop_map(|(time, numbers)| Step::Upsert(time, numbers)),
        3 => (time.clone(), key.clone(), any::<u8>()).prop_map(|(time, key, value)| Step::Write(time, key, value)),
        1 => (time.clone(), key).prop_map(|(time, key)| Step::Remove(time, key)),
        1 => time.prop_map(Step::TakeUntil),
        2 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 0..60)
}

/// The groups whose rows differ.
fn changed(before: &Models, after: &Models) -> Vec<KeyGroup> {
    let rows = |models: &Models| -> BTreeMap<_, _> {
        let all =
            models.iter().flat_map(|(time, rows)| rows.iter().map(move |(key, row)| ((*time, *key), row)));
        all.map(|(at, row)| (at, row.clone())).collect()
    };
    let (before, after) = (rows(before), rows(after));
    let keys = before.keys().chain(after.keys());
    keys.filter(|at| before.get(at) != after.get(at)).map(|(_, key)| group_of(*key)).collect()
}

proptest! {
    #[test]
    fn behaves_as_a_map_for_each_time(steps in steps(), kind in kind()) {
        let layout = RowLayout::new(kind, &INITIAL, RowsPerKey::One);
        let (mut rows, mut models, mut taken) = (rows(layout.clone()), Models::new(), Vec::new());
        let mut known_since = BTreeMap::<KeyGroup, u64>::new();
        for step in steps {
            let before = models.clone();
            match step {
                Step::Upsert(time, numbers) => {
                    upsert(rows.open(time), &numbers);
                    for number in numbers {
                        let rows = models.entry(time).or_default();
                        rows.entry(number).or_insert((INITIAL.to_vec(), Vec::new()));
                    }
                }
                Step::Write(time, number, value) => {
                    let Some(store) = rows.get_mut(time) else { continue };
                    if let Some(row) = find_one(store, number) {
                        store.fixed_mut(row)[11] = value;
                        models.get_mut(&time).unwrap().get_mut(&number).unwrap().0[11] = value;
                        // Also if it was the same value.
                        known_since.remove(&group_of(number));
                    }
                }
                Step::Remove(time, number) => {
                    if let Some(store) = rows.get_mut(time)
                        && let Some(row) = find_one(store, number)
                    {
                        store.remove(row);
                        models.get_mut(&time).unwrap().remove(&number);
                    }
                }
                Step::TakeUntil(last) => {
                    let out: Models = rows.take_until(last).iter().map(|(time, store)| (*time, content(store))).collect();
                    let later = models.split_off(&(last + 1));
                    let expected = std::mem::replace(&mut models, later);
                    let filled = |models: Models| models.into_iter().filter(|(_, rows)| !rows.is_empty()).collect::<Models>();
                    prop_assert_eq!(filled(out), filled(expected));
                    prop_assert!(rows.times().all(|time| time > last));
                }
                Step::Snapshot => {
                    let number = taken.len() as u64 + 1;
                    let snapshot = rows.snapshot(CheckpointId::new(number));
                    let since: BTreeMap<_, _> =
                        snapshot.groups.iter().map(|group| (group.group, group.unchanged_since.number())).collect();
                    let groups = models.values().flat_map(BTreeMap::keys).map(|key| group_of(*key));
                    let expected: BTreeMap<_, _> =
                        groups.map(|group| (group, *known_since.entry(group).or_insert(number))).collect();
                    prop_assert_eq!(since, expected);
                    taken.push((snapshot, models.clone()));
                }
            }
            for group in changed(&before, &models) {
                known_since.remove(&group);
            }
            prop_assert_eq!(rows.len(), models.values().map(BTreeMap::len).sum::<usize>());
        }
        let groups = KeyGroups::new(GROUPS);
        for (snapshot, mut expected) in taken {
            let mut restored = Models::new();
            for subtask in 0..3 {
                let range = groups.range_of(subtask, 3);
                let mut own = stored(&snapshot);
                own.blocks.retain(|(group, _)| range.contains(*group));
                let mut rows = rows_over(range, layout.clone());
                rows.restore_all(own).unwrap();
                let again = rows.snapshot(CheckpointId::new(9));
                prop_assert!(again.groups.iter().all(|group| group.unchanged_since.number() == 0));
                contents(&rows).into_iter().for_each(|(time, rows)| restored.entry(time).or_default().extend(rows));
            }
            expected.retain(|_, rows| !rows.is_empty());
            prop_assert_eq!(restored, expected);
        }
    }

    #[test]
    fn damaged_blocks_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100), kind in kind()) {
        let mut rows = rows(RowLayout::new(kind, &[], RowsPerKey::One));
        let outcome = rows.restore(KeyGroup::new(0), &bytes);
        prop_assert!(outcome.is_err() || rows.len() <= bytes.len());
    }
}

#[test]
fn times_that_are_cut_off_are_refused() {
    let layout = RowLayout::new(KeyKind::U64, &[], RowsPerKey::Many);
    let mut before = rows(layout.clone());
    append(before.open(-1), &[(1, b"a".to_vec()), (1, b"b".to_vec())]);
    append(before.open(70), &[(1, b"c".to_vec())]);
    let stored = stored(&before.snapshot(CheckpointId::new(1)));
    let (group, bytes) = &stored.blocks[0];
    let mut restored = rows(layout.clone());
    restored.restore(*group, bytes).unwrap();
    let store = restored.get(-1).unwrap();
    let all: Vec<_> = store.with_key(find_one(store, 1).unwrap()).collect();
    assert_eq!(all.iter().map(|row| store.variable(*row)).collect::<Vec<_>>(), [b"a", b"b"]);
    assert!(all.iter().all(|row| number_of(store, *row) == 1));
    let error = rows(layout.clone()).restore(*group, &[bytes, &[0, 1][..]].concat()).unwrap_err().to_string();
    assert!(error.contains("keys of a time are missing"), "{error}");
    let error = rows(layout).restore(*group, &bytes[..1]).unwrap_err().to_string();
    assert!(error.contains("state `slices`") && error.contains("a time is cut off"), "{error}");
}

#[test]
fn what_was_removed_from_a_store_before_it_was_taken_out_is_a_change() {
    let mut rows = rows(RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One));
    let (first, second) = (6, (7..).find(|other| group_of(*other) == group_of(6)).unwrap());
    upsert(rows.open(1), &[first]);
    upsert(rows.open(2), &[second]);
    rows.snapshot(CheckpointId::new(1));
    let store = rows.get_mut(1).unwrap();
    let row = find_one(store, first).unwrap();
    store.remove(row);
    assert!(rows.take_until(1)[0].1.is_empty());
    let snapshot = rows.snapshot(CheckpointId::new(2));
    assert_eq!(snapshot.groups[0].unchanged_since, CheckpointId::new(2));
}
