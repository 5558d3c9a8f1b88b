use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn row(number: u32) -> RowRef {
    RowRef::new(1 + number as usize / 1000, (number % 1000) as u16).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert,
    Remove(prop::sample::Index),
    Replace(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Insert),
        3 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => any::<prop::sample::Index>().prop_map(Step::Replace),
    ]
}

proptest! {
    /// Hashes that collide in all ways: equal ones, ones with equal tags, ones that belong in the last slots.
    #[test]
    fn behaves_as_a_map(
        steps in prop::collection::vec(step(), 0..400),
        hashes in prop::collection::vec(
            prop_oneof![any::<u64>(), Just(7), Just(u64::MAX), (0..4_u64).prop_map(|low| u64::MAX << 33 | low)],
            400,
        ),
    ) {
        let (mut index, mut model) = (RowIndex::default(), BTreeMap::<RowRef, u64>::new());
        let mut numbers = 0_u32..;
        let mut hashes = hashes.into_iter().cycle();
        for step in steps {
            let picked = |picked: prop::sample::Index, model: &BTreeMap<RowRef, u64>| {
                (!model.is_empty()).then(|| model.iter().nth(picked.index(model.len())).map(|(row, hash)| (*row, *hash)))
            };
            match step {
                Step::Insert => {
                    let (row, hash) = (row(numbers.next().unwrap()), hashes.next().unwrap());
                    index.insert(hash, row);
                    model.insert(row, hash);
                }
                Step::Remove(which) => {
                    if let Some(Some((row, hash))) = picked(which, &model) {
                        index.remove(hash, row);
                        model.remove(&row);
                    }
                }
                Step::Replace(which) => {
                    if let Some(Some((old, hash))) = picked(which, &model) {
                        let new = row(numbers.next().unwrap());
                        index.replace(hash, old, new);
                        model.remove(&old);
                        model.insert(new, hash);
                    }
                }
            }
            prop_assert_eq!(index.used, model.len());
            prop_assert_eq!(index.slots.iter().filter(|slot| **slot != 0).count(), model.len());
        }
        for (row, hash) in &model {
            prop_assert_eq!(index.find(*hash, |found| found == *row), Some(*row));
        }
        let mut shown = BTreeSet::new();
        index.find(7, |row| !shown.insert(row));
        let expected = model.iter().filter(|(_, hash)| **hash >> 32 == 0).map(|(row, _)| *row).collect();
        prop_assert_eq!(shown, expected);
    }
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    let mut index = RowIndex::default();
    index.insert(1, row(1));
    index.remove(1, row(2));
    index.replace(2 << 32, row(1), row(3));
    assert_eq!(index.candidate(1), Some(row(1)));
    index.remove(1, row(1));
    assert_eq!(index.candidate(1), None);
}
