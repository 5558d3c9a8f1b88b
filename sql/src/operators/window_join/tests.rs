use std::collections::BTreeMap;

use millstream_runtime::testing::{HarnessSetup, TwoInputHarness};
use millstream_state::{KeyGroups, Timestamp};
use proptest::prelude::*;

use super::{WindowJoin, WindowJoinSpecification, WindowSide};
use crate::chunk::{Chunk, KeyLayout};
use crate::eval::BuildContext;
use crate::functions::operator;
use crate::plan::{Expression, JoinCondition, JoinKey, JoinKind};
use crate::test_support::{chunk, schema};
use crate::types::zone::Zone;
use crate::types::{Field, Schema, SqlType};

type Operator = TwoInputHarness<Chunk, Chunk, Chunk>;

/// The window's start and end, a key and a value.
fn input() -> Schema {
    schema(&[("ws", "ROWTIME!"), ("we", "ROWTIME!"), ("k", "BIGINT"), ("v", "BIGINT")])
}

const KINDS: [JoinKind; 6] =
    [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];

/// By the key, and the left value less than the right one if so wished.
fn specification(kind: JoinKind, less: bool) -> WindowJoinSpecification {
    let value = |column| Expression::column(column, Field::nullable(SqlType::BigInt));
    let residual = less.then(|| operator("<").unwrap().call(vec![value(3), value(7)]).unwrap());
    let key = JoinKey { left: 2, right: 2, null_safe: false };
    let condition = JoinCondition { keys: vec![key], residual };
    let side = || WindowSide::new(input(), (0, 1));
    WindowJoinSpecification::new(kind, &condition, side(), side(), &Zone::UTC, &BuildContext::default())
        .unwrap()
}

/// A row: window, key, value.
type Row = (i64, Option<i64>, i64);

#[derive(Clone, Debug)]
enum Event {
    Rows(bool, Vec<Row>),
    Watermark(i64),
    Restore(u32),
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let row = (0_i64..4, proptest::option::weighted(0.8, 0_i64..4), 0_i64..6);
    let event = prop_oneof![
        5 => (any::<bool>(), proptest::collection::vec(row, 1..8)).prop_map(|(right, rows)| Event::Rows(right, rows)),
        2 => (0_i64..60).prop_map(Event::Watermark),
        1 => (1_u32..4).prop_map(Event::Restore),
    ];
    proptest::collection::vec(event, 1..20)
}

/// The rows of both sides, by window.
type Open = BTreeMap<i64, [Vec<Row>; 2]>;

fn text(row: Option<&Row>) -> String {
    match row {
        None => "-".to_owned(),
        Some((window, key, value)) => format!("{window} {key:?} {value}"),
    }
}

/// Each row with each of the other side.
fn fire(open: &mut Open, watermark: i64, kind: JoinKind, less: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, [lefts, rights]) in open.extract_if(.., |window, _| window * 10 + 9 <= watermark) {
        let belong =
            |left: &Row, right: &Row| left.1.is_some() && left.1 == right.1 && (!less || left.2 < right.2);
        for left in &lefts {
            let others: Vec<&Row> = rights.iter().filter(|right| belong(left, right)).collect();
            match kind {
                JoinKind::Semi if !others.is_empty() => lines.push(text(Some(left))),
                JoinKind::Anti if others.is_empty() => lines.push(text(Some(left))),
                JoinKind::Semi | JoinKind::Anti => {}
                _ => {
                    let pairs =
                        others.iter().map(|right| format!("{} / {}", text(Some(left)), text(Some(right))));
                    lines.extend(pairs);
                    if kind.is_left_outer() && others.is_empty() {
                        lines.push(format!("{} / -", text(Some(left))));
                    }
                }
            }
        }
        if kind.is_right_outer() {
            let alone = rights.iter().filter(|right| !lefts.iter().any(|left| belong(left, right)));
            lines.extend(alone.map(|right| format!("- / {}", text(Some(right)))));
        }
    }
    lines.sort();
    lines
}

fn emitted(member: &Operator, kind: JoinKind) -> Vec<String> {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMillisecondType};
    let mut lines = Vec::new();
    for chunk in member.take_records() {
        for row in 0..chunk.rows() {
            let side = |from: usize| {
                let starts = chunk.columns()[from].as_primitive::<TimestampMillisecondType>();
                let keys = chunk.columns()[from + 2].as_primitive::<Int64Type>();
                let key = keys.is_valid(row).then(|| keys.value(row));
                let value = chunk.columns()[from + 3].as_primitive::<Int64Type>().value(row);
                let found = starts.is_valid(row).then(|| (starts.value(row) / 10, key, value));
                text(found.as_ref())
            };
            lines.push(if kind.is_left_only() { side(0) } else { format!("{} / {}", side(0), side(4)) });
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn windows_are_joined_as_by_trying_all_pairs(kind in 0_usize..6, less in any::<bool>(), history in histories()) {
        let kind = KINDS[kind];
        let specification = specification(kind, less);
        let groups = KeyGroups::new(128);
        let layout = KeyLayout::new(vec![2], vec![Field::nullable(SqlType::BigInt)]);
        let mut members = vec![Operator::new(WindowJoin::new(&specification)).unwrap()];
        let (mut open, mut reached, mut checkpoint) = (Open::new(), i64::MIN, 0);
        let watermark = |members: &mut Vec<Operator>, at: i64| {
            let mut all = Vec::new();
            for member in members {
                member.watermark(Timestamp::from_millis(at)).unwrap();
                all.extend(emitted(member, kind));
            }
            all.sort();
            all
        };
        for event in history {
            match event {
                Event::Rows(right, rows) => {
                    let mut lines = Vec::new();
                    for row in rows {
                        let (window, key, value) = row;
                        if window * 10 + 9 > reached {
                            open.entry(window).or_default()[usize::from(right)].push(row);
                        }
                        let key = key.map_or("null".to_owned(), |key| key.to_string());
                        lines.push(format!("+I[{}, {}, {key}, {value}]", window * 10, window * 10 + 10));
                    }
                    let all = chunk(&input(), &lines);
                    let mut hashes = Vec::new();
                    layout.hash(all.columns(), all.rows(), &mut hashes).unwrap();
                    let parallelism = u32::try_from(members.len()).unwrap();
                    for (index, member) in (0..).zip(&mut members) {
                        let own = hashes.iter().map(|hash| groups.owner(groups.of_hash(*hash), parallelism) == index);
                        let own = all.filter(&own.map(Some).collect()).unwrap();
                        match right {
                            true => member.push_second(own, Timestamp::MIN).unwrap(),
                            false => member.push_first(own, Timestamp::MIN).unwrap(),
                        }
                    }
                }
                Event::Watermark(at) if at > reached => {
                    reached = at;
                    prop_assert_eq!(watermark(&mut members, at), fire(&mut open, at, kind, less));
                }
                Event::Watermark(_) => {}
                Event::Restore(parallelism) => {
                    checkpoint += 1;
                    let snapshots: Vec<_> = members.iter_mut().map(|member| member.snapshot(checkpoint).unwrap()).collect();
                    let make = |subtask| {
                        let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(&snapshots);
                        Operator::make(setup, |_| WindowJoin::new(&specification)).unwrap()
                    };
                    members = (0..parallelism).map(make).collect();
                }
            }
        }
        prop_assert_eq!(watermark(&mut members, 1_000), fire(&mut open, 1_000, kind, less));
    }
}
