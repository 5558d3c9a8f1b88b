use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::grouped::GroupContent;
use crate::rows::test_support::stored;
use crate::snapshot::Pieces;
use crate::snapshot::part::StateKind;
use crate::{Shape, stable_hash};

const GROUPS: u32 = 8;

fn rows_over(range: KeyGroupRange) -> OrderedRows {
    let (key, value) = (Shape::from_text("k"), Shape::from_text("v"));
    let meta = StateMeta { name: "sorted".to_owned(), kind: StateKind::Rows, key, value };
    OrderedRows::new(meta, KeyGroups::new(GROUPS), range)
}

fn rows() -> OrderedRows {
    rows_over(KeyGroupRange::new(0, 8))
}

/// The first two bytes of a key are its prefix.
fn hash(key: &[u8]) -> u64 {
    stable_hash(&key[..2])
}

type Model = BTreeMap<Vec<u8>, (i64, Vec<u8>)>;

fn content(rows: &OrderedRows) -> Model {
    rows.rows().map(|(key, value)| (key.to_vec(), (value.number, value.variable.to_vec()))).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Set(Vec<u8>, i64, Vec<u8>),
    Remove(Vec<u8>),
    Scan(Vec<u8>, Option<Vec<u8>>),
    Snapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let byte = || prop::sample::select(vec![0_u8, 1, 0xFE, 0xFF]);
    let key = move || prop::collection::vec(byte(), 2..5);
    let step = prop_oneof![
        4 => (key(), any::<i64>(), prop::collection::vec(any::<u8>(), 0..5))
            .prop_map(|(key, number, variable)| Step::Set(key, number, variable)),
        2 => key().prop_map(Step::Remove),
        2 => (key(), prop::option::of(key())).prop_map(|(prefix, from)| Step::Scan(prefix, from)),
        1 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 0..100)
}

proptest! {
    #[test]
    fn behaves_as_a_sorted_map(steps in steps()) {
        let (mut rows, mut model, mut taken) = (rows(), Model::new(), Vec::new());
        for step in steps {
            match step {
                Step::Set(key, number, variable) => {
                    let value = rows.entry(hash(&key), &key).unwrap();
                    let before = model.get(&key).map_or(0, |(number, _)| *number);
                    prop_assert_eq!(value.number, before);
                    value.number = number;
                    value.variable = variable.clone().into();
                    model.insert(key, (number, variable));
                }
                Step::Remove(key) => {
                    let removed = rows.remove(hash(&key), &key).unwrap();
                    let removed = removed.map(|value| (value.number, value.variable.to_vec()));
                    prop_assert_eq!(removed, model.remove(&key));
                    prop_assert_eq!(rows.get(hash(&key), &key), None);
                }
                Step::Scan(prefix, from) => {
                    let of_prefix = model.keys().filter(|key| key.starts_with(&prefix));
                    let expected: Vec<_> =
                        of_prefix.filter(|key| from.as_ref().is_none_or(|from| *key >= from)).collect();
                    let scan = || rows.scan_prefix(hash(&prefix), &prefix, from.as_deref());
                    prop_assert_eq!(scan().map(|(key, _)| key).collect::<Vec<_>>(), expected.clone());
                    let reversed: Vec<_> = expected.into_iter().rev().collect();
                    prop_assert_eq!(scan().rev().map(|(key, _)| key).collect::<Vec<_>>(), reversed);
                }
                Step::Snapshot => taken.push((rows.snapshot(CheckpointId::new(1)), model.clone())),
            }
            prop_assert_eq!(rows.len(), model.len());
        }
        prop_assert_eq!(content(&rows), model);
        let groups = KeyGroups::new(GROUPS);
        for (snapshot, expected) in taken {
            let mut restored = Model::new();
            for subtask in 0..3 {
                let range = groups.range_of(subtask, 3);
                let mut own = stored(&snapshot);
                own.blocks.retain(|(group, _)| range.contains(*group));
                let mut rows = rows_over(range);
                rows.restore_all(own).unwrap();
                restored.extend(content(&rows));
            }
            prop_assert_eq!(restored, expected);
        }
    }

    #[test]
    fn damaged_blocks_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut group = OrderedGroup::default();
        if group.decode(&bytes).is_ok() {
            prop_assert!(group.0.len() * 4 <= bytes.len());
        }
    }
}

#[test]
fn blocks_that_are_cut_off_or_not_in_order_are_refused() {
    let mut group = OrderedGroup::default();
    for key in [&b"a"[..], b"b"] {
        group.0.insert(key.into(), OrderedValue { number: 1, variable: (*b"xy").into(), stamp: 0 });
    }
    let mut out = Pieces::default();
    group.encode(&mut out).unwrap();
    let bytes = out.into_vec();
    assert_eq!(bytes, b"\x01a\0\x02\x02xy\x01b\0\x02\x02xy");
    for length in (1..bytes.len()).filter(|length| *length != 7) {
        assert!(OrderedGroup::default().decode(&bytes[..length]).is_err(), "{length}");
    }
    let swapped = [&bytes[7..], &bytes[..7]].concat();
    assert!(OrderedGroup::default().decode(&swapped).is_err());
    assert!(OrderedGroup::default().decode(&[&bytes[..7], &bytes[..7]].concat()).is_err());
}

#[test]
fn keys_of_other_subtasks_are_refused() {
    let mut rows = rows_over(KeyGroupRange::new(0, 0));
    let error = rows.entry(1, b"key").unwrap_err().to_string();
    assert!(error.contains("state `sorted`") && error.contains("came to the subtask"), "{error}");
    assert!(rows.remove(1, b"key").is_err());
    assert_eq!(rows.scan_prefix(1, b"k", None).count(), 0);
}

#[test]
fn rows_expire_and_are_swept() {
    let expiring = || rows().with_ttl(Some(Ttl { seconds: 10 }));
    let mut rows = expiring();
    rows.set_now(100);
    for key in [b"aa1", b"aa2", b"bb1"] {
        rows.entry(hash(key), key).unwrap().number = 1;
    }
    rows.set_now(105);
    rows.entry(hash(b"aa2"), b"aa2").unwrap().number = 2;
    let before = stored(&rows.snapshot(CheckpointId::new(1)));
    rows.set_now(110);
    assert_eq!(rows.rows().map(|(key, _)| key).collect::<Vec<_>>(), [b"aa2"]);
    assert_eq!(rows.scan_prefix(hash(b"aa"), b"aa", None).count(), 1);
    assert_eq!(rows.get(hash(b"aa"), b"aa1"), None);
    assert_eq!(rows.remove(hash(b"aa"), b"aa1").unwrap(), None);
    assert_eq!(rows.entry(hash(b"bb"), b"bb1").unwrap().number, 0, "it starts anew");
    rows.set_now(115);
    let removed: usize = (0..12).map(|_| rows.sweep(1)).sum();
    assert_eq!((removed, rows.len()), (1, 1));

    let mut restored = expiring();
    restored.set_now(112);
    restored.restore_all(before.clone()).unwrap();
    assert_eq!(restored.rows().count(), 1);
    // Rows that did not expire begin to.
    let mut forever = super::tests::rows();
    forever.entry(hash(b"aa"), b"aa").unwrap().number = 1;
    let mut restored = expiring();
    restored.set_now(1_000);
    restored.restore_all(stored(&forever.snapshot(CheckpointId::new(1)))).unwrap();
    restored.set_now(1_009);
    assert_eq!(restored.rows().count(), 1);
    restored.set_now(1_010);
    assert_eq!(restored.rows().count(), 0);
}

#[test]
fn sweeps_go_on_where_the_last_one_stopped_and_keep_up_with_what_is_added() {
    let mut rows = rows().with_ttl(Some(Ttl { seconds: 2 }));
    let mut number = 0_u32;
    for now in 0..200 {
        rows.set_now(now);
        // All in one key group, and then in many.
        let prefix: &[u8] = if now < 100 { b"aa" } else { &[b'a', now as u8] };
        for _ in 0..10 {
            number += 1;
            let key = [prefix, &number.to_be_bytes()[..]].concat();
            rows.entry(hash(&key), &key).unwrap().number = i64::from(number);
        }
        rows.sweep(21);
        assert!(rows.len() < 100, "{now}: {}", rows.len());
        assert_eq!(rows.rows().count(), if now == 0 { 10 } else { 20 });
    }
}
