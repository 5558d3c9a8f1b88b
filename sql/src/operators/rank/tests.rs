//! Ranks against row-at-a-time references, which go over sorted maps as Flink's functions do.

mod reference;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::{KeyGroups, Timestamp};
use proptest::prelude::*;

use self::reference::{Reference, Row, Strategy as Kept};
use super::{BoundedRank, RankSpecification, RetractableRank};
use crate::chunk::Chunk;
use crate::plan::SortKey;
use crate::test_support::{chunk, rows, schema};
use crate::types::{Field, NamedField, Schema, SqlType};

fn input() -> Schema {
    schema(&[("p", "BIGINT!"), ("v", "INT"), ("id", "BIGINT!")])
}

fn output(number: bool) -> Schema {
    let number = number.then(|| NamedField::new("rn", Field::required(SqlType::BigInt)));
    input().iter().cloned().chain(number).collect()
}

#[derive(Clone, Copy, Debug)]
struct Case {
    kept: Kept,
    start: u64,
    end: u64,
    number: bool,
    update_before: bool,
    descending: bool,
}

impl Case {
    fn specification(&self) -> RankSpecification {
        let order = [SortKey { column: 1, descending: self.descending, nulls_last: self.descending }];
        let range = (self.start, self.end);
        let specification =
            RankSpecification::new(&[0], &order, &input(), range, self.number, self.update_before);
        if self.kept == Kept::Update { specification.replacing(&[0, 2]) } else { specification }
    }

    fn harness(&self, setup: HarnessSetup<'_>) -> OperatorHarness<Chunk, Chunk> {
        let specification = self.specification();
        if self.kept == Kept::Retract {
            OperatorHarness::with(setup, RetractableRank::new(&specification)).unwrap()
        } else {
            OperatorHarness::with(setup, BoundedRank::new(&specification)).unwrap()
        }
    }
}

fn text(kind: &str, row: Row) -> String {
    let value = row.value.map_or_else(|| "null".to_owned(), |value| value.to_string());
    format!("{kind}[{}, {value}, {}]", row.partition, row.id)
}

fn cases() -> impl Strategy<Value = Case> {
    let kept = prop_oneof![Just(Kept::Append), Just(Kept::Update), Just(Kept::Retract)];
    (kept, 1..3_u64, 0..4_u64, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(kept, start, more, number, update_before, descending)| Case {
            kept,
            start,
            end: start + more,
            number,
            update_before,
            descending,
        },
    )
}

/// What happens: a partition, a value, an id, and which row goes if one does.
type Step = (i64, Option<i32>, i64, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = proptest::option::weighted(0.9, -3..4_i32);
    proptest::collection::vec((0..2_i64, value, 0..6_i64, 0..8_usize), 1..60)
}

/// The rows that such a strategy may get, from steps.
fn history(case: &Case, steps: &[Step]) -> Vec<(bool, Row)> {
    let mut there: Vec<Row> = Vec::new();
    let mut history = Vec::new();
    for (number, (partition, value, id, goes)) in steps.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        match case.kept {
            Kept::Append => history.push((true, Row { partition: *partition, value: *value, id: number })),
            Kept::Retract if *goes > 4 && !there.is_empty() => {
                history.push((false, there.remove(goes * 7 % there.len())));
            }
            Kept::Retract => {
                // Equal rows may be there several times.
                let row = Row { partition: *partition, value: *value, id: *id };
                there.push(row);
                history.push((true, row));
            }
            Kept::Update => {
                let known = there.iter_mut().find(|row| (row.partition, row.id) == (*partition, *id));
                match known {
                    Some(row) => {
                        let better =
                            if case.descending { row.value.max(*value) } else { row.value.min(*value) };
                        row.value = better;
                        history.push((true, *row));
                    }
                    None => {
                        let row = Row { partition: *partition, value: *value, id: *id };
                        there.push(row);
                        history.push((true, row));
                    }
                }
            }
        }
    }
    history
}

fn lines(history: &[(bool, Row)]) -> Vec<String> {
    history.iter().map(|(comes, row)| text(if *comes { "+I" } else { "-D" }, *row)).collect()
}

fn check(case: &Case, steps: &[Step], cut: usize) {
    let history = history(case, steps);
    let mut reference = Reference::new(case.kept, case.start, case.end, case.number, case.descending);
    let mut expected = Vec::new();
    for (comes, row) in &history {
        for (kind, row, number) in reference.row(*comes, *row) {
            if kind == "-U" && !case.update_before {
                continue;
            }
            let mut line = text(kind, row);
            if case.number {
                line.pop();
                line += &format!(", {number}]");
            }
            expected.push(line);
        }
    }
    let lines = lines(&history);
    let cut = cut.min(lines.len());
    let mut harness = case.harness(HarnessSetup::new());
    if cut > 0 {
        harness.push(chunk(&input(), &lines[..cut]), Timestamp::MIN).unwrap();
    }
    let mut chunks = harness.take_records();
    let snapshot = harness.snapshot(1).unwrap();
    // Two subtasks go on, each with the partitions that it owns.
    let mut subtasks =
        [0, 1].map(|subtask| case.harness(HarnessSetup::new().subtask(subtask, 2).restore([&snapshot])));
    let groups = KeyGroups::new(128);
    for line in &lines[cut..] {
        let row = chunk(&input(), std::slice::from_ref(line));
        let mut hashes = Vec::new();
        case.specification().partition.hash(row.columns(), 1, &mut hashes).unwrap();
        let owner = groups.owner(groups.of_hash(hashes[0]), 2);
        let subtask = &mut subtasks[owner as usize];
        subtask.push(row, Timestamp::MIN).unwrap();
        chunks.extend(subtask.take_records());
    }
    assert_eq!(rows(&output(case.number), &chunks), expected, "{case:?} {lines:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn changes_are_those_of_the_reference(case in cases(), steps in steps(), cut in 0..60_usize) {
        check(&case, &steps, cut);
    }
}
