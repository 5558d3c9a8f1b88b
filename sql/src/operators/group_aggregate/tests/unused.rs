//! What no group needs is not kept.

use super::*;

#[test]
fn arguments_that_do_not_count_are_not_kept() {
    let calls = [distinct_call(AggregateFunction::Count, NUMBER, Some(FLAG))];
    for retracts in [false, true] {
        let mut harness = open(HarnessSetup::new(), &specification(&[0], &calls, retracts, None));
        let rows: Vec<_> = (0..100).map(|number| format!("+I[1, a, {number}, {}]", number == 7)).collect();
        push(&mut harness, &rows);
        push(&mut harness, &["+I[1, a, null, true]"]);
        assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), 2, "the group, and one argument");
    }
}
