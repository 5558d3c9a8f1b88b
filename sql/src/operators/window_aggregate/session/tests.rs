use std::time::Duration;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::{KeyGroups, Timestamp};
use proptest::prelude::*;

use super::{SessionAggregate, WindowAggregateSpecification};
use crate::chunk::{Chunk, KeyLayout};
use crate::plan::{
    AggregateCall, AggregateFunction, WindowColumn, WindowForm, WindowFunction, WindowKind, Windowing,
};
use crate::test_support::{chunk, rows, schema};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

type Operator = OperatorHarness<Chunk, Chunk>;

fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("v", "BIGINT"), ("s", "STRING"), ("ts", "ROWTIME")])
}

fn calls() -> Vec<AggregateCall> {
    let call = |function, argument: Option<usize>, data_type| AggregateCall {
        function,
        arguments: argument.into_iter().collect(),
        distinct: false,
        filter: None,
        field: Field::nullable(data_type),
    };
    vec![
        call(AggregateFunction::Count, None, SqlType::BigInt),
        call(AggregateFunction::Sum, Some(1), SqlType::BigInt),
        call(AggregateFunction::Maximum, Some(2), SqlType::STRING),
    ]
}

fn output() -> Schema {
    let key = input().first().cloned().unwrap();
    let calls = calls().into_iter().map(|call| NamedField::new("", call.field));
    let attribute = SqlType::Timestamp(3, TimeKind::Rowtime);
    let window = [WindowColumn::Start, WindowColumn::End].map(|column| column.column(&attribute));
    std::iter::once(key).chain(calls).chain(window).collect()
}

fn specification(gap: i64, attribute: SqlType) -> WindowAggregateSpecification {
    let kind = WindowKind::Session { gap };
    let function = WindowFunction {
        kind,
        offset: 0,
        time: 3,
        attribute,
        partition: vec![0],
        form: WindowForm::TableFunction,
    };
    WindowAggregateSpecification::new(
        &Windowing::Time(function),
        &[0],
        &calls(),
        &input(),
        false,
        &[WindowColumn::Start, WindowColumn::End],
        &Zone::UTC,
    )
    .unwrap()
}

fn rowtime() -> SqlType {
    SqlType::Timestamp(3, TimeKind::Rowtime)
}

fn take(operator: &Operator) -> Vec<String> {
    rows(&output(), &operator.take_records())
}

#[test]
fn a_row_joins_sessions_that_it_touches() {
    let mut sessions = Operator::new(SessionAggregate::new(&specification(1_000, rowtime()))).unwrap();
    let texts = [
        "+I[1, 1, a, 0]",
        // Touches the one before: its end is the start of this one.
        "+I[1, 2, b, 1000]",
        "+I[1, 4, c, 3000]",
        "+I[2, 8, x, 1500]",
        // Joins both sessions of its key.
        "+I[1, 16, d, 2000]",
    ];
    sessions.push(chunk(&input(), &texts), Timestamp::MIN).unwrap();
    sessions.watermark(Timestamp::from_millis(2_499)).unwrap();
    assert_eq!(take(&sessions), ["+I[2, 1, 8, x, 1970-01-01T00:00:01.500, 1970-01-01T00:00:02.500]"]);
    // Late on its own, but not for an open session.
    sessions
        .push(
            chunk(&input(), &["+I[2, 1, y, 1400]", "+I[1, 32, e, 500]", "+I[1, 64, f, 1600]"]),
            Timestamp::MIN,
        )
        .unwrap();
    assert_eq!(sessions.counters().late_records, 1);
    sessions.end_of_data().unwrap();
    assert_eq!(take(&sessions), ["+I[1, 6, 119, f, 1970-01-01T00:00, 1970-01-01T00:00:04]"]);
}

#[test]
fn sessions_of_processing_time_end_when_nothing_comes() {
    let specification = specification(1_000, SqlType::TimestampLtz(3, TimeKind::Proctime));
    let mut sessions = Operator::new(SessionAggregate::new(&specification)).unwrap();
    let text = ["+I[1, 1, a, null]"];
    sessions.push(chunk(&input(), &text), Timestamp::MIN).unwrap();
    sessions.advance(Duration::from_millis(900)).unwrap();
    sessions.push(chunk(&input(), &text), Timestamp::MIN).unwrap();
    sessions.advance(Duration::from_millis(999)).unwrap();
    assert!(take(&sessions).is_empty());
    sessions.advance(Duration::from_millis(1)).unwrap();
    assert_eq!(take(&sessions), ["+I[1, 2, 2, a, 1970-01-01T00:00, 1970-01-01T00:00:01.900]"]);
}

/// A session of the reference: start, end, and what is in it.
#[derive(Clone, Debug)]
struct Session {
    key: i64,
    start: i64,
    end: i64,
    count: i64,
    sum: i64,
    text: String,
}

#[derive(Default)]
struct Reference {
    open: Vec<Session>,
    watermark: Option<i64>,
    late: u64,
}

impl Reference {
    fn row(&mut self, gap: i64, key: i64, value: i64, time: i64) {
        let mut session =
            Session { key, start: time, end: time + gap, count: 1, sum: value, text: text(value) };
        let touches = |other: &Session| other.key == key && other.start <= time + gap && other.end >= time;
        let touching: Vec<_> = self.open.extract_if(.., |other| touches(other)).collect();
        for other in touching {
            session.start = session.start.min(other.start);
            session.end = session.end.max(other.end);
            session.count += other.count;
            session.sum += other.sum;
            session.text = session.text.max(other.text);
        }
        if self.watermark.is_some_and(|watermark| session.end - 1 <= watermark) {
            self.late += 1;
        } else {
            self.open.push(session);
        }
    }

    fn watermark(&mut self, watermark: i64) -> Vec<String> {
        self.watermark = Some(watermark);
        let over = self.open.extract_if(.., |session| session.end - 1 <= watermark);
        let lines = over.map(|session| {
            let Session { key, start, end, count, sum, text } = session;
            format!("{key}, {count}, {sum}, {text}, {start}, {end}")
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        lines
    }
}

fn text(value: i64) -> String {
    format!("t{}", value.rem_euclid(7))
}

#[derive(Clone, Debug)]
enum Event {
    Rows(Vec<(i64, i64, i64)>),
    Watermark(i64),
    Restore(u32),
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let row = (0_i64..4, -20_i64..20, 0_i64..150);
    let event = prop_oneof![
        5 => proptest::collection::vec(row, 1..10).prop_map(Event::Rows),
        3 => (0_i64..150).prop_map(Event::Watermark),
        1 => (1_u32..4).prop_map(Event::Restore),
    ];
    proptest::collection::vec(event, 1..25)
}

fn emitted(member: &Operator) -> Vec<String> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMillisecondType};
    let mut lines = Vec::new();
    for chunk in member.take_records() {
        let number =
            |column: usize, row: usize| chunk.columns()[column].as_primitive::<Int64Type>().value(row);
        let time = |column: usize, row: usize| {
            chunk.columns()[column].as_primitive::<TimestampMillisecondType>().value(row)
        };
        for row in 0..chunk.rows() {
            let text = chunk.columns()[3].as_string_view().value(row);
            let (key, count, sum) = (number(0, row), number(1, row), number(2, row));
            lines.push(format!("{key}, {count}, {sum}, {text}, {}, {}", time(4, row), time(5, row)));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn all_sessions_are_those_of_a_row_by_row_reference(gap in 1_i64..25, history in histories()) {
        let specification = specification(gap, rowtime());
        let groups = KeyGroups::new(128);
        let layout = KeyLayout::new(vec![0], vec![Field::required(SqlType::BigInt)]);
        let mut members = vec![Operator::new(SessionAggregate::new(&specification)).unwrap()];
        let (mut reference, mut reached, mut late, mut checkpoint) = (Reference::default(), i64::MIN, 0, 0);
        let watermark = |members: &mut Vec<Operator>, watermark: i64| {
            let mut all = Vec::new();
            for member in members {
                member.watermark(Timestamp::from_millis(watermark)).unwrap();
                all.extend(emitted(member));
            }
            all.sort();
            all
        };
        for event in history {
            match event {
                Event::Rows(rows) => {
                    rows.iter().for_each(|(key, value, time)| reference.row(gap, *key, *value, *time));
                    let lines = rows.iter().map(|(key, value, time)| format!("+I[{key}, {value}, {}, {time}]", text(*value)));
                    let all = chunk(&input(), &lines.collect::<Vec<_>>());
                    let mut hashes = Vec::new();
                    layout.hash(all.columns(), all.rows(), &mut hashes).unwrap();
                    let parallelism = u32::try_from(members.len()).unwrap();
                    for (index, member) in (0..).zip(&mut members) {
                        let own = hashes.iter().map(|hash| groups.owner(groups.of_hash(*hash), parallelism) == index);
                        member.push(all.filter(&own.map(Some).collect()).unwrap(), Timestamp::MIN).unwrap();
                    }
                }
                Event::Watermark(at) if at > reached => {
                    reached = at;
                    prop_assert_eq!(watermark(&mut members, at), reference.watermark(at));
                }
                Event::Watermark(_) => {}
                Event::Restore(parallelism) => {
                    checkpoint += 1;
                    late += members.iter().map(|member| member.counters().late_records).sum::<u64>();
                    let snapshots: Vec<_> = members.iter_mut().map(|member| member.snapshot(checkpoint).unwrap()).collect();
                    let open = |subtask| {
                        let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(&snapshots);
                        Operator::make(setup, |_| SessionAggregate::new(&specification)).unwrap()
                    };
                    members = (0..parallelism).map(open).collect();
                }
            }
        }
        prop_assert_eq!(watermark(&mut members, i64::MAX - 1), reference.watermark(i64::MAX - 1));
        late += members.iter().map(|member| member.counters().late_records).sum::<u64>();
        prop_assert_eq!(late, reference.late);
    }
}
