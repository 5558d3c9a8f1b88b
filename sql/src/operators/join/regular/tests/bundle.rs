//! Mini-batch: fewer changes, and the same rows in the end.

use std::collections::BTreeMap;

use millstream_state::Timestamp;
use proptest::prelude::*;

use super::{
    Input, Join, JoinKind, Joins, KNOWN, Known, Reference, chunks, history, open, push, specification, steps,
    take,
};

/// What is left of changes.
fn fold(changes: &[String]) -> BTreeMap<String, i64> {
    let mut left = BTreeMap::new();
    for change in changes {
        let (kind, row) = change.split_at(2);
        *left.entry(row.to_owned()).or_default() += if kind.starts_with('+') { 1 } else { -1 };
    }
    left.retain(|_, count| *count != 0);
    left
}

const KINDS: [JoinKind; 4] = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_left_is_what_is_left_of_the_exact_join(
        steps in steps(),
        kind in prop::sample::select(&KINDS[..]),
        known in prop::sample::select(&KNOWN[..]),
        null_safe: bool,
        has_residual: bool,
        size in 1_u64..12,
        restored_at in 0_usize..8,
        marked_at in 0_usize..8,
    ) {
        let bundled = specification(kind, known, null_safe, has_residual).collecting(Some(size));
        let mut harness = open(&bundled);
        let mut reference = Reference::new(kind, known, null_safe, has_residual);
        let (mut expected, mut actual) = (Vec::new(), Vec::new());
        for (index, steps) in steps.iter().enumerate() {
            let changes = history(steps, &mut reference);
            for (input, texts) in chunks(&changes) {
                push(&mut harness, input, &texts);
            }
            expected.extend(changes.into_iter().flat_map(|(_, _, expected)| expected));
            if index == marked_at {
                harness.watermark(Timestamp::from_millis(1)).unwrap();
                actual.extend(take(&harness, kind));
                prop_assert_eq!(fold(&actual), fold(&expected));
            }
            if index == restored_at {
                let snapshot = harness.snapshot(1).unwrap();
                actual.extend(take(&harness, kind));
                prop_assert_eq!(fold(&actual), fold(&expected), "no row is in a bundle when a barrier passes");
                harness = Joins::restore(Join::new(&bundled), &snapshot).unwrap();
            }
        }
        harness.end_of_data().unwrap();
        actual.extend(take(&harness, kind));
        prop_assert_eq!(fold(&actual), fold(&expected));
    }
}

/// What is left of changes that replace each other, by the values of both rows in their first columns, so many.
fn fold_upserts(columns: usize, changes: &[String], into: &mut BTreeMap<(String, String), String>) {
    for change in changes {
        let (kind, row) = change.split_at(2);
        let values: Vec<&str> = row.trim_matches(['[', ']']).split(", ").collect();
        let key = (values[..columns].join(","), values[3..3 + columns].join(","));
        if kind.starts_with('+') {
            into.insert(key, row.to_owned());
        } else {
            into.remove(&key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_left_of_upserts_is_what_is_left_of_the_exact_join(
        steps in steps(),
        kind in prop::sample::select(&KINDS[..]),
        known in prop::sample::select(&[Known::ById, Known::ByKey][..]),
        size in 1_u64..12,
    ) {
        let make = |size| {
            let mut specification = specification(kind, known, false, false);
            specification.left.upserts = true;
            specification.right.upserts = true;
            open(&specification.collecting(size))
        };
        let (mut exact, mut bundled) = (make(None), make(Some(size)));
        let mut reference = Reference::new(kind, known, false, false);
        let (mut expected, mut actual) = (BTreeMap::new(), BTreeMap::new());
        for (index, steps) in steps.iter().enumerate() {
            let changes = history(steps, &mut reference);
            // NULL is no key by which rows are known.
            let is_known = |text: &str| known == Known::ById || !text.contains("[null");
            let changes = changes.into_iter().filter(|(_, text, _)| !text.starts_with("-U") && is_known(text));
            let changes: Vec<_> = changes.collect();
            for (input, texts) in chunks(&changes) {
                push(&mut exact, input, &texts);
                push(&mut bundled, input, &texts);
            }
            bundled.watermark(Timestamp::from_millis(i64::try_from(index).unwrap())).unwrap();
            // Rows are known by columns among which are those of the join.
            let columns = if known == Known::ById { 2 } else { 1 };
            fold_upserts(columns, &take(&exact, kind), &mut expected);
            fold_upserts(columns, &take(&bundled, kind), &mut actual);
            prop_assert_eq!(&actual, &expected);
        }
    }
}

#[test]
fn an_update_that_is_deleted_in_the_same_bundle_does_not_bring_the_row_back() {
    let mut specification = specification(JoinKind::Inner, Known::ById, false, false);
    specification.left.upserts = true;
    let mut harness = open(&specification.collecting(Some(2)));
    push(&mut harness, Input::Left, &["+I[1, 1, a]"]);
    push(&mut harness, Input::Right, &["+I[1, 10, x]"]);
    assert_eq!(take(&harness, JoinKind::Inner), ["+I[1, 1, a, 1, 10, x]"]);
    push(&mut harness, Input::Left, &["+U[1, 1, b]", "-D[1, 1, b]"]);
    assert_eq!(take(&harness, JoinKind::Inner), ["+U[1, 1, b, 1, 10, x]", "-D[1, 1, b, 1, 10, x]"]);
}

/// The changes of an inner join whose right input has one row for each key, and whose left input has these changes in
/// one bundle.
fn folded(known: Known, changes: &[&str]) -> Vec<String> {
    let mut harness = open(&specification(JoinKind::Inner, known, false, false).collecting(Some(100)));
    push(&mut harness, Input::Right, &["+I[1, 10, x]", "+I[2, 20, x]"]);
    push(&mut harness, Input::Left, &["+I[2, 1, old]"]);
    harness.watermark(Timestamp::from_millis(1)).unwrap();
    take(&harness, JoinKind::Inner);
    push(&mut harness, Input::Left, changes);
    harness.end_of_data().unwrap();
    take(&harness, JoinKind::Inner)
}

#[test]
fn changes_that_take_each_other_back_are_gone() {
    let changes = ["+I[1, 1, a]", "-U[1, 1, a]", "+U[1, 1, b]", "-D[1, 1, b]"];
    for known in [Known::Counted, Known::ById, Known::ByKey] {
        assert_eq!(folded(known, &changes), Vec::<String>::new(), "{known:?}");
        assert_eq!(folded(known, &changes[..3]).len(), 1, "{known:?}");
    }
    // Where there is one row for each key, an insertion that is changed is one still.
    assert_eq!(folded(Known::ByKey, &changes[..3]), ["+I[1, 1, b, 1, 10, x]"]);
    assert_eq!(folded(Known::ById, &changes[..3]), ["+U[1, 1, b, 1, 10, x]"]);
    let update = ["-U[2, 1, old]", "+U[2, 1, a]", "-U[2, 1, a]", "+U[2, 1, b]"];
    for known in [Known::Counted, Known::ById, Known::ByKey] {
        assert_eq!(folded(known, &update), ["-U[2, 1, old, 2, 20, x]", "+U[2, 1, b, 2, 20, x]"], "{known:?}");
    }
}

#[test]
fn a_bundle_counts_the_rows_of_both_inputs() {
    let mut harness = open(&specification(JoinKind::Left, Known::Appended, false, false).collecting(Some(3)));
    push(&mut harness, Input::Left, &["+I[1, 1, a]", "+I[2, 2, b]"]);
    assert_eq!(take(&harness, JoinKind::Left), Vec::<String>::new());
    push(&mut harness, Input::Right, &["+I[1, 3, c]", "+I[2, 4, d]"]);
    // The right input is worked on first: no left row of the same bundle is alone for a while.
    assert_eq!(take(&harness, JoinKind::Left), ["+I[2, 2, b, null, null, null]", "+I[1, 1, a, 1, 3, c]"]);
    harness.watermark(Timestamp::from_millis(1)).unwrap();
    assert_eq!(take(&harness, JoinKind::Left), ["-D[2, 2, b, null, null, null]", "+I[2, 2, b, 2, 4, d]"]);
}
