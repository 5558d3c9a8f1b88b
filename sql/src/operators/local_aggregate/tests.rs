//! Exact, in bundles, and in two phases: the same groups in the end, whatever bundles rows fall into.

use std::collections::BTreeMap;

use millstream_runtime::chain::Operator;
use millstream_runtime::testing::{HarnessSnapshot, OperatorHarness};
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::LocalGroupAggregate;
use crate::chunk::Chunk;
use crate::operators::{GroupAggregate, GroupAggregateSpecification};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::test_support::{chunk, rows, schema};
use crate::types::{Field, NamedField, Schema};

type Harness = OperatorHarness<Chunk, Chunk>;
/// Opens an operator, new or from a snapshot.
type Stage = Box<dyn Fn(Option<&HarnessSnapshot>) -> Harness>;

fn input() -> Schema {
    schema(&[("k", "BIGINT"), ("n", "INT"), ("d", "DOUBLE"), ("t", "STRING"), ("holds", "BOOLEAN")])
}

fn calls(retracts: bool) -> Vec<AggregateCall> {
    use AggregateFunction::{Average, Count, ListAggregate, Maximum, Minimum, Sum};
    let call = |function: AggregateFunction, arguments: &[usize], distinct, filter| {
        let fields: Vec<Field> = arguments.iter().map(|argument| input().field(*argument)).collect();
        let field = function.infer(&fields, true).unwrap();
        AggregateCall { function, arguments: arguments.to_vec(), distinct, filter, field }
    };
    let mut calls = vec![
        call(Count, &[], false, None),
        call(Count, &[1], false, Some(4)),
        call(Sum, &[1], false, None),
        call(Average, &[2], false, None),
        call(Average, &[1], false, Some(4)),
        call(Minimum, &[1], false, None),
        call(Maximum, &[3], false, None),
        call(Minimum, &[3], false, Some(4)),
        call(Count, &[1], true, None),
        call(Sum, &[1], true, None),
        call(Count, &[1], true, Some(4)),
        call(Count, &[3], true, Some(4)),
        call(Count, &[1, 3], true, None),
    ];
    if !retracts {
        calls.push(call(ListAggregate, &[3], false, None));
    }
    calls
}

fn specification(retracts: bool) -> GroupAggregateSpecification {
    GroupAggregateSpecification::new(&[0], &calls(retracts), &input(), retracts, true).unwrap()
}

fn output(retracts: bool) -> Schema {
    let results = calls(retracts).into_iter().map(|call| NamedField::new("r", call.field));
    std::iter::once(NamedField::new("k", input().field(0))).chain(results).collect()
}

/// What is left of changes, each of which takes back what is there only.
fn fold(changes: &[String], into: &mut BTreeMap<String, i64>) {
    for change in changes {
        let (kind, row) = change.split_at(2);
        let count = into.entry(row.to_owned()).or_default();
        *count += if kind.starts_with('+') { 1 } else { -1 };
        if *count == 0 {
            into.remove(row);
        }
    }
}

/// One or more operators behind each other.
struct Pipeline {
    make: Vec<Stage>,
    harnesses: Vec<Harness>,
    checkpoint: u64,
}

fn stage<O: Operator<Chunk, Chunk>>(make: impl Fn() -> O + 'static) -> Stage {
    Box::new(move |snapshot| match snapshot {
        Some(snapshot) => Harness::restore(make(), snapshot).unwrap(),
        None => Harness::new(make()).unwrap(),
    })
}

impl Pipeline {
    fn new(make: Vec<Stage>) -> Self {
        let harnesses = make.iter().map(|make| make(None)).collect();
        Self { make, harnesses, checkpoint: 0 }
    }

    fn exact(retracts: bool) -> Self {
        let specification = specification(retracts);
        Self::new(vec![stage(move || GroupAggregate::new(&specification))])
    }

    fn one_phase(retracts: bool, size: u64) -> Self {
        let specification = specification(retracts).collecting(Some(size));
        Self::new(vec![stage(move || GroupAggregate::new(&specification))])
    }

    fn two_phases(retracts: bool, sizes: [u64; 2]) -> Self {
        let (local, global) = (specification(retracts), specification(retracts));
        let global = global.merging().collecting(Some(sizes[1]));
        Self::new(vec![
            stage(move || LocalGroupAggregate::new(&local, sizes[0])),
            stage(move || GroupAggregate::new(&global)),
        ])
    }

    /// Hands on what the operators before one have emitted.
    fn pass(&mut self, from: usize) {
        for chunk in self.harnesses[from].take_records() {
            if from + 1 < self.harnesses.len() {
                self.harnesses[from + 1].push(chunk, Timestamp::MIN).unwrap();
            } else {
                unreachable!("the last one is taken by whoever asks");
            }
        }
    }

    fn push(&mut self, rows: &[String]) {
        self.harnesses[0].push(chunk(&input(), rows), Timestamp::MIN).unwrap();
        (0..self.harnesses.len() - 1).for_each(|stage| self.pass(stage));
    }

    fn mark(&mut self, watermark: Timestamp) {
        for stage in 0..self.harnesses.len() {
            self.harnesses[stage].watermark(watermark).unwrap();
            if stage + 1 < self.harnesses.len() {
                self.pass(stage);
            }
        }
    }

    /// Takes a snapshot, and goes on from it.
    fn restore(&mut self, retracts: bool) -> Vec<String> {
        self.checkpoint += 1;
        let mut emitted = Vec::new();
        for stage in 0..self.harnesses.len() {
            let snapshot = self.harnesses[stage].snapshot(self.checkpoint).unwrap();
            if stage + 1 < self.harnesses.len() {
                self.pass(stage);
            } else {
                emitted = self.take(retracts);
            }
            self.harnesses[stage] = (self.make[stage])(Some(&snapshot));
        }
        emitted
    }

    fn take(&self, retracts: bool) -> Vec<String> {
        rows(&output(retracts), &self.harnesses[self.harnesses.len() - 1].take_records())
    }
}

/// A row, and, if it is above 0, that the row with this number (by remainder) of its group goes.
type Step = (i64, Option<i32>, Option<&'static str>, Option<bool>, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = prop::option::weighted(0.9, -2..3_i32);
    let text = prop::option::weighted(0.9, prop::sample::select(vec!["a", "b", "a longer text", "z"]));
    let holds = prop::option::weighted(0.9, any::<bool>());
    prop::collection::vec((0..3_i64, number, text, holds, 0..6_usize), 1..60)
}

/// The changes of steps, in which each row that goes is there.
fn changes(steps: &[Step], retracts: bool) -> Vec<String> {
    fn or_null<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(|| "null".to_owned(), |value| value.to_string())
    }
    let mut groups: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let changes = steps.iter().map(|(key, number, text, holds, goes)| {
        let there = groups.entry(*key).or_default();
        if retracts && *goes > 2 && !there.is_empty() {
            let gone = there.remove(goes % there.len());
            return format!("-D{gone}");
        }
        let number = or_null(*number);
        let double = if number == "null" { number.clone() } else { format!("{number}.5") };
        let row = format!("[{key}, {number}, {double}, {}, {}]", or_null(*text), or_null(*holds));
        there.push(row.clone());
        format!("+I{row}")
    });
    changes.collect()
}

fn check(steps: &[Step], retracts: bool, sizes: [u64; 2], cuts: &[usize], restored: usize) {
    let changes = changes(steps, retracts);
    let mut pipelines = [
        Pipeline::exact(retracts),
        Pipeline::one_phase(retracts, sizes[0]),
        Pipeline::two_phases(retracts, sizes),
    ];
    let mut left = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (changes.len() + 1)).collect();
    cuts.extend([0, changes.len()]);
    cuts.sort_unstable();
    for (index, part) in cuts.windows(2).enumerate() {
        for (pipeline, left) in pipelines.iter_mut().zip(&mut left) {
            if part[0] < part[1] {
                pipeline.push(&changes[part[0]..part[1]]);
            }
            if index == restored {
                fold(&pipeline.restore(retracts), left);
            } else {
                pipeline.mark(Timestamp::from_millis(i64::try_from(index).unwrap()));
            }
            fold(&pipeline.take(retracts), left);
        }
        assert_eq!(left[1], left[0], "one phase");
        assert_eq!(left[2], left[0], "two phases");
    }
    let mut groups: Vec<&str> = left[0].keys().map(|row| row.split(',').next().unwrap()).collect();
    let all = groups.len();
    groups.dedup();
    assert_eq!(groups.len(), all, "a group has one row");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_left_is_the_same(
        steps in steps(),
        retracts: bool,
        sizes in [1..9_u64, 1..9_u64],
        cuts in prop::collection::vec(0..60_usize, 0..4),
        restored in 0..5_usize,
    ) {
        check(&steps, retracts, sizes, &cuts, restored);
    }
}

#[test]
fn a_bundle_has_one_change_of_a_group() {
    let mut pipeline = Pipeline::one_phase(true, 4);
    let row = |kind: &str, key: i64, number: i64| format!("{kind}[{key}, {number}, null, a, true]");
    let first = |line: &String| line.split(", ").take(2).collect::<Vec<_>>().join(", ");
    pipeline.push(&[row("+I", 1, 1), row("+I", 2, 1), row("+I", 1, 2)]);
    assert!(pipeline.take(true).is_empty());
    pipeline.push(&[row("-D", 1, 2), row("+I", 3, 1), row("-D", 3, 1)]);
    assert_eq!(pipeline.take(true).iter().map(first).collect::<Vec<_>>(), ["+I[2, 1", "+I[1, 1"]);
    // A group that comes and goes within a bundle is never seen.
    pipeline.push(&[row("+I", 1, 5), row("-D", 2, 1)]);
    assert_eq!(pipeline.take(true).iter().map(first).collect::<Vec<_>>(), ["-D[2, 1", "-U[1, 1", "+U[1, 2"]);
    // What changes nothing is no change.
    pipeline.push(&[row("+I", 1, 7), row("-D", 1, 7)]);
    pipeline.mark(Timestamp::from_millis(1));
    assert!(pipeline.take(true).is_empty());
}

/// Where parts of a group's rows come from several first phases, what is taken back may come before what it takes back.
#[test]
fn a_row_that_is_taken_back_before_it_comes_leaves_nothing() {
    let specification = specification(true);
    let mut first = Harness::new(LocalGroupAggregate::new(&specification, 1)).unwrap();
    let global = specification.clone().merging().collecting(Some(1));
    let mut second = Harness::new(GroupAggregate::new(&global)).unwrap();
    let mut run = |row: &str| {
        first.push(chunk(&input(), &[row]), Timestamp::MIN).unwrap();
        for chunk in first.take_records() {
            second.push(chunk, Timestamp::MIN).unwrap();
        }
        rows(&output(true), &second.take_records())
    };
    assert!(run("-D[1, 1, 1.5, a, true]").is_empty());
    assert!(run("+I[1, 1, 1.5, a, true]").is_empty());
    assert_eq!(second.snapshot(1).unwrap().keyed_entries(), 0, "nothing is kept of it");
}
