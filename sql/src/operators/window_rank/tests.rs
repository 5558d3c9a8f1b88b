use std::collections::BTreeMap;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::{KeyGroups, Timestamp};
use proptest::prelude::*;

use super::{WindowRank, WindowRankSpecification};
use crate::chunk::{Chunk, KeyLayout};
use crate::plan::SortKey;
use crate::test_support::{chunk, rows, schema};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType};

type Operator = OperatorHarness<Chunk, Chunk>;

/// The window's start and end, a key, a value and a number that tells rows apart.
fn input() -> Schema {
    schema(&[("ws", "ROWTIME!"), ("we", "ROWTIME!"), ("k", "BIGINT"), ("v", "BIGINT"), ("id", "BIGINT")])
}

fn output() -> Schema {
    let number = NamedField::new("rn", Field::required(SqlType::BigInt));
    input().iter().cloned().chain([number]).collect()
}

fn by_value(descending: bool) -> SortKey {
    SortKey { column: 3, descending, nulls_last: descending }
}

fn specification(range: (u64, u64), descending: bool, latest: bool) -> WindowRankSpecification {
    let order = [by_value(descending)];
    WindowRankSpecification::new(&[0, 1, 2], (0, 1), &order, range, (true, latest), &input(), &Zone::UTC)
}

#[test]
fn the_first_rows_of_a_window_come_with_their_numbers() {
    let mut rank = Operator::new(WindowRank::new(&specification((2, 3), true, false))).unwrap();
    let texts = [
        "+I[0, 1000, 1, 5, 1]",
        "+I[0, 1000, 1, 7, 2]",
        "+I[0, 1000, 1, null, 3]",
        "+I[0, 1000, 1, 5, 4]",
        "+I[0, 1000, null, 1, 5]",
        "+I[0, 1000, null, 2, 6]",
        "+I[1000, 2000, 1, 9, 7]",
        "+I[0, 1000, 1, 1, 8]",
    ];
    rank.push(chunk(&input(), &texts), Timestamp::MIN).unwrap();
    rank.watermark(Timestamp::from_millis(998)).unwrap();
    assert!(rank.take_records().is_empty());
    rank.watermark(Timestamp::from_millis(999)).unwrap();
    let mut first = rows(&output(), &rank.take_records());
    first.sort();
    assert_eq!(
        first,
        [
            "+I[1970-01-01T00:00, 1970-01-01T00:00:01, 1, 5, 1, 2]",
            "+I[1970-01-01T00:00, 1970-01-01T00:00:01, 1, 5, 4, 3]",
            "+I[1970-01-01T00:00, 1970-01-01T00:00:01, null, 1, 5, 2]",
        ]
    );
    // Late: dropped and counted.
    rank.push(chunk(&input(), &["+I[0, 1000, 1, 9, 9]"]), Timestamp::MIN).unwrap();
    assert_eq!(rank.counters().late_records, 1);
    // Number 2 is not there.
    rank.end_of_data().unwrap();
    assert!(rank.take_records().is_empty());
}

#[derive(Clone, Debug)]
enum Event {
    /// Window, key, value.
    Rows(Vec<(i64, i64, i64)>),
    Watermark(i64),
    Restore(u32),
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let row = (0_i64..4, 0_i64..4, 0_i64..6);
    let event = prop_oneof![
        5 => proptest::collection::vec(row, 1..10).prop_map(Event::Rows),
        2 => (0_i64..60).prop_map(Event::Watermark),
        1 => (1_u32..4).prop_map(Event::Restore),
    ];
    proptest::collection::vec(event, 1..20)
}

/// Rows by window and key: value and identifier, in the order in which they came.
type Open = BTreeMap<(i64, i64), Vec<(i64, i64)>>;

fn fire(open: &mut Open, watermark: i64, limit: usize, descending: bool, latest: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for ((window, key), rows) in open.extract_if(.., |(window, _), _| window * 10 + 9 <= watermark) {
        let mut rows: Vec<(i64, i64)> = rows;
        rows.sort_by_key(|(value, id)| {
            (if descending { -value } else { *value }, if latest { -id } else { *id })
        });
        for (number, (value, id)) in rows.into_iter().take(limit).enumerate() {
            lines.push(format!("{window} {key} {value} {id} {}", number + 1));
        }
    }
    lines.sort();
    lines
}

fn emitted(member: &Operator) -> Vec<String> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMillisecondType};
    let mut lines = Vec::new();
    for chunk in member.take_records() {
        let number =
            |column: usize, row: usize| chunk.columns()[column].as_primitive::<Int64Type>().value(row);
        for row in 0..chunk.rows() {
            let start = chunk.columns()[0].as_primitive::<TimestampMillisecondType>().value(row);
            let (key, value, id) = (number(2, row), number(3, row), number(4, row));
            lines.push(format!("{} {key} {value} {id} {}", start / 10, number(5, row)));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn windows_are_ranked_as_by_a_sort_of_all_rows(
        limit in 1_usize..4,
        descending in any::<bool>(),
        history in histories(),
    ) {
        // Of equal rows the last is the first where one row alone is kept.
        let latest = limit == 1 && descending;
        let specification = specification((1, limit as u64), descending, latest);
        let groups = KeyGroups::new(128);
        let layout = KeyLayout::new(vec![2], vec![Field::nullable(SqlType::BigInt)]);
        let mut members = vec![Operator::new(WindowRank::new(&specification)).unwrap()];
        let (mut open, mut reached, mut id, mut checkpoint) = (Open::new(), i64::MIN, 0, 0);
        let watermark = |members: &mut Vec<Operator>, at: i64| {
            let mut all = Vec::new();
            for member in members {
                member.watermark(Timestamp::from_millis(at)).unwrap();
                all.extend(emitted(member));
            }
            all.sort();
            all
        };
        for event in history {
            match event {
                Event::Rows(rows) => {
                    let mut lines = Vec::new();
                    for (window, key, value) in rows {
                        id += 1;
                        if window * 10 + 9 > reached {
                            open.entry((window, key)).or_default().push((value, id));
                        }
                        lines.push(format!("+I[{}, {}, {key}, {value}, {id}]", window * 10, window * 10 + 10));
                    }
                    let all = chunk(&input(), &lines);
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
                    prop_assert_eq!(watermark(&mut members, at), fire(&mut open, at, limit, descending, latest));
                }
                Event::Watermark(_) => {}
                Event::Restore(parallelism) => {
                    checkpoint += 1;
                    let snapshots: Vec<_> = members.iter_mut().map(|member| member.snapshot(checkpoint).unwrap()).collect();
                    let make = |subtask| {
                        let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(&snapshots);
                        Operator::make(setup, |_| WindowRank::new(&specification)).unwrap()
                    };
                    members = (0..parallelism).map(make).collect();
                }
            }
        }
        prop_assert_eq!(watermark(&mut members, 1_000), fire(&mut open, 1_000, limit, descending, latest));
    }
}
