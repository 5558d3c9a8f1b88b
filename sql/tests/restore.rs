//! Every operator that keeps state, stopped with a savepoint and going on from it with other numbers of subtasks: what comes
//! out in all is what comes out of a run that nothing disturbs.

mod edits;
mod fixtures;
mod mini_batch;
mod operators;
mod story;

use std::sync::Arc;

use object_store::memory::InMemory;

use operators::OPERATORS;
use story::{Part, Place, fold, run};

#[test]
fn operators_go_on_from_savepoints_at_other_parallelisms() {
    for operator in OPERATORS {
        let one = &[operator];
        let expected = fold(operator, &run(one, Part::WHOLE, 2, None, None).concat());
        assert!(!expected.is_empty(), "{}: nothing comes out", operator.name);
        let store = Arc::new(InMemory::new());
        let savepoint =
            |number: usize| (1..Part::PARTS).contains(&number).then(|| Place::Memory(store.clone(), number));
        let (mut changes, mut forgetful) = (Vec::new(), Vec::new());
        for (number, parallelism) in [1, 3, 2].into_iter().enumerate() {
            let part = Part::between(number, number + 1);
            let (before, behind) = (savepoint(number), savepoint(number + 1));
            let committed = run(one, part, parallelism, before.as_ref(), behind.as_ref()).concat();
            let again = committed_again(&changes, &committed);
            changes.extend(committed.into_iter().skip(again));
            forgetful.extend(run(one, part.alone(), parallelism, None, None).concat());
        }
        assert_eq!(fold(operator, &changes), expected, "{}", operator.name);
        // What is sorted only waits, and nobody sees that it is not in order across savepoints.
        if operator.name != "sort_by_time" {
            let found = fold(operator, &forgetful);
            assert_ne!(found, expected, "{}: it would do without state", operator.name);
        }
    }
}

/// How many of the first changes that a job has committed were there before: what is in its savepoint and was not known to
/// be committed is committed again.
fn committed_again(before: &[String], committed: &[String]) -> usize {
    let sorted = |changes: &[String]| {
        let mut sorted = changes.to_vec();
        sorted.sort();
        sorted
    };
    let is_again = |count: &usize| {
        let (of_before, of_committed) = (before.len().checked_sub(*count), committed.get(..*count));
        of_before.zip(of_committed).is_some_and(|(from, again)| sorted(&before[from..]) == sorted(again))
    };
    (0..=before.len()).rev().find(is_again).unwrap_or_default()
}
