//! Stores with made-up keys, steps that are done on a store and on a model of it, and how they compare.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::{BytesColumn, KeyColumn, KeyKind, RowLayout, RowRef, RowStore, Upserted};
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{KeyGroupRange, KeyGroups, Shape, stable_hash};

/// How many key groups there are.
pub(super) const GROUPS: u32 = 8;

pub(super) fn store_over(range: KeyGroupRange, layout: RowLayout) -> RowStore {
    let (key, value) = (Shape::from_text("k"), Shape::from_text("v"));
    let meta = StateMeta { name: "rows".to_owned(), kind: StateKind::Rows, key, value };
    RowStore::new(meta, KeyGroups::new(GROUPS), range, layout)
}

pub(super) fn store(layout: RowLayout) -> RowStore {
    store_over(KeyGroupRange::new(0, 8), layout)
}

/// Keys of a batch, of a kind.
pub(super) struct Keys {
    hashes: Vec<u64>,
    numbers: Vec<u64>,
    wide: Vec<u128>,
    offsets: Vec<u32>,
    data: Vec<u8>,
}

/// A key of the kind with this number: few hashes, so that keys collide, and texts of all lengths.
pub(super) fn text(number: u64) -> Vec<u8> {
    format!("{number}").repeat(usize::try_from(number % 7).unwrap()).into_bytes()
}

pub(super) fn hash(number: u64) -> u64 {
    // Every fourth key has the hash of another one.
    stable_hash(&(number / 4 * 3 + number % 4 % 3))
}

impl Keys {
    pub(super) fn of(numbers: &[u64]) -> Self {
        let mut keys = Self {
            hashes: numbers.iter().map(|number| hash(*number)).collect(),
            numbers: numbers.to_vec(),
            wide: numbers.iter().map(|number| u128::from(*number) << 60 | 5).collect(),
            offsets: vec![0],
            data: Vec::new(),
        };
        for number in numbers {
            keys.data.extend_from_slice(&number.to_be_bytes());
            keys.data.extend_from_slice(&text(*number));
            keys.offsets.push(u32::try_from(keys.data.len()).unwrap());
        }
        keys
    }

    pub(super) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    pub(super) fn column(&self, kind: KeyKind) -> KeyColumn<'_> {
        match kind {
            KeyKind::U64 => KeyColumn::U64(&self.numbers),
            KeyKind::U128 => KeyColumn::U128(&self.wide),
            KeyKind::Bytes => KeyColumn::Bytes(BytesColumn { offsets: &self.offsets, data: &self.data }),
        }
    }
}

/// The number that a key was made of.
pub(super) fn number_of(store: &RowStore, row: RowRef) -> u64 {
    let key = store.key(row);
    match store.layout().key_kind() {
        KeyKind::U64 => u64::from_le_bytes(key.try_into().unwrap()),
        KeyKind::U128 => u64::try_from(u128::from_le_bytes(key.try_into().unwrap()) >> 60).unwrap(),
        KeyKind::Bytes => u64::from_be_bytes(key[..8].try_into().unwrap()),
    }
}

pub(super) fn upsert(store: &mut RowStore, numbers: &[u64]) -> Vec<Upserted> {
    let (keys, mut out) = (Keys::of(numbers), Vec::new());
    store.upsert(keys.hashes(), &keys.column(store.layout().key_kind()), &mut out).unwrap();
    assert_eq!(out.len(), numbers.len());
    out
}

/// Adds a row for each key, with these variable parts.
pub(super) fn append(store: &mut RowStore, rows: &[(u64, Vec<u8>)]) -> Vec<RowRef> {
    let keys = Keys::of(&rows.iter().map(|(number, _)| *number).collect::<Vec<_>>());
    let (mut offsets, mut data, mut out) = (vec![0], Vec::new(), Vec::new());
    for (_, variable) in rows {
        data.extend_from_slice(variable);
        offsets.push(u32::try_from(data.len()).unwrap());
    }
    let variable = BytesColumn { offsets: &offsets, data: &data };
    store.append(keys.hashes(), &keys.column(store.layout().key_kind()), variable, &mut out).unwrap();
    assert_eq!(out.len(), rows.len());
    out
}

pub(super) fn find(store: &RowStore, numbers: &[u64]) -> Vec<Option<RowRef>> {
    let (keys, mut out) = (Keys::of(numbers), Vec::new());
    store.find(keys.hashes(), &keys.column(store.layout().key_kind()), &mut out).unwrap();
    assert_eq!(out.len(), numbers.len());
    out
}

pub(super) fn find_one(store: &RowStore, number: u64) -> Option<RowRef> {
    find(store, &[number])[0]
}

pub(super) const INITIAL: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// What rows hold, by key.
pub(super) type Model = BTreeMap<u64, (Vec<u8>, Vec<u8>)>;

pub(super) fn content(store: &RowStore) -> Model {
    let rows = store
        .rows()
        .map(|row| (number_of(store, row), (store.fixed(row).to_vec(), store.variable(row).to_vec())));
    rows.collect()
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Upsert(Vec<u64>),
    Fixed(u64, u8),
    Replace(u64, usize, u8),
    Remove(u64),
    Sweep(usize),
    Snapshot,
}

pub(super) fn kind() -> impl Strategy<Value = KeyKind> {
    prop::sample::select(vec![KeyKind::U64, KeyKind::U128, KeyKind::Bytes])
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..300_u64;
    let length = prop_oneof![6 => 0..80_usize, 2 => 0..3_000_usize, 1 => 0..60_000_usize];
    let step = prop_oneof![
        2 => prop::collection::vec(0..300_u64, 0..150).prop_map(Step::Upsert),
        4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Fixed(key, value)),
        4 => (key.clone(), length, any::<u8>()).prop_map(|(key, length, fill)| Step::Replace(key, length, fill)),
        3 => key.prop_map(Step::Remove),
        1 => (0..20_usize).prop_map(Step::Sweep),
        1 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 0..60)
}

/// Does a step on both the store and the model; true if that is a snapshot, which is left to the caller.
pub(super) fn apply(step: &Step, store: &mut RowStore, model: &mut Model) -> bool {
    match step {
        Step::Upsert(numbers) => {
            for (number, entry) in numbers.iter().zip(upsert(store, numbers)) {
                assert_eq!(number_of(store, entry.row), *number);
                assert_eq!(store.hash(entry.row), hash(*number));
                assert_eq!(entry.is_new, !model.contains_key(number));
                model.entry(*number).or_insert((INITIAL.to_vec(), Vec::new()));
            }
        }
        Step::Fixed(number, value) => {
            let found = find_one(store, *number);
            assert_eq!(found.is_some(), model.contains_key(number));
            if let (Some(row), Some((fixed, _))) = (found, model.get_mut(number)) {
                store.fixed_mut(row)[3..5].fill(*value);
                fixed[3..5].fill(*value);
            }
        }
        Step::Replace(number, length, fill) => {
            if let (Some(row), Some((_, variable))) = (find_one(store, *number), model.get_mut(number)) {
                *variable = vec![*fill; *length];
                let row = store.replace(row, variable).unwrap();
                assert_eq!(store.variable(row), variable);
                if let Some(last) = store.variable_mut(row).last_mut() {
                    *last = 0;
                    variable[*length - 1] = 0;
                }
            }
        }
        Step::Remove(number) => {
            if let Some(row) = find_one(store, *number) {
                store.remove(row);
                assert!(find_one(store, *number).is_none());
            }
            model.remove(number);
        }
        Step::Sweep(pages) => assert_eq!(store.sweep(*pages).unwrap(), 0),
        Step::Snapshot => return true,
    }
    assert_eq!(store.len(), model.len());
    false
}

/// What a subtask restores of a snapshot, if its key groups are the same.
pub(super) fn stored(snapshot: &KeyedStateSnapshot) -> KeyedRestore {
    let blocks = snapshot.groups.iter();
    let blocks = blocks.map(|group| (group.group, Bytes::from(group.block.to_bytes().unwrap())));
    KeyedRestore { meta: snapshot.meta.clone(), blocks: blocks.collect() }
}
