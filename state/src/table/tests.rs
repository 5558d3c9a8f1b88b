use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::codec::encode;
use crate::snapshot::Pieces;

#[derive(Clone, Debug)]
enum Step {
    Insert(String, u32),
    Entry(String, u32),
    Change(String),
    Remove(String),
    /// Encodes the table and goes on with what was decoded.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || "[a-d]{0,3}";
    prop_oneof![
        4 => (key(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        2 => (key(), any::<u32>()).prop_map(|(key, value)| Step::Entry(key, value)),
        2 => key().prop_map(Step::Change),
        3 => key().prop_map(Step::Remove),
        1 => Just(Step::Restore),
    ]
}

fn restored(table: &KeyTable<String, u32>) -> KeyTable<String, u32> {
    let (mut out, mut copy) = (Pieces::default(), KeyTable::default());
    table.encode(&mut out).unwrap();
    GroupContent::decode(&mut copy, &out.into_vec()).unwrap();
    copy
}

proptest! {
    #[test]
    fn behaves_as_a_map(steps in prop::collection::vec(step(), 0..200)) {
        let (mut table, mut model) = (KeyTable::default(), HashMap::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    prop_assert_eq!(table.insert(stable_hash(&key), key.clone(), value), model.insert(key, value));
                }
                Step::Entry(key, value) => {
                    let found = table.entry(stable_hash(&key), key.clone(), |_| value);
                    prop_assert_eq!(*found, *model.entry(key).or_insert(value));
                }
                Step::Change(key) => {
                    let (ours, theirs) = (table.get_mut(stable_hash(&key), &key), model.get_mut(&key));
                    prop_assert_eq!(ours.is_some(), theirs.is_some());
                    ours.into_iter().chain(theirs).for_each(|value| *value = value.wrapping_mul(3));
                }
                Step::Remove(key) => {
                    prop_assert_eq!(table.remove(stable_hash(&key), &key), model.remove(&key));
                }
                Step::Restore => table = restored(&table),
            }
            prop_assert_eq!((table.len(), table.is_empty()), (model.len(), model.is_empty()));
        }
        for (key, value) in &model {
            prop_assert_eq!(table.get(stable_hash(key), key), Some(value));
        }
        prop_assert_eq!(table.iter().cloned().collect::<HashMap<_, _>>(), model.clone());
        prop_assert_eq!(table.into_entries().collect::<HashMap<_, _>>(), model);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut table = KeyTable::<String, Vec<u64>>::default();
        let _ = GroupContent::decode(&mut table, &bytes);
    }
}

#[test]
fn a_count_beyond_the_bytes_reserves_no_room() {
    let bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0];
    let mut table = KeyTable::<u8, u8>::default();
    assert!(GroupContent::decode(&mut table, &bytes).is_err());
}

/// A key without content takes no bytes: nothing but the count says how many there are.
#[test]
fn a_key_that_comes_twice_is_refused_whatever_the_count_says() {
    for bytes in [encode(&(2_u64, [((), ()); 2])).unwrap(), encode(&u64::MAX).unwrap()] {
        assert!(GroupContent::decode(&mut KeyTable::<(), ()>::default(), &bytes).is_err());
    }
    let once = encode(&1_u64).unwrap();
    let mut table = KeyTable::<(), ()>::default();
    GroupContent::decode(&mut table, &once).unwrap();
    assert_eq!(table.len(), 1);
}
