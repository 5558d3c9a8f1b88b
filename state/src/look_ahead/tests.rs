use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::snapshot::part::{StateKind, StateMeta};
use crate::{KeyGroups, KeyedTable, Shape};

fn table() -> KeyedTable<u64, u64> {
    let (key, value) = (Shape::of::<u64>(), Shape::of::<u64>());
    let meta = StateMeta { name: "counts".to_owned(), kind: StateKind::Value, key, value };
    let groups = KeyGroups::new(8);
    KeyedTable::new(meta, groups, groups.range_of(0, 1))
}

/// Counts keys; a place may be out of date by the time it is used.
fn count(table: &mut KeyedTable<u64, u64>, places: impl Iterator<Item = Place>, keys: &[u64]) {
    let mut contents = table.contents_by_hash();
    for (place, key) in places.zip(keys) {
        let content = contents.get(place.hash()).unwrap();
        match content.get_mut_at(place, key) {
            Some(count) => *count += 1,
            None => *content.entry(place.hash(), *key, |_| 0) += 1,
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "interpreting so many keys takes too long")]
fn only_a_large_state_is_worth_looking_ahead() {
    let (mut table, mut ahead) = (table(), LookAhead::default());
    let keys: Vec<u64> = (0..200_000).collect();
    let places = keys.iter().map(|key| Place::of_hash(stable_hash(key)));
    assert!(ahead.places(&table, keys.iter(), &[]).is_none());
    count(&mut table, places, &keys);
    let found: Vec<_> = ahead.places(&table, keys.iter(), &[]).unwrap().collect();
    assert_eq!(found.len(), keys.len());
    assert!(found.iter().zip(&keys).all(|(place, key)| place.hash() == stable_hash(key)));
    assert!(found.iter().all(|place| place.bucket().is_some()), "each key is there");
}

/// Keys that a table holds at first: fewer for Miri, which takes a thousand times as long.
const MOST_KNOWN: u64 = if cfg!(miri) { 100 } else { 3_000 };

proptest! {
    /// Places are hints: keys that are new, and tables that grow after the look, change no answer.
    #[test]
    fn places_never_lead_to_another_key(known in 0..MOST_KNOWN, batches: Vec<Vec<u16>>) {
        let (mut table, mut ahead) = (table(), LookAhead { always: true, ..LookAhead::default() });
        let mut expected = HashMap::<u64, u64>::new();
        let first: Vec<u64> = (0..known).collect();
        let batches = batches.iter().map(|batch| batch.iter().map(|key| u64::from(*key) % 5_000).collect());
        for keys in std::iter::once(first).chain(batches) {
            let places: Vec<_> = ahead.places(&table, keys.iter(), &[]).unwrap().collect();
            count(&mut table, places.into_iter(), &keys);
            keys.iter().for_each(|key| *expected.entry(*key).or_default() += 1);
        }
        let found: HashMap<_, _> = table.contents().flat_map(|content| content.iter().copied()).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn hashes_that_are_known_are_not_computed_again() {
    let (mut table, mut ahead) = (table(), LookAhead::default());
    let keys: Vec<u64> = (0..200_000).collect();
    let hashes: Vec<u64> = keys.iter().map(stable_hash).collect();
    let unhashed = || std::iter::from_fn(|| -> Option<&u64> { panic!("no key is looked at") });
    let places: Vec<_> = ahead.places(&table, unhashed(), &hashes).unwrap().collect();
    assert!(
        places.iter().zip(&hashes).all(|(place, hash)| place.hash() == *hash && place.bucket().is_none())
    );
    count(&mut table, places.into_iter(), &keys);
    let places: Vec<_> = ahead.places(&table, unhashed(), &hashes).unwrap().collect();
    assert!(
        places.iter().zip(&hashes).all(|(place, hash)| place.hash() == *hash && place.bucket().is_some())
    );
}
