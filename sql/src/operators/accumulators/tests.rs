//! Accumulators through the aggregate that uses them, against lists of the values that are there.

use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;
use proptest::prelude::*;

use crate::operators::{GroupAggregate, GroupAggregateSpecification};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::test_support::{chunk, rows, schema};
use crate::types::{Field, NamedField, Schema, SqlType};

fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("text", "STRING"), ("number", "INT"), ("separator", "STRING")])
}

fn call(function: AggregateFunction, arguments: &[usize]) -> AggregateCall {
    let fields: Vec<Field> = arguments.iter().map(|argument| input().field(*argument)).collect();
    let field = function.infer(&fields, true).unwrap();
    AggregateCall { function, arguments: arguments.to_vec(), distinct: false, filter: None, field }
}

fn output(calls: &[AggregateCall]) -> Schema {
    let key = NamedField::new("k", Field::required(SqlType::BigInt));
    let results = calls.iter().map(|call| NamedField::new("r", call.field.clone()));
    std::iter::once(key).chain(results).collect()
}

fn aggregate(calls: &[AggregateCall], retracts: bool) -> GroupAggregate {
    GroupAggregate::new(&GroupAggregateSpecification::new(&[0], calls, &input(), retracts, true).unwrap())
}

const CALLS: [(AggregateFunction, &[usize]); 9] = [
    (AggregateFunction::Minimum, &[1]),
    (AggregateFunction::Maximum, &[1]),
    (AggregateFunction::FirstValue, &[1]),
    (AggregateFunction::LastValue, &[1]),
    (AggregateFunction::Minimum, &[2]),
    (AggregateFunction::Maximum, &[2]),
    (AggregateFunction::FirstValue, &[2]),
    (AggregateFunction::LastValue, &[2]),
    (AggregateFunction::ListAggregate, &[1, 3]),
];

/// The rows of one group: of equal values, the first goes.
#[derive(Clone, Default)]
struct Reference {
    texts: Vec<String>,
    numbers: Vec<i32>,
    rows: usize,
}

type Row = (Option<String>, Option<i32>);

impl Reference {
    fn add(&mut self, (text, number): &Row) {
        self.rows += 1;
        self.texts.extend(text.clone());
        self.numbers.extend(*number);
    }

    fn take(&mut self, (text, number): &Row) {
        self.rows -= 1;
        if let Some(text) = text {
            self.texts.remove(self.texts.iter().position(|known| known == text).unwrap());
        }
        if let Some(number) = number {
            self.numbers.remove(self.numbers.iter().position(|known| known == number).unwrap());
        }
    }

    fn line(&self, key: i64) -> String {
        let null = || "null".to_owned();
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(null);
        let number = |value: Option<&i32>| value.map_or_else(null, ToString::to_string);
        let list = if self.texts.is_empty() { null() } else { self.texts.join("; ") };
        let values = [
            text(self.texts.iter().min()),
            text(self.texts.iter().max()),
            text(self.texts.first()),
            text(self.texts.last()),
            number(self.numbers.iter().min()),
            number(self.numbers.iter().max()),
            number(self.numbers.first()),
            number(self.numbers.last()),
            list,
        ];
        format!("[{key}, {}]", values.join(", "))
    }
}

/// What a row does: the group, the row, and, if it is above 0, that the row with this number (by remainder) goes.
type Step = (i64, Row, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let text = proptest::option::weighted(0.9, prop_oneof!["[ab]{0,2}", "[ab]{11,14}"]);
    let number = proptest::option::weighted(0.9, -2..3_i32);
    proptest::collection::vec((0..3_i64, (text, number), 0..6_usize), 1..60)
}

fn text_of((text, number): &Row) -> String {
    let number = number.map_or_else(|| "null".to_owned(), |number| number.to_string());
    format!("{}, {number}", text.as_deref().unwrap_or("null"))
}

fn check(steps: &[Step], cut: usize, retracts: bool) {
    let calls: Vec<_> = CALLS.iter().map(|(function, arguments)| call(*function, arguments)).collect();
    let mut groups: [(Reference, Vec<Row>); 3] = Default::default();
    let (mut input_rows, mut expected) = (Vec::new(), Vec::new());
    for (key, row, remove) in steps {
        let (reference, there) = &mut groups[usize::try_from(*key).unwrap()];
        let before = reference.clone();
        let goes = retracts && *remove > 2 && !there.is_empty();
        let row = if goes { there.remove(remove % there.len()) } else { row.clone() };
        input_rows.push(format!("{}[{key}, {}, ; ]", if goes { "-D" } else { "+I" }, text_of(&row)));
        if goes {
            reference.take(&row);
        } else {
            reference.add(&row);
            there.push(row);
        }
        match (before.rows, reference.rows) {
            (0, _) => expected.push(format!("+I{}", reference.line(*key))),
            (_, 0) => expected.push(format!("-D{}", before.line(*key))),
            _ if before.line(*key) == reference.line(*key) => {}
            _ => {
                expected.push(format!("-U{}", before.line(*key)));
                expected.push(format!("+U{}", reference.line(*key)));
            }
        }
    }
    let cut = cut.min(input_rows.len());
    let mut harness = OperatorHarness::new(aggregate(&calls, retracts)).unwrap();
    if cut > 0 {
        harness.push(chunk(&input(), &input_rows[..cut]), Timestamp::MIN).unwrap();
    }
    let mut chunks = harness.take_records();
    let snapshot = harness.snapshot(1).unwrap();
    let mut harness = OperatorHarness::restore(aggregate(&calls, retracts), &snapshot).unwrap();
    // Row by row, so that nothing is shared by the rows of one chunk.
    for row in &input_rows[cut..] {
        harness.push(chunk(&input(), std::slice::from_ref(row)), Timestamp::MIN).unwrap();
    }
    chunks.extend(harness.take_records());
    assert_eq!(rows(&output(&calls), &chunks), expected);
    if groups.iter().all(|(reference, _)| reference.rows == 0) {
        assert_eq!(harness.snapshot(2).unwrap().keyed_entries(), 0, "what groups kept goes with them");
    }
}

proptest! {
    #[test]
    fn results_are_those_of_the_values_that_are_there(steps in steps(), cut in 0..60_usize) {
        check(&steps, cut, true);
    }

    #[test]
    fn results_of_rows_that_stay_are_the_same(steps in steps(), cut in 0..60_usize) {
        check(&steps, cut, false);
    }
}

#[test]
fn nothing_is_left_of_groups_that_end() {
    let row = (Some("a".to_owned()), Some(1));
    let steps = [(0, row.clone(), 0), (0, row.clone(), 0), (0, row.clone(), 4), (0, row, 4)];
    check(&steps, 2, true);
}

#[test]
fn a_single_value_is_the_only_one() -> millstream_runtime::Result<()> {
    let calls = [call(AggregateFunction::SingleValue, &[1])];
    let mut harness = OperatorHarness::new(aggregate(&calls, true))?;
    let history =
        ["+I[1, a, 1, x]", "-U[1, a, 1, x]", "+U[1, b, 1, x]", "-D[1, b, 1, x]", "+I[1, null, 1, x]"];
    for row in history {
        harness.push(chunk(&input(), &[row]), Timestamp::MIN)?;
    }
    let changes = rows(&output(&calls), &harness.take_records());
    assert_eq!(changes, ["+I[1, a]", "-D[1, a]", "+I[1, b]", "-D[1, b]", "+I[1, null]"]);
    let error = harness.push(chunk(&input(), &["+I[1, c, 1, x]"]), Timestamp::MIN).unwrap_err();
    assert!(error.to_string().contains("SingleValueAggFunction received more than one element."), "{error}");
    Ok(())
}
