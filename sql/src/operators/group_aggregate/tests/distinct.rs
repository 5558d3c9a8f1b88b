//! DISTINCT with filters, against sets of the values that are there.

use std::collections::BTreeMap;

use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;
use proptest::prelude::*;

use crate::operators::{GroupAggregate, GroupAggregateSpecification};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::test_support::{chunk, rows, schema};
use crate::types::{Field, NamedField, Schema, SqlType};

fn input() -> Schema {
    schema(&[("k", "STRING"), ("number", "INT"), ("text", "STRING"), ("holds", "BOOLEAN")])
}

fn distinct(function: AggregateFunction, arguments: &[usize], filter: Option<usize>) -> AggregateCall {
    let fields: Vec<Field> = arguments.iter().map(|argument| input().field(*argument)).collect();
    let field = function.infer(&fields, true).unwrap();
    AggregateCall { function, arguments: arguments.to_vec(), distinct: true, filter, field }
}

fn calls() -> Vec<AggregateCall> {
    use AggregateFunction::{Count, Sum};
    let all = AggregateCall { arguments: vec![], distinct: false, ..distinct(Count, &[1], None) };
    vec![
        all,
        distinct(Count, &[1], None),
        distinct(Count, &[1], Some(3)),
        distinct(Sum, &[1], None),
        distinct(Count, &[2], Some(3)),
        distinct(Count, &[1, 2], None),
    ]
}

fn output() -> Schema {
    let results = calls().into_iter().map(|call| NamedField::new("r", call.field));
    std::iter::once(NamedField::new("k", Field::nullable(SqlType::STRING))).chain(results).collect()
}

fn aggregate(retracts: bool) -> GroupAggregate {
    GroupAggregate::new(&GroupAggregateSpecification::new(&[0], &calls(), &input(), retracts, true).unwrap())
}

type Row = (Option<i32>, Option<String>, Option<bool>);

fn line(key: &str, there: &[Row]) -> String {
    fn count<T: Ord>(values: impl Iterator<Item = T>) -> usize {
        values.collect::<std::collections::BTreeSet<_>>().len()
    }
    let numbers = || there.iter().filter_map(|(number, ..)| *number);
    let filtered = || there.iter().filter(|(.., holds)| *holds == Some(true));
    let set: std::collections::BTreeSet<i32> = numbers().collect();
    let sum = if set.is_empty() { "null".to_owned() } else { set.iter().sum::<i32>().to_string() };
    format!(
        "[{key}, {}, {}, {}, {sum}, {}, {}]",
        there.len(),
        count(numbers()),
        count(filtered().filter_map(|(number, ..)| *number)),
        count(filtered().filter_map(|(_, text, _)| text.clone())),
        count(there.iter().filter_map(|(number, text, _)| Some(((*number)?, text.clone()?)))),
    )
}

fn text_of(key: &str, (number, text, holds): &Row) -> String {
    fn or_null<T: ToString>(value: Option<&T>) -> String {
        value.map_or_else(|| "null".to_owned(), T::to_string)
    }
    format!("[{key}, {}, {}, {}]", or_null(number.as_ref()), or_null(text.as_ref()), or_null(holds.as_ref()))
}

/// What a row does: the group, the row, and, if it is above 0, that the row with this number (by remainder) goes.
type Step = (String, Row, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = proptest::option::weighted(0.9, -2..3_i32);
    let text = proptest::option::weighted(0.9, "[ab]{1,2}");
    let holds = proptest::option::weighted(0.9, any::<bool>());
    proptest::collection::vec(("[xy]", (number, text, holds), 0..6_usize), 1..80)
}

fn check(steps: &[Step], cuts: [usize; 2], retracts: bool) {
    let mut groups: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let (mut input_rows, mut expected) = (Vec::new(), Vec::new());
    for (key, row, remove) in steps {
        let there = groups.entry(key).or_default();
        let (had_rows, before) = (!there.is_empty(), line(key, there));
        let goes = retracts && *remove > 2 && had_rows;
        let row = if goes { there.remove(remove % there.len()) } else { row.clone() };
        input_rows.push(format!("{}{}", if goes { "-D" } else { "+I" }, text_of(key, &row)));
        if !goes {
            there.push(row);
        }
        let after = line(key, there);
        match (had_rows, !there.is_empty()) {
            (false, _) => expected.push(format!("+I{after}")),
            (_, false) => expected.push(format!("-D{before}")),
            _ => expected.extend([format!("-U{before}"), format!("+U{after}")]),
        }
    }
    let [first, second] = cuts.map(|cut| cut.min(input_rows.len()));
    let (first, second) = (first.min(second), first.max(second));
    let mut harness = OperatorHarness::new(aggregate(retracts)).unwrap();
    let mut chunks = Vec::new();
    for (checkpoint, part) in [(1, 0..first), (2, first..second), (3, second..input_rows.len())] {
        if !part.is_empty() {
            harness.push(chunk(&input(), &input_rows[part]), Timestamp::MIN).unwrap();
        }
        chunks.extend(harness.take_records());
        let snapshot = harness.snapshot(checkpoint).unwrap();
        harness = OperatorHarness::restore(aggregate(retracts), &snapshot).unwrap();
    }
    assert_eq!(rows(&output(), &chunks), expected);
    if groups.values().all(Vec::is_empty) {
        assert_eq!(harness.snapshot(4).unwrap().keyed_entries(), 0, "what groups kept goes with them");
    }
}

proptest! {
    #[test]
    fn equal_arguments_count_once(steps in steps(), cuts in [0..80_usize, 0..80_usize]) {
        check(&steps, cuts, true);
    }

    #[test]
    fn equal_arguments_of_rows_that_stay_count_once(steps in steps(), cuts in [0..80_usize, 0..80_usize]) {
        check(&steps, cuts, false);
    }
}

/// Two calls with the same arguments and filter share what is kept, and each counts a value.
#[test]
fn calls_that_share_arguments_do_not_count_them_for_each_other() {
    let row = |number| (Some(number), Some("a".to_owned()), None);
    check(&[("x".to_owned(), row(1), 0), ("x".to_owned(), row(2), 0)], [0, 0], false);
    check(&[("x".to_owned(), row(1), 0), ("x".to_owned(), row(2), 0)], [0, 0], true);
}

/// What an ended group had seen is nothing to a later one of the same key, also behind a restore.
#[test]
fn a_group_that_begins_again_has_seen_nothing() {
    let row = || (Some(1), Some("a".to_owned()), Some(true));
    let steps = [("x".to_owned(), row(), 0), ("x".to_owned(), row(), 3), ("x".to_owned(), row(), 0)];
    check(&steps, [2, 2], true);
    check(&steps, [1, 2], true);
}

/// Rows that a filter keeps out leave nothing in the state.
#[test]
fn arguments_that_do_not_count_are_not_kept() {
    let calls = [distinct(AggregateFunction::Count, &[1], Some(3))];
    for retracts in [false, true] {
        let specification = GroupAggregateSpecification::new(&[0], &calls, &input(), retracts, true).unwrap();
        let mut harness = OperatorHarness::new(GroupAggregate::new(&specification)).unwrap();
        let rows = ["+I[x, 1, a, false]", "+I[x, 2, a, null]", "+I[x, null, a, true]", "+I[x, 3, a, true]"];
        harness.push(chunk(&input(), &rows), Timestamp::MIN).unwrap();
        assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), 2, "the group, and one number");
    }
}
