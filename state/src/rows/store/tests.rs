use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rows::test_support::{
    GROUPS, INITIAL, Keys, Model, apply, content, find_one, kind, number_of, steps, store, store_over, upsert,
};
use crate::rows::{BytesColumn, KeyColumn, KeyKind};
use crate::stable_hash;

proptest! {
    #[test]
    fn behaves_as_a_map(steps in steps(), kind in kind()) {
        let mut store = store(RowLayout::new(kind, &INITIAL, RowsPerKey::One));
        let mut model = Model::new();
        for step in &steps {
            apply(step, &mut store, &mut model);
        }
        prop_assert_eq!(content(&store), model);
    }
}

fn counts() -> RowStore {
    store(RowLayout::new(KeyKind::U64, &0_u64.to_le_bytes(), RowsPerKey::One))
}

#[test]
fn many_keys_are_counted_and_removed() {
    let mut store = counts();
    let numbers: Vec<u64> = (0..20_000).map(|number| stable_hash(&number) % 5_000).collect();
    let mut expected = BTreeMap::<u64, u64>::new();
    for batch in numbers.chunks(1_000) {
        for (number, entry) in batch.iter().zip(upsert(&mut store, batch)) {
            let count = store.fixed_mut(entry.row);
            let next = u64::from_le_bytes((&*count).try_into().unwrap()) + 1;
            count.copy_from_slice(&next.to_le_bytes());
            *expected.entry(*number).or_default() += 1;
        }
    }
    let counted = |store: &RowStore| {
        let rows = store
            .rows()
            .map(|row| (number_of(store, row), u64::from_le_bytes(store.fixed(row).try_into().unwrap())));
        rows.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(counted(&store), expected);
    let full = store.bytes();
    for number in (0..5_000).filter(|number| number % 10 > 0) {
        if let Some(row) = find_one(&store, number) {
            store.remove(row);
            expected.remove(&number);
        }
    }
    // A tenth is left on each page, which a sweep brings together.
    assert_eq!(store.sweep(usize::MAX).unwrap(), 0);
    assert_eq!(counted(&store), expected);
    assert!(store.pages.bytes() * 5 < full, "{} of {full} bytes", store.pages.bytes());
    for number in 0..5_000 {
        assert_eq!(find_one(&store, number).is_some(), expected.contains_key(&number));
    }
}

#[test]
fn what_was_removed_is_used_again() {
    let mut store = counts();
    let numbers: Vec<u64> = (0..1_000).collect();
    upsert(&mut store, &numbers);
    let bytes = store.bytes();
    for round in 0..10 {
        for number in &numbers {
            let row = find_one(&store, *number + 1_000 * round).unwrap();
            store.remove(row);
        }
        let next: Vec<u64> = numbers.iter().map(|number| number + 1_000 * (round + 1)).collect();
        upsert(&mut store, &next);
    }
    assert_eq!(store.bytes(), bytes);
}

#[test]
fn large_rows_have_pages_of_their_own() {
    let mut store = counts();
    let row = upsert(&mut store, &[1])[0].row;
    let small = store.pages.bytes();
    let text: Vec<u8> = (0..1_000_000_u32).map(|at| at as u8).collect();
    let row = store.replace(row, &text).unwrap();
    assert_eq!(store.variable(row), text);
    assert_eq!(store.fixed(row), [0; 8]);
    assert!((text.len()..text.len() * 6 / 5).contains(&(store.pages.bytes() - small)));
    // There is room for a little more.
    let longer = [&text[..], b"more"].concat();
    assert_eq!(store.replace(row, &longer).unwrap(), row);
    let row = store.replace(row, b"short").unwrap();
    assert_eq!(store.variable(row), b"short");
    assert_eq!(find_one(&store, 1), Some(row));
    assert_eq!(store.pages.bytes(), small, "the large page was given back");
}

#[test]
fn what_does_not_fit_the_store_is_refused() {
    let mut one = counts();
    let (keys, mut out) = (Keys::of(&[1, 2]), Vec::new());
    for (hashes, column) in
        [(keys.hashes(), keys.column(KeyKind::Bytes)), (&keys.hashes()[..1], keys.column(KeyKind::U64))]
    {
        let error = one.upsert(hashes, &column, &mut out).unwrap_err().to_string();
        assert!(
            error.contains("state `rows`") && error.contains("to a store with keys of kind U64"),
            "{error}"
        );
    }
    let none = BytesColumn { offsets: &[0], data: &[] };
    assert!(one.append(keys.hashes(), &keys.column(KeyKind::U64), none, &mut Vec::new()).is_err());

    let mut bytes = store(RowLayout::new(KeyKind::Bytes, &[], RowsPerKey::One));
    for offsets in [&[0, 1, 4][..], &[0, 3, 1]] {
        let column = KeyColumn::Bytes(BytesColumn { offsets, data: b"abc" });
        let error = bytes.upsert(&[1, 2], &column, &mut out).unwrap_err().to_string();
        assert!(error.contains("offsets beyond its data"), "{error}");
    }

    let mut elsewhere = store_over(KeyGroupRange::new(2, 4), counts().layout);
    for number in 0..50_u64 {
        let hash = stable_hash(&number);
        let ours = (2..4).contains(&KeyGroups::new(GROUPS).of_hash(hash).index());
        let upserted = elsewhere.upsert(&[hash], &KeyColumn::U64(&[number]), &mut Vec::new());
        assert_eq!(upserted.is_ok(), ours);
        if let Err(error) = upserted {
            assert!(error.to_string().contains("came to the subtask that owns 2..4"), "{error}");
        }
    }
}

#[test]
fn a_row_that_is_gone_is_no_longer_there() {
    let mut store = counts();
    let row = upsert(&mut store, &[1, 2])[0].row;
    store.remove(row);
    store.remove(row);
    assert_eq!(store.len(), 1);
    let error = store.replace(row, b"").unwrap_err().to_string();
    assert!(error.contains("after it had been removed"), "{error}");
    let beyond = RowRef::new(1_000, 0).unwrap();
    assert!(store.fixed_mut(beyond).is_empty() && store.key(beyond).is_empty());
    store.remove(beyond);
    assert_eq!(content(&store).into_keys().collect::<Vec<_>>(), [2]);
}
