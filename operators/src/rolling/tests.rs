use std::cmp::Ordering;
use std::convert::Infallible;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::{DEFAULT_MAX_PARALLELISM, KeyGroups, Timestamp, stable_hash};

use super::RollingFunction;
use super::count::Count;
use super::extreme::BestValue;
use super::reduce::Reduce;
use super::rolling_operator::RollingOperator;

const GROUPS: u32 = DEFAULT_MAX_PARALLELISM;

fn rolling<F: RollingFunction<u64, i64>>(
    function: F,
    subtask: u32,
    parallelism: u32,
) -> RollingOperator<u64, i64, F> {
    let groups = KeyGroups::new(GROUPS);
    RollingOperator::new(function, groups, groups.range_of(subtask, parallelism))
}

#[test]
fn every_record_yields_the_value_so_far_with_its_timestamp() {
    let mut harness =
        OperatorHarness::new(rolling(Reduce(|sum: i64, n: i64| Ok::<_, Infallible>(sum + n)), 0, 1)).unwrap();
    harness.push((1, 5), Timestamp::MIN).unwrap();
    harness.push_at((2, 7), 20).unwrap();
    harness.push_at((1, 6), 30).unwrap();
    let at = Timestamp::from_millis;
    assert_eq!(harness.take_timed(), [(5, Timestamp::MIN), (7, at(20)), (11, at(30))]);
}

#[test]
fn counts_go_on_after_a_restore_and_forget_what_came_after_the_snapshot() {
    let mut before = OperatorHarness::new(rolling(Count, 0, 1)).unwrap();
    before.push_all([(1, 0), (2, 0), (1, 0)]).unwrap();
    let snapshot = before.snapshot(1).unwrap();
    before.push_all([(1, 0)]).unwrap();
    assert_eq!(before.take_records(), [(1, 1), (2, 1), (1, 2), (1, 3)]);

    let mut after = OperatorHarness::restore(rolling(Count, 0, 1), &snapshot).unwrap();
    after.push_all([(1, 0), (3, 0)]).unwrap();
    assert_eq!(after.take_records(), [(1, 3), (3, 1)]);
}

#[test]
fn counts_move_with_their_keys_when_the_parallelism_changes() {
    let groups = KeyGroups::new(GROUPS);
    let owner = |key: u64, parallelism| groups.owner(groups.of_hash(stable_hash(&key)), parallelism);
    let keys = 0..500_u64;
    let snapshots: Vec<_> = (0..2)
        .map(|subtask| {
            let setup = HarnessSetup::new().subtask(subtask, 2);
            let mut harness = OperatorHarness::with(setup, rolling(Count, subtask, 2)).unwrap();
            harness
                .push_all(keys.clone().filter(|key| owner(*key, 2) == subtask).map(|key| (key, 0)))
                .unwrap();
            harness.snapshot(1).unwrap()
        })
        .collect();
    for subtask in 0..3 {
        let setup = HarnessSetup::new().subtask(subtask, 3).restore(&snapshots);
        let mut harness = OperatorHarness::with(setup, rolling(Count, subtask, 3)).unwrap();
        let own: Vec<_> = keys.clone().filter(|key| owner(*key, 3) == subtask).collect();
        harness.push_all(own.iter().map(|key| (*key, 0))).unwrap();
        assert_eq!(harness.take_records(), own.into_iter().map(|key| (key, 2)).collect::<Vec<_>>());
    }
}

#[test]
fn a_key_of_another_subtask_is_an_error() {
    let mut harness =
        OperatorHarness::with(HarnessSetup::new().subtask(0, 128), rolling(Count, 0, 128)).unwrap();
    let error = harness.push_all((0..100).map(|key| (key, 0))).unwrap_err();
    assert!(error.to_string().contains("`Hash`"), "{error}");
}

#[test]
fn nan_gives_way_to_numbers() {
    let groups = KeyGroups::new(GROUPS);
    let smallest = BestValue { field: |n: &f64| *n, wanted: Ordering::Less };
    let operator = RollingOperator::new(smallest, groups, groups.range_of(0, 1));
    let mut harness = OperatorHarness::new(operator).unwrap();
    harness.push_all([f64::NAN, 2.0, f64::NAN, 3.0, 1.0].map(|n| (0_u8, n))).unwrap();
    let lowest: Vec<_> = harness.take_records().into_iter().map(|(_, lowest)| lowest).collect();
    assert!(lowest[0].is_nan());
    assert_eq!(lowest[1..], [2.0, 2.0, 2.0, 1.0]);
}

#[test]
fn a_count_over_many_keys_is_that_over_few() {
    let mut harness = OperatorHarness::new(rolling(Count, 0, 1)).unwrap();
    let keys: Vec<u64> = (0..3).flat_map(|_| 0..200_000).collect();
    for some in keys.chunks(1000) {
        harness.push_all(some.iter().map(|key| (*key, 0))).unwrap();
    }
    let mut seen = std::collections::HashMap::new();
    let expected: Vec<_> = keys
        .iter()
        .map(|key| {
            let count = seen.entry(*key).or_insert(0_u64);
            *count += 1;
            (*key, *count)
        })
        .collect();
    assert_eq!(harness.take_records(), expected);
}
