//! Late rows: with a watermark behind each row it is known which they are. They are dropped where a row-by-row reference
//! drops them, and counted.

use std::collections::BTreeMap;

use millstream_operators::Environment;
use millstream_operators::sink::{CollectSink, Collected};
use proptest::prelude::*;

use crate::connectors::TestRows;
use crate::connectors::testing::Script;
use crate::table_environment::TableResult;
use crate::test_support::rows;

/// How far the watermark is behind, in seconds.
const DELAY: i64 = 3;

/// A second and a key.
type Row = (i64, i64);

/// How rows are put into windows: the ends of those that a second is in.
#[derive(Clone, Copy, Debug)]
enum Windows {
    Tumble(i64),
    Hop(i64, i64),
    Cumulate(i64, i64),
}

impl Windows {
    fn ends(self, second: i64) -> Vec<i64> {
        match self {
            Self::Tumble(size) => vec![second - second % size + size],
            Self::Hop(slide, size) => {
                (0..size / slide).map(|number| second - second % slide - number * slide + size).collect()
            }
            Self::Cumulate(step, size) => {
                let start = second - second % size;
                (1..=size / step).map(|number| start + number * step).filter(|end| *end > second).collect()
            }
        }
    }

    fn function(self) -> String {
        let seconds = |number: i64| format!("INTERVAL '{number}' SECOND");
        let call = |name: &str, lengths: &[i64]| {
            let lengths: Vec<_> = lengths.iter().map(|length| seconds(*length)).collect();
            format!("TABLE({name}(TABLE s, DESCRIPTOR(ts), {}))", lengths.join(", "))
        };
        match self {
            Self::Tumble(size) => call("TUMBLE", &[size]),
            Self::Hop(slide, size) => call("HOP", &[slide, size]),
            Self::Cumulate(step, size) => call("CUMULATE", &[step, size]),
        }
    }
}

/// The rows of each window and key, of those that are not late; and how many are late for all of their windows, and for
/// single ones.
fn reference(input: &[Row], ends: impl Fn(i64) -> Vec<i64>) -> (BTreeMap<(i64, i64), Vec<i64>>, u64, u64) {
    let (mut windows, mut watermark) = (BTreeMap::<_, Vec<i64>>::new(), i64::MIN);
    let (mut late, mut late_in_windows) = (0, 0);
    for (second, key) in input {
        let all = ends(*second);
        // A window is over when the watermark is its last millisecond.
        let open: Vec<_> = all.iter().filter(|end| **end * 1_000 - 1 > watermark).collect();
        late += u64::from(open.is_empty());
        late_in_windows += (all.len() - open.len()) as u64;
        open.iter().for_each(|end| windows.entry((**end, *key)).or_default().push(*second));
        watermark = watermark.max((second - DELAY) * 1_000);
    }
    (windows, late, late_in_windows)
}

/// The sessions of each key: start, end and rows; and how many rows are late.
fn sessions(input: &[Row], gap: i64) -> (Vec<(i64, i64, i64, usize)>, u64) {
    let (mut open, mut watermark, mut late) = (Vec::<(i64, i64, i64, usize)>::new(), i64::MIN, 0);
    let mut over = Vec::new();
    for (second, key) in input {
        let (start, end) = (*second, second + gap);
        let touches = |session: &mut (i64, i64, i64, usize)| {
            session.0 == *key && session.1 <= end && session.2 >= start
        };
        let touched: Vec<_> = open.extract_if(.., touches).collect();
        if touched.is_empty() && end * 1_000 - 1 <= watermark {
            late += 1;
        } else {
            let first = touched.iter().map(|session| session.1).chain([start]).min().unwrap();
            let last = touched.iter().map(|session| session.2).chain([end]).max().unwrap();
            open.push((*key, first, last, touched.iter().map(|session| session.3).sum::<usize>() + 1));
        }
        watermark = watermark.max((second - DELAY) * 1_000);
        over.extend(open.extract_if(.., |session| session.2 * 1_000 - 1 <= watermark));
    }
    over.append(&mut open);
    over.sort_unstable();
    (over, late)
}

fn lines(input: &[Row]) -> TestRows {
    TestRows::new(
        input.iter().map(|(second, key)| {
            format!(r#"["2020-01-01 00:{:02}:{:02}", {key}]"#, second / 60, second % 60)
        }),
    )
}

/// The rows of a query over the input, and how many rows were late.
fn run(input: &[Row], query: &str) -> (Vec<String>, u64) {
    let mut script = Script::new(1);
    script.run(
        "CREATE TABLE s (ts TIMESTAMP(3), k BIGINT, WATERMARK FOR ts AS ts - INTERVAL '3' SECOND) WITH (
           'connector' = 'values', 'enable-watermark-push-down' = 'true', 'scan.watermark.emit.strategy' = 'on-event')",
    );
    script.register("s", lines(input));
    let TableResult::Query(job) = script.tables.execute_sql(query).unwrap() else { panic!("{query}") };
    let environment = Environment::new().parallelism(1);
    let collected = Collected::default();
    let _sink = job.build(&environment).unwrap().sink_to(CollectSink::new(&collected));
    let handle = environment.spawn("late rows").unwrap();
    handle.join_blocking().unwrap();
    let late = handle.metrics().operators().into_values().map(|operator| operator.late_records).sum();
    let mut rows = rows(job.schema(), &collected.take());
    rows.sort();
    (rows, late)
}

/// Seconds of the first half an hour of 2020 as they are written.
fn time(second: i64) -> String {
    let text = format!("2020-01-01T00:{:02}:{:02}", second / 60, second % 60);
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}

fn inputs() -> impl Strategy<Value = Vec<Row>> {
    // Most rows are a little out of order, some by far.
    let jump = prop_oneof![6 => 0_i64..3, 3 => -6_i64..0, 1 => -40_i64..20];
    proptest::collection::vec((jump, 0_i64..3), 1..60).prop_map(|jumps| {
        let mut second = 60;
        let rows = jumps.into_iter().map(|(jump, key)| {
            second = (second + jump).clamp(0, 1_700);
            (second, key)
        });
        rows.collect()
    })
}

fn kinds() -> impl Strategy<Value = Windows> {
    prop_oneof![
        Just(Windows::Tumble(5)),
        Just(Windows::Hop(2, 6)),
        Just(Windows::Hop(5, 10)),
        Just(Windows::Cumulate(2, 6)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn window_aggregates_drop_what_is_late(input in inputs(), kind in kinds()) {
        let query = format!(
            "SELECT window_end, k, COUNT(*), SUM(EXTRACT(SECOND FROM ts)) FROM {} GROUP BY window_start, window_end, k",
            kind.function()
        );
        let (windows, late, _) = reference(&input, |second| kind.ends(second));
        let expected = windows.iter().map(|((end, key), seconds)| {
            let sum: i64 = seconds.iter().map(|second| second % 60).sum();
            format!("+I[{}, {key}, {}, {sum}]", time(*end), seconds.len())
        });
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        prop_assert_eq!(run(&input, &query), (expected, late));
    }

    #[test]
    fn sessions_drop_what_is_late(input in inputs(), in_group_by in any::<bool>()) {
        let query = if in_group_by {
            "SELECT k, SESSION_START(ts, INTERVAL '4' SECOND), SESSION_END(ts, INTERVAL '4' SECOND), COUNT(*) FROM s
             GROUP BY k, SESSION(ts, INTERVAL '4' SECOND)"
        } else {
            "SELECT k, window_start, window_end, COUNT(*) FROM
             TABLE(SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end"
        };
        let (sessions, late) = sessions(&input, 4);
        let expected = sessions.iter().map(|(key, start, end, count)| {
            format!("+I[{key}, {}, {}, {count}]", time(*start), time(*end))
        });
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        prop_assert_eq!(run(&input, query), (expected, late));
    }

    #[test]
    fn ranks_of_windows_drop_what_is_late(input in inputs(), kind in kinds()) {
        let query = format!(
            "SELECT window_end, k, ts FROM (
               SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts DESC) AS n
               FROM {}) WHERE n <= 1",
            kind.function()
        );
        // Rows come with one of their windows each.
        let (windows, _, late) = reference(&input, |second| kind.ends(second));
        let expected = windows.iter().map(|((end, key), seconds)| {
            format!("+I[{}, {key}, {}]", time(*end), time(seconds.iter().copied().max().unwrap()))
        });
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        prop_assert_eq!(run(&input, &query), (expected, late));
    }

    #[test]
    fn legacy_windows_drop_the_same_rows(input in inputs()) {
        let in_from = "SELECT window_end, k, COUNT(*) FROM TABLE(HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '2' SECOND,
                       INTERVAL '6' SECOND)) GROUP BY window_start, window_end, k";
        let in_group_by = "SELECT HOP_END(ts, INTERVAL '2' SECOND, INTERVAL '6' SECOND), k, COUNT(*) FROM s
                           GROUP BY HOP(ts, INTERVAL '2' SECOND, INTERVAL '6' SECOND), k";
        prop_assert_eq!(run(&input, in_from), run(&input, in_group_by));
    }
}
