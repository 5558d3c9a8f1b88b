//! Mini-batch that is switched on or off between a savepoint and what goes on from it: state is the same with and without.

use std::sync::Arc;

use object_store::memory::InMemory;

use super::committed_again;
use super::operators::{OPERATORS, Operator};
use super::story::{Part, Place, fold, run, try_run_set};

const MINI_BATCH: [(&str, &str); 3] = [
    ("table.exec.mini-batch.enabled", "true"),
    ("table.exec.mini-batch.allow-latency", "10 ms"),
    ("table.exec.mini-batch.size", "7"),
];

/// What the changes of a query add up to that is stopped twice, with mini-batch in the parts that say so.
fn switched(operator: &Operator, on: [bool; Part::PARTS]) -> Vec<String> {
    let store = Arc::new(InMemory::new());
    let savepoint =
        |number: usize| (1..Part::PARTS).contains(&number).then(|| Place::Memory(store.clone(), number));
    let mut changes = Vec::new();
    for (number, on) in on.into_iter().enumerate() {
        let settings = if on { &MINI_BATCH[..] } else { &[] };
        let (before, behind) = (savepoint(number), savepoint(number + 1));
        let part = Part::between(number, number + 1);
        let committed = try_run_set(settings, &[operator], part, 2, before.as_ref(), behind.as_ref());
        let committed = committed.unwrap_or_else(|error| panic!("{} {on}: {error}", operator.name)).concat();
        let again = committed_again(&changes, &committed);
        changes.extend(committed.into_iter().skip(again));
    }
    fold(operator, &changes)
}

/// The first row by event time waits for the watermark where there are no bundles, and is replaced by earlier ones where
/// there are: that is not the same state.
const DIFFERENT: &str = "first_row_by_time";

#[test]
fn mini_batch_is_switched_on_and_off_over_savepoints() {
    for operator in OPERATORS.iter().filter(|operator| operator.name != DIFFERENT) {
        let expected = fold(operator, &run(&[operator], Part::WHOLE, 2, None, None).concat());
        for on in [[false, true, false], [true, false, true]] {
            assert_eq!(switched(operator, on), expected, "{} {on:?}", operator.name);
        }
    }
}

#[test]
fn a_state_that_mini_batch_has_otherwise_is_refused() {
    let operator = OPERATORS.iter().find(|operator| operator.name == DIFFERENT).unwrap();
    for (before, after) in [(&[][..], &MINI_BATCH[..]), (&MINI_BATCH[..], &[])] {
        let savepoint = Place::Memory(Arc::new(InMemory::new()), 1);
        try_run_set(before, &[operator], Part::between(0, 1), 2, None, Some(&savepoint)).unwrap();
        let part = Part::between(1, Part::PARTS);
        let error = try_run_set(after, &[operator], part, 2, Some(&savepoint), None).unwrap_err();
        assert!(
            error.to_string().contains("the snapshot holds state that the operator no longer has"),
            "{error}"
        );
    }
}
