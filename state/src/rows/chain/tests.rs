use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::CheckpointId;
use crate::rows::test_support::{INITIAL, append, find_one, kind, number_of, store};
use crate::rows::{KeyKind, RowLayout};
use crate::snapshot::read::KeyedRestore;
use crate::snapshot::test_support::stored_on;

/// The variable parts of the rows of each key, in order.
type Model = BTreeMap<u64, Vec<Vec<u8>>>;

fn many(kind: KeyKind) -> RowLayout {
    RowLayout::new(kind, &INITIAL, RowsPerKey::Many)
}

/// What each key has, found by the key.
fn content(store: &RowStore, keys: impl Iterator<Item = u64>) -> Model {
    let found = keys.filter_map(|key| {
        let first = find_one(store, key)?;
        let rows: Vec<_> = store.with_key(first).collect();
        assert_eq!(store.rows_with_key(first), rows.len());
        assert!(rows.iter().all(|row| number_of(store, *row) == key));
        Some((key, rows.iter().map(|row| store.variable(*row).to_vec()).collect()))
    });
    found.collect()
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(u64, Vec<u8>)>),
    Remove(u64, prop::sample::Index),
    Replace(u64, prop::sample::Index, Vec<u8>),
    Sweep,
    Snapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let variable = || prop_oneof![4 => 0..40_usize, 1 => 0..2_000_usize].prop_map(|length| vec![7; length]);
    let (key, index) = (0..20_u64, any::<prop::sample::Index>());
    let step = prop_oneof![
        2 => prop::collection::vec((0..20_u64, variable()), 0..20).prop_map(Step::Append),
        4 => (key.clone(), index.clone()).prop_map(|(key, at)| Step::Remove(key, at)),
        2 => (key, index, variable()).prop_map(|(key, at, variable)| Step::Replace(key, at, variable)),
        1 => Just(Step::Sweep),
        1 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 0..80)
}

fn nth(store: &RowStore, key: u64, at: prop::sample::Index) -> Option<(usize, RowRef)> {
    let rows: Vec<_> = store.with_key(find_one(store, key)?).collect();
    let at = at.index(rows.len());
    Some((at, rows[at]))
}

proptest! {
    #[test]
    fn rows_of_a_key_keep_their_order(steps in steps(), kind in kind()) {
        let mut store = store(many(kind));
        // Besides, many keys that never change: so checkpoints write what has changed.
        let others: Vec<_> = (0..280).map(|at| (20 + at % 140, vec![1; 3])).collect();
        append(&mut store, &others);
        let (mut model, mut taken) = (Model::new(), Vec::<(CheckpointId, KeyedRestore, Model)>::new());
        for (mark, step) in (0_u32..).zip(steps) {
            match step {
                Step::Append(mut rows) => {
                    rows.iter_mut().for_each(|(_, variable)| variable.extend_from_slice(&mark.to_le_bytes()));
                    append(&mut store, &rows);
                    rows.into_iter().for_each(|(key, variable)| model.entry(key).or_default().push(variable));
                }
                Step::Remove(key, at) => {
                    if let Some((at, row)) = nth(&store, key, at) {
                        store.remove(row);
                        model.get_mut(&key).unwrap().remove(at);
                        model.retain(|_, rows| !rows.is_empty());
                    }
                }
                Step::Replace(key, at, variable) => {
                    if let Some((at, row)) = nth(&store, key, at) {
                        store.replace(row, &variable).unwrap();
                        model.get_mut(&key).unwrap()[at] = variable;
                    }
                }
                Step::Sweep => {
                    prop_assert_eq!(store.sweep(100).unwrap(), 0);
                }
                Step::Snapshot => {
                    let id = CheckpointId::new(taken.len() as u64 + 1);
                    let base = taken.last().map(|(id, stored, _)| (*id, stored));
                    let stored = stored_on(base, store.snapshot(id));
                    taken.push((id, stored, model.clone()));
                }
            }
            prop_assert_eq!(content(&store, 0..20), model.clone());
            prop_assert_eq!(store.len(), others.len() + model.values().map(Vec::len).sum::<usize>());
        }
        for (_, stored, expected) in taken {
            let mut restored = super::super::test_support::store(many(kind));
            restored.restore_all(stored).unwrap();
            prop_assert_eq!(content(&restored, 0..20), expected);
            let rest = content(&restored, 20..200);
            prop_assert!(rest.len() == 140 && rest.values().all(|rows| *rows == vec![vec![1; 3]; 2]));
        }
    }
}

#[test]
fn rows_are_changed_while_those_of_a_key_are_gone_through() {
    let mut store = store(many(KeyKind::U64));
    append(&mut store, &[(1, b"a".to_vec()), (2, b"b".to_vec()), (1, b"c".to_vec()), (1, b"d".to_vec())]);
    let mut at = find_one(&store, 1);
    while let Some(row) = at {
        // Before the row moves or goes.
        at = store.next_with_key(row);
        store.fixed_mut(row).fill(9);
        match store.variable(row) {
            b"c" => store.remove(row),
            _ => drop(store.replace(row, &[b'x'; 500]).unwrap()),
        }
    }
    let first = find_one(&store, 1).unwrap();
    assert_eq!(store.with_key(first).map(|row| store.fixed(row).to_vec()).collect::<Vec<_>>(), [[9; 12]; 2]);
    assert_eq!(
        content(&store, 0..3),
        BTreeMap::from([(1, vec![vec![b'x'; 500]; 2]), (2, vec![b"b".to_vec()])])
    );
}

#[test]
fn keys_with_many_rows_are_not_upserted() {
    let error = store(many(KeyKind::U64)).upsert(&[], &crate::rows::KeyColumn::U64(&[]), &mut Vec::new());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("its layout says Many"), "{error}");
}
