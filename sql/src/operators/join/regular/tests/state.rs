//! What is kept, for how long, and by whom.

use std::time::Duration;

use millstream_state::KeyGroups;
use millstream_state::rows::Ttl;

use super::*;
use crate::chunk::KeyLayout;

#[test]
fn rows_that_have_expired_are_not_met() {
    let mut specification = specification(JoinKind::Left, Known::ById, false, false);
    specification.right.ttl = Some(Ttl { seconds: 10 });
    let mut harness = open(&specification);
    push(&mut harness, Input::Right, &["+I[1, 20, x]"]);
    harness.advance(Duration::from_secs(5)).unwrap();
    push(&mut harness, Input::Left, &["+I[1, 10, a]"]);
    harness.advance(Duration::from_secs(6)).unwrap();
    push(&mut harness, Input::Left, &["+I[1, 11, b]"]);
    assert_eq!(take(&harness, JoinKind::Left), ["+I[1, 10, a, 1, 20, x]", "+I[1, 11, b, null, null, null]"]);
}

#[test]
fn rows_whose_key_is_null_are_not_kept() {
    let mut harness = open(&specification(JoinKind::Full, Known::Appended, false, false));
    push(&mut harness, Input::Left, &["+I[null, 1, a]"]);
    push(&mut harness, Input::Right, &["+I[null, 2, b]", "+I[7, 3, c]"]);
    assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), 1);
}

#[test]
fn each_subtask_restores_the_rows_of_its_keys() {
    let groups = KeyGroups::new(128);
    let specification = specification(JoinKind::Inner, Known::Counted, false, false);
    let mut harness = open(&specification);
    let lefts: Vec<_> = (0..40).map(|key| format!("+I[{key}, 1, a]")).collect();
    push(&mut harness, Input::Left, &lefts);
    let snapshot = harness.snapshot(1).unwrap();
    let layout = KeyLayout::new(vec![0], vec![input().field(0)]);
    let mut joined = 0;
    for subtask in 0..2 {
        let setup = HarnessSetup::new().subtask(subtask, 2).restore([&snapshot]);
        let mut harness = Joins::with(setup, Join::new(&specification)).unwrap();
        for key in 0..40 {
            let right = chunk(&input(), &[format!("+I[{key}, 2, b]")]);
            let mut hashes = Vec::new();
            layout.hash(right.columns(), 1, &mut hashes).unwrap();
            if groups.owner(groups.of_hash(hashes[0]), 2) == subtask {
                harness.push_second(right, Timestamp::MIN).unwrap();
                assert_eq!(take(&harness, JoinKind::Inner), [format!("+I[{key}, 1, a, {key}, 2, b]")]);
                joined += 1;
            }
        }
    }
    assert_eq!(joined, 40);
}

#[test]
fn a_snapshot_of_rows_that_are_known_otherwise_is_refused() {
    let mut harness = open(&specification(JoinKind::Inner, Known::ById, false, false));
    push(&mut harness, Input::Left, &["+I[1, 1, a]"]);
    let snapshot = harness.snapshot(1).unwrap();
    let other = specification(JoinKind::Inner, Known::Counted, false, false);
    assert!(Joins::restore(Join::new(&other), &snapshot).is_err());
}

#[test]
fn state_does_not_grow_with_rows_that_have_expired() {
    for known in [Known::Appended, Known::ById, Known::Counted] {
        let mut specification = specification(JoinKind::Inner, known, false, false);
        (specification.left.ttl, specification.right.ttl) =
            (Some(Ttl { seconds: 10 }), Some(Ttl { seconds: 20 }));
        let mut harness = open(&specification);
        let mut most = 0;
        for second in 0..100 {
            let rows: Vec<_> = (0..100).map(|row| format!("+I[{second}, {row}, a]")).collect();
            for input in [Input::Left, Input::Right] {
                push(&mut harness, input, &rows);
            }
            harness.advance(Duration::from_secs(1)).unwrap();
            most = most.max(harness.snapshot(second).unwrap().keyed_entries());
        }
        // Of one input, rows of ten seconds are alive; of the other, of twenty.
        assert!((3_000..9_000).contains(&most), "{known:?}: {most}");
    }
}

#[test]
fn rows_that_begin_to_expire_count_as_written_when_they_are_restored() {
    let mut specification = specification(JoinKind::Inner, Known::ById, false, false);
    let mut harness = open(&specification);
    push(&mut harness, Input::Right, &["+I[1, 20, x]"]);
    let snapshot = harness.snapshot(1).unwrap();
    specification.right.ttl = Some(Ttl { seconds: 10 });
    let setup = HarnessSetup::new().clock(Duration::from_secs(1_000)).restore([&snapshot]);
    let mut harness = Joins::with(setup, Join::new(&specification)).unwrap();
    for expected in [vec!["+I[1, 10, a, 1, 20, x]"], vec![]] {
        harness.advance(Duration::from_secs(9)).unwrap();
        push(&mut harness, Input::Left, &["+I[1, 10, a]"]);
        assert_eq!(take(&harness, JoinKind::Inner), expected);
    }
}
