use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::{KeyGroups, Timestamp};
use proptest::prelude::*;

use super::{LocalWindowAggregate, WindowAggregate, WindowAggregateSpecification};
use crate::chunk::Chunk;
use crate::plan::{
    AggregateCall, AggregateFunction, WindowColumn, WindowForm, WindowFunction, WindowKind, Windowing,
};
use crate::test_support::{chunk, rows, schema};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

fn call(function: AggregateFunction, argument: Option<usize>, data_type: SqlType) -> AggregateCall {
    AggregateCall {
        function,
        arguments: argument.into_iter().collect(),
        distinct: false,
        filter: None,
        field: Field::nullable(data_type),
    }
}

/// Keys, and then COUNT(*), SUM(v), MIN(s).
fn calls() -> Vec<AggregateCall> {
    vec![
        call(AggregateFunction::Count, None, SqlType::BigInt),
        call(AggregateFunction::Sum, Some(1), SqlType::BigInt),
        call(AggregateFunction::Minimum, Some(2), SqlType::STRING),
    ]
}

fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("v", "BIGINT"), ("s", "STRING"), ("ts", "ROWTIME")])
}

fn output(keys: &[usize], attribute: &SqlType) -> Schema {
    let keys = keys.iter().map(|key| input().get(*key).cloned().unwrap());
    let calls = calls().into_iter().map(|call| NamedField::new("", call.field));
    let window = WindowFunction::COLUMNS.iter().map(|column| column.column(attribute));
    keys.chain(calls).chain(window).collect()
}

fn specification(
    kind: WindowKind,
    offset: i64,
    keys: &[usize],
    retracts: bool,
) -> WindowAggregateSpecification {
    specification_of(&calls(), kind, offset, keys, retracts)
}

fn specification_of(
    calls: &[AggregateCall],
    kind: WindowKind,
    offset: i64,
    keys: &[usize],
    retracts: bool,
) -> WindowAggregateSpecification {
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let function = WindowFunction {
        kind,
        offset,
        time: 3,
        attribute,
        partition: Vec::new(),
        form: WindowForm::TableFunction,
    };
    WindowAggregateSpecification::new(
        &Windowing::Time(function),
        keys,
        calls,
        &input(),
        retracts,
        &WindowFunction::COLUMNS,
        &Zone::UTC,
    )
    .unwrap()
}

type Windows = OperatorHarness<Chunk, Chunk>;

fn open(specification: &WindowAggregateSpecification) -> Windows {
    Windows::new(WindowAggregate::new(specification)).unwrap()
}

fn push<S: AsRef<str>>(harness: &mut Windows, texts: &[S]) {
    harness.push(chunk(&input(), texts), Timestamp::MIN).unwrap();
}

/// What has been emitted, sorted within what came together.
fn take(harness: &Windows, keys: &[usize]) -> Vec<String> {
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    rows(&output(keys, &attribute), &harness.take_records())
}

fn watermark(harness: &mut Windows, millis: i64) {
    harness.watermark(Timestamp::from_millis(millis)).unwrap();
}

#[test]
fn a_window_comes_once_when_it_is_over() {
    let mut windows = open(&specification(WindowKind::Tumble { size: 1_000 }, 0, &[0], false));
    push(
        &mut windows,
        &["+I[1, 10, b, 0]", "+I[1, 5, a, 999]", "+I[1, null, null, 1000]", "+I[2, 1, x, 500]"],
    );
    watermark(&mut windows, 998);
    assert!(take(&windows, &[0]).is_empty());
    watermark(&mut windows, 999);
    let mut first = take(&windows, &[0]);
    first.sort();
    assert_eq!(
        first,
        [
            "+I[1, 2, 15, a, 1970-01-01T00:00, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]",
            "+I[2, 1, 1, x, 1970-01-01T00:00, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]",
        ]
    );
    // Late: dropped and counted.
    push(&mut windows, &["+I[1, 1, a, 999]", "+I[1, 2, c, 1999]"]);
    assert_eq!(windows.counters().late_records, 1);
    windows.end_of_data().unwrap();
    assert_eq!(
        take(&windows, &[0]),
        ["+I[1, 2, 2, c, 1970-01-01T00:00:01, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]"]
    );
}

#[test]
fn without_keys_there_is_one_group() {
    let mut windows = open(&specification(WindowKind::Tumble { size: 1_000 }, 250, &[], false));
    push(&mut windows, &["+I[1, 10, b, 249]", "+I[2, 5, a, 250]"]);
    watermark(&mut windows, 5_000);
    assert_eq!(
        take(&windows, &[]),
        [
            "+I[1, 10, b, 1969-12-31T23:59:59.250, 1970-01-01T00:00:00.250, 1970-01-01T00:00:00.249]",
            "+I[1, 5, a, 1970-01-01T00:00:00.250, 1970-01-01T00:00:01.250, 1970-01-01T00:00:01.249]",
        ]
    );
}

#[test]
fn rows_that_are_taken_back_do_not_count() {
    let mut windows = open(&specification(WindowKind::Hop { slide: 1_000, size: 2_000 }, 0, &[0], true));
    push(
        &mut windows,
        &["+I[1, 10, b, 0]", "+I[2, 5, a, 0]", "-D[2, 5, a, 0]", "+I[1, 1, a, 0]", "-D[1, 1, a, 0]"],
    );
    windows.end_of_data().unwrap();
    assert_eq!(
        take(&windows, &[0]),
        [
            "+I[1, 1, 10, b, 1969-12-31T23:59:59, 1970-01-01T00:00:01, 1970-01-01T00:00:00.999]",
            "+I[1, 1, 10, b, 1970-01-01T00:00, 1970-01-01T00:00:02, 1970-01-01T00:00:01.999]",
        ]
    );
}

#[test]
fn windows_of_instants_are_those_of_the_zone() {
    // On 2021-03-14 the clock went from 2 to 3, on 2021-11-07 from 2 back to 1: Flink's own examples.
    let zone = Zone::of("America/Los_Angeles").unwrap();
    let attribute = SqlType::TimestampLtz(3, TimeKind::Rowtime);
    let function = WindowFunction {
        kind: WindowKind::Tumble { size: 3_600_000 },
        offset: 0,
        time: 3,
        attribute: attribute.clone(),
        partition: Vec::new(),
        form: WindowForm::TableFunction,
    };
    let specification = WindowAggregateSpecification::new(
        &Windowing::Time(function),
        &[],
        &calls(),
        &input(),
        false,
        &WindowFunction::COLUMNS,
        &zone,
    )
    .unwrap();
    let mut windows = open(&specification);
    // 01:30 before the jump and 03:30 behind it; then 01:30 twice.
    let times = [1_615_714_200_000_i64, 1_615_717_800_000, 1_636_273_800_000, 1_636_277_400_000];
    for time in times {
        push(&mut windows, &[format!("+I[1, 1, a, {time}]")]);
    }
    // The hour that there is twice ends with the second.
    watermark(&mut windows, 1_636_275_600_000);
    let text = |windows: &Windows| rows(&output(&[], &attribute), &windows.take_records());
    assert_eq!(
        text(&windows),
        [
            "+I[1, 1, a, 2021-03-14T01:00, 2021-03-14T02:00, 2021-03-14T09:59:59.999Z]",
            "+I[1, 1, a, 2021-03-14T03:00, 2021-03-14T04:00, 2021-03-14T10:59:59.999Z]",
        ]
    );
    windows.end_of_data().unwrap();
    assert_eq!(text(&windows), ["+I[2, 2, a, 2021-11-07T01:00, 2021-11-07T02:00, 2021-11-07T08:59:59.999Z]"]);
}

#[test]
fn windows_of_processing_time_come_when_the_clock_has_passed_them() {
    let attribute = SqlType::TimestampLtz(3, TimeKind::Proctime);
    let function = WindowFunction {
        kind: WindowKind::Hop { slide: 1_000, size: 2_000 },
        offset: 0,
        time: 3,
        attribute: attribute.clone(),
        partition: Vec::new(),
        form: WindowForm::TableFunction,
    };
    let specification = WindowAggregateSpecification::new(
        &Windowing::Time(function),
        &[0],
        &calls(),
        &input(),
        false,
        &[WindowColumn::Start, WindowColumn::End],
        &Zone::UTC,
    )
    .unwrap();
    let columns: Schema = output(&[0], &attribute).iter().take(6).cloned().collect();
    let mut windows = open(&specification);
    windows.advance(Duration::from_millis(500)).unwrap();
    push(&mut windows, &["+I[1, 10, b, null]"]);
    windows.advance(Duration::from_millis(499)).unwrap();
    assert!(windows.take_records().is_empty());
    windows.advance(Duration::from_millis(1)).unwrap();
    assert_eq!(
        rows(&columns, &windows.take_records()),
        ["+I[1, 1, 10, b, 1969-12-31T23:59:59, 1970-01-01T00:00:01]"]
    );
    let snapshot = windows.snapshot(1).unwrap();
    let mut windows = Windows::restore(WindowAggregate::new(&specification), &snapshot).unwrap();
    assert_eq!(windows.wake_at(), Some(Timestamp::from_millis(2_000)));
    // The clock of a harness begins anew; windows that have fired do not open again.
    windows.advance(Duration::from_millis(1_200)).unwrap();
    push(&mut windows, &["+I[1, 1, a, null]"]);
    windows.advance(Duration::from_millis(800)).unwrap();
    assert_eq!(
        rows(&columns, &windows.take_records()),
        ["+I[1, 2, 11, a, 1970-01-01T00:00, 1970-01-01T00:00:02]"]
    );
    windows.end_of_data().unwrap();
    assert!(windows.take_records().is_empty());
}

#[test]
fn a_row_without_time_fails_the_job() {
    let mut windows = open(&specification(WindowKind::Tumble { size: 1_000 }, 0, &[0], false));
    let error = windows.push(chunk(&input(), &["+I[1, 1, a, null]"]), Timestamp::MIN).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("RowTime field should not be null, please convert it to a non-null long value."),
        "{text}"
    );
}

/// COUNT(DISTINCT v), SUM(DISTINCT v), and COUNT(DISTINCT v) FILTER (WHERE f), over windows of this kind.
fn distinct(kind: WindowKind, texts: &[&str]) -> Vec<String> {
    let input = schema(&[("k", "BIGINT!"), ("v", "BIGINT"), ("f", "BOOLEAN"), ("ts", "ROWTIME")]);
    let count = AggregateCall { distinct: true, ..call(AggregateFunction::Count, Some(1), SqlType::BigInt) };
    let sum = AggregateCall { function: AggregateFunction::Sum, ..count.clone() };
    let calls = [count.clone(), sum, AggregateCall { filter: Some(2), ..count }];
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let function = WindowFunction {
        kind,
        offset: 0,
        time: 3,
        attribute: attribute.clone(),
        partition: vec![0],
        form: WindowForm::TableFunction,
    };
    let specification = WindowAggregateSpecification::new(
        &Windowing::Time(function),
        &[0],
        &calls,
        &input,
        false,
        &[WindowColumn::End],
        &Zone::UTC,
    )
    .unwrap();
    let columns = calls.iter().map(|call| NamedField::new("", call.field.clone()));
    let key = input.first().cloned().unwrap();
    let output: Schema =
        [key].into_iter().chain(columns).chain([WindowColumn::End.column(&attribute)]).collect();
    let make = || -> Box<dyn Fn(HarnessSetup<'_>) -> Windows> {
        let specification = specification.clone();
        match specification.is_session() {
            true => Box::new(move |setup| {
                Windows::with(setup, super::SessionAggregate::new(&specification)).unwrap()
            }),
            false => {
                Box::new(move |setup| Windows::with(setup, WindowAggregate::new(&specification)).unwrap())
            }
        }
    };
    let (first, second) = texts.split_at(texts.len() / 2);
    let mut windows = make()(HarnessSetup::new());
    windows.push(chunk(&input, first), Timestamp::MIN).unwrap();
    let snapshot = windows.snapshot(1).unwrap();
    let mut windows = make()(HarnessSetup::new().restore([&snapshot]));
    windows.push(chunk(&input, second), Timestamp::MIN).unwrap();
    windows.end_of_data().unwrap();
    let lines = rows(&output, &windows.take_records());
    // Nothing is kept beside groups that are gone.
    assert_eq!(windows.snapshot(2).unwrap().keyed_entries(), 0);
    lines
}

#[test]
fn distinct_arguments_count_once_in_each_window() {
    let texts = [
        "+I[1, 5, true, 0]",
        "+I[1, 5, false, 100]",
        "+I[1, null, true, 200]",
        "+I[1, 7, false, 1000]",
        "+I[1, 5, true, 1100]",
        "+I[1, 9, true, 1900]",
    ];
    assert_eq!(
        distinct(WindowKind::Tumble { size: 1_000 }, &texts),
        ["+I[1, 1, 5, 1, 1970-01-01T00:00:01]", "+I[1, 3, 21, 2, 1970-01-01T00:00:02]"]
    );
    assert_eq!(
        distinct(WindowKind::Hop { slide: 1_000, size: 2_000 }, &texts),
        [
            "+I[1, 1, 5, 1, 1970-01-01T00:00:01]",
            "+I[1, 3, 21, 2, 1970-01-01T00:00:02]",
            "+I[1, 3, 21, 2, 1970-01-01T00:00:03]",
        ]
    );
    assert_eq!(
        distinct(WindowKind::Cumulate { step: 1_000, size: 3_000 }, &texts),
        [
            "+I[1, 1, 5, 1, 1970-01-01T00:00:01]",
            "+I[1, 3, 21, 2, 1970-01-01T00:00:02]",
            "+I[1, 3, 21, 2, 1970-01-01T00:00:03]",
        ]
    );
    assert_eq!(
        distinct(WindowKind::Session { gap: 850 }, &texts),
        ["+I[1, 3, 21, 2, 1970-01-01T00:00:02.750]"]
    );
}

/// Partial results of rows that a filter lets through, whether the rows of a chunk are added up or not.
#[test]
fn two_phases_come_to_the_same_with_filters() {
    let input = schema(&[("k", "BIGINT!"), ("v", "BIGINT"), ("f", "BOOLEAN"), ("ts", "ROWTIME")]);
    let filtered =
        |function, argument| AggregateCall { filter: Some(2), ..call(function, argument, SqlType::BigInt) };
    let calls = [
        filtered(AggregateFunction::Count, None),
        filtered(AggregateFunction::Count, Some(1)),
        filtered(AggregateFunction::Sum, Some(1)),
        call(AggregateFunction::Maximum, Some(1), SqlType::BigInt),
    ];
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let kind = WindowKind::Tumble { size: 1_000 };
    let function = WindowFunction {
        kind,
        offset: 0,
        time: 3,
        attribute: attribute.clone(),
        partition: vec![0],
        form: WindowForm::TableFunction,
    };
    let one = WindowAggregateSpecification::new(
        &Windowing::Time(function),
        &[0],
        &calls,
        &input,
        false,
        &[WindowColumn::End],
        &Zone::UTC,
    )
    .unwrap();
    let two = one.two_phases().unwrap();
    let columns = calls.iter().map(|call| NamedField::new("", call.field.clone()));
    let key = input.first().cloned().unwrap();
    let output: Schema =
        [key].into_iter().chain(columns).chain([WindowColumn::End.column(&attribute)]).collect();
    let mut windows = [open(&one), open(&two)];
    let mut local = Windows::new(LocalWindowAggregate::new(&one)).unwrap();
    let mut partial = Vec::new();
    // First chunks of few groups, then of many, so that they are passed on; and some of two slices.
    for number in 0..90_i64 {
        let groups = if number < 30 { 3 } else { 1_000 };
        let row = |row: i64| {
            let value = if row % 5 == 0 { "null".to_owned() } else { (row * number).to_string() };
            let holds = ["true", "false", "null"][usize::try_from(row % 3).unwrap()];
            format!("+I[{}, {value}, {holds}, {}]", (number * 20 + row) % groups, number * 10 + row % 40)
        };
        let rows = chunk(&input, &(0..20).map(row).collect::<Vec<_>>());
        windows[0].push(rows.clone(), Timestamp::MIN).unwrap();
        local.push(rows, Timestamp::MIN).unwrap();
        for rows in local.take_records() {
            partial.push(rows.rows());
            windows[1].push(rows, Timestamp::MIN).unwrap();
        }
    }
    assert_eq!((partial[0], partial[89]), (3, 20), "few groups are added up, many are not");
    let [one, two] = windows.map(|mut windows| {
        windows.end_of_data().unwrap();
        let mut rows = rows(&output, &windows.take_records());
        rows.sort();
        rows
    });
    assert!(one.len() > 20, "{one:?}");
    assert_eq!(one, two);
}

/// What happens to the operator.
#[derive(Clone, Debug)]
enum Event {
    /// Rows: key, value, time.
    Rows(Vec<(i64, Option<i64>, i64)>),
    Watermark(i64),
    Restore(u32),
}

/// How windows are worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// With a minimum of texts as the third call, which cannot be taken away again, nor come of two phases.
    Merged,
    /// With a count of the values as the third call, so that slices are taken away again from what windows come to.
    Subtracted,
    /// The same, with the rows of each chunk added up before.
    TwoPhases,
}

impl Form {
    fn calls(self) -> Vec<AggregateCall> {
        let mut calls = calls();
        if self != Self::Merged {
            calls[2] = call(AggregateFunction::Count, Some(1), SqlType::BigInt);
        }
        calls
    }
}

/// By key: count, sum, minimum of the texts, number of values.
type Groups = BTreeMap<i64, (i64, Option<i64>, String, i64)>;

/// Each row in all windows that contain it and were not over when it came.
#[derive(Default)]
struct Reference {
    /// By end and start.
    windows: BTreeMap<(i64, i64), Groups>,
    watermark: Option<i64>,
    late: u64,
}

impl Reference {
    fn windows_of(kind: WindowKind, offset: i64, time: i64) -> Vec<(i64, i64)> {
        // Every point at which a window could begin is tried.
        match kind {
            WindowKind::Tumble { size } => {
                Self::windows_of(WindowKind::Hop { slide: size, size }, offset, time)
            }
            WindowKind::Hop { slide, size } => {
                let starts = (time - size + 1..=time).filter(|start| (start - offset).rem_euclid(slide) == 0);
                starts.map(|start| (start, start + size)).collect()
            }
            WindowKind::Cumulate { step, size } => {
                let start =
                    (time - size + 1..=time).find(|start| (start - offset).rem_euclid(size) == 0).unwrap();
                let ends = (1..=size / step).map(|index| start + index * step);
                ends.filter(|end| *end > time).map(|end| (start, end)).collect()
            }
            WindowKind::Session { .. } => unreachable!(),
        }
    }

    fn row(&mut self, kind: WindowKind, offset: i64, key: i64, value: Option<i64>, time: i64) {
        let windows = Self::windows_of(kind, offset, time).into_iter();
        let open: Vec<_> =
            windows.filter(|(_, end)| self.watermark.is_none_or(|watermark| end - 1 > watermark)).collect();
        if open.is_empty() {
            self.late += 1;
        }
        for (start, end) in open {
            let groups = self.windows.entry((end, start)).or_default();
            let group = groups.entry(key).or_insert((0, None, text(value), 0));
            group.0 += 1;
            group.3 += i64::from(value.is_some());
            group.1 = match (group.1, value) {
                (sum, None) => sum,
                (sum, Some(value)) => Some(sum.unwrap_or(0) + value),
            };
            group.2 = group.2.clone().min(text(value));
        }
    }

    fn watermark(&mut self, form: Form, watermark: i64) -> Vec<Vec<String>> {
        self.watermark = Some(self.watermark.map_or(watermark, |before| before.max(watermark)));
        let mut fired = Vec::new();
        while let Some(window) = self.windows.first_entry().filter(|window| window.key().0 - 1 <= watermark) {
            let ((end, start), groups) = window.remove_entry();
            let rows = groups.into_iter().map(|(key, (count, sum, text, values))| {
                let text = if form == Form::Merged { text } else { values.to_string() };
                let sum = sum.map_or("null".to_owned(), |sum| sum.to_string());
                format!("{key}, {count}, {sum}, {text}, {start}, {end}")
            });
            fired.push(rows.collect());
        }
        fired
    }
}

fn text(value: Option<i64>) -> String {
    format!("t{}", value.unwrap_or(0).rem_euclid(7))
}

/// The subtasks of an operator.
struct Fleet {
    /// The first of two phases.
    local: Option<Windows>,
    specification: WindowAggregateSpecification,
    members: Vec<Windows>,
    checkpoint: u64,
    late: u64,
}

impl Fleet {
    fn new(form: Form, kind: WindowKind, offset: i64) -> Self {
        let mut specification = specification_of(&form.calls(), kind, offset, &[0], false);
        let second = specification.two_phases();
        assert_eq!(second.is_none(), form == Form::Merged);
        let local = (form == Form::TwoPhases)
            .then(|| Windows::new(LocalWindowAggregate::new(&specification)).unwrap());
        if let (Some(second), Some(_)) = (second, &local) {
            specification = second;
        }
        let members = vec![open(&specification)];
        Self { local, specification, members, checkpoint: 0, late: 0 }
    }

    fn rows(&mut self, events: &[(i64, Option<i64>, i64)]) {
        let groups = KeyGroups::new(128);
        let layout = self.specification.key_layout();
        let line = |(key, value, time): &(i64, Option<i64>, i64)| {
            let text = text(*value);
            let value = value.map_or("null".to_owned(), |value| value.to_string());
            format!("+I[{key}, {value}, {text}, {time}]")
        };
        let lines: Vec<String> = events.iter().map(line).collect();
        let mut all = chunk(&input(), &lines);
        if let Some(local) = &mut self.local {
            local.push(all, Timestamp::MIN).unwrap();
            all = Chunk::concat(&local.take_records()).unwrap().unwrap();
        }
        let mut hashes = Vec::new();
        layout.hash(all.columns(), all.rows(), &mut hashes).unwrap();
        let parallelism = u32::try_from(self.members.len()).unwrap();
        for (index, member) in (0..).zip(&mut self.members) {
            let mask = hashes.iter().map(|hash| groups.owner(groups.of_hash(*hash), parallelism) == index);
            let own = all.filter(&mask.map(Some).collect()).unwrap();
            member.push(own, Timestamp::MIN).unwrap();
        }
    }

    fn restore(&mut self, parallelism: u32) {
        self.checkpoint += 1;
        self.late += self.members.iter().map(|member| member.counters().late_records).sum::<u64>();
        let snapshots: Vec<_> =
            self.members.iter_mut().map(|member| member.snapshot(self.checkpoint).unwrap()).collect();
        let open = |subtask| {
            let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(&snapshots);
            OperatorHarness::make(setup, |_| WindowAggregate::new(&self.specification)).unwrap()
        };
        self.members = (0..parallelism).map(open).collect();
    }

    fn late(&self) -> u64 {
        self.late + self.members.iter().map(|member| member.counters().late_records).sum::<u64>()
    }

    /// What comes of a watermark: the rows of each window, sorted; the windows in the order in which each subtask gives them.
    fn watermark(&mut self, watermark: i64) -> Vec<Vec<String>> {
        let mut windows: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
        for member in &mut self.members {
            member.watermark(Timestamp::from_millis(watermark)).unwrap();
            let mut last = None;
            for chunk in member.take_records() {
                use arrow_array::cast::AsArray;
                use arrow_array::types::{Int64Type, TimestampMillisecondType};
                let time = |column: usize, row: usize| {
                    chunk.columns()[column].as_primitive::<TimestampMillisecondType>().value(row)
                };
                for row in 0..chunk.rows() {
                    let (start, end) = (time(4, row), time(5, row));
                    assert_eq!(time(6, row), end - 1);
                    assert!(last.is_none_or(|last| last <= end), "windows fire in order");
                    last = Some(end);
                    let sums = chunk.columns()[2].as_primitive::<Int64Type>();
                    let sum = if arrow_array::Array::is_null(sums, row) {
                        "null".to_owned()
                    } else {
                        sums.value(row).to_string()
                    };
                    let key = chunk.columns()[0].as_primitive::<Int64Type>().value(row);
                    let count = chunk.columns()[1].as_primitive::<Int64Type>().value(row);
                    let text = match chunk.columns()[3].as_string_view_opt() {
                        Some(texts) => texts.value(row).to_owned(),
                        None => chunk.columns()[3].as_primitive::<Int64Type>().value(row).to_string(),
                    };
                    let line = format!("{key}, {count}, {sum}, {text}, {start}, {end}");
                    windows.entry((end, start)).or_default().push(line);
                }
            }
        }
        windows
            .values_mut()
            .for_each(|rows| rows.sort_by_key(|row| row.split(',').next().unwrap().parse::<i64>().unwrap()));
        windows.into_values().collect()
    }
}

fn kinds() -> impl Strategy<Value = WindowKind> {
    prop_oneof![
        (1_i64..20).prop_map(|size| WindowKind::Tumble { size }),
        (1_i64..8, 1_i64..6).prop_map(|(slide, times)| WindowKind::Hop { slide, size: slide * times }),
        (1_i64..8, 1_i64..6).prop_map(|(step, times)| WindowKind::Cumulate { step, size: step * times }),
    ]
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let row = (0_i64..12, proptest::option::of(-20_i64..20), -30_i64..120);
    let event = prop_oneof![
        5 => proptest::collection::vec(row, 1..8).prop_map(Event::Rows),
        3 => (-30_i64..120).prop_map(Event::Watermark),
        1 => (1_u32..4).prop_map(Event::Restore),
    ];
    proptest::collection::vec(event, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn all_windows_are_those_of_a_row_by_row_reference(
        form in prop_oneof![Just(Form::Merged), Just(Form::Subtracted), Just(Form::TwoPhases)],
        kind in kinds(),
        offset in -5_i64..6,
        history in histories(),
    ) {
        let mut fleet = Fleet::new(form, kind, offset);
        let (mut reference, mut reached) = (Reference::default(), i64::MIN);
        for event in history {
            match event {
                Event::Rows(rows) => {
                    rows.iter().for_each(|(key, value, time)| reference.row(kind, offset, *key, *value, *time));
                    fleet.rows(&rows);
                }
                Event::Watermark(watermark) if watermark > reached => {
                    reached = watermark;
                    prop_assert_eq!(fleet.watermark(watermark), reference.watermark(form, watermark));
                }
                Event::Watermark(_) => {}
                Event::Restore(parallelism) => fleet.restore(parallelism),
            }
        }
        prop_assert_eq!(fleet.watermark(i64::MAX - 1), reference.watermark(form, i64::MAX - 1));
        // Of rows that are added up before, each group of a slice counts.
        prop_assert!(form == Form::TwoPhases || fleet.late() == reference.late);
        prop_assert_eq!(fleet.late() > 0, reference.late > 0);
        // Nothing is left.
        for member in &mut fleet.members {
            prop_assert!(member.snapshot(1_000).is_ok());
        }
    }
}
