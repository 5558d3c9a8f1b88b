//! One story for all operators that keep rows by key: those that have expired are as if they had never been, and are gone.
//!
//! Group aggregates and joins, which keep more, have stories of their own beside them.

use std::time::Duration;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::Timestamp;
use millstream_state::rows::Ttl;

use crate::chunk::Chunk;
use crate::operators::{
    BoundedRank, ChangelogNormalize, Deduplicate, DeduplicateFirst, DeduplicateSpecification,
    RankSpecification, RetractableRank, SinkUpsertMaterializer,
};
use crate::plan::SortKey;
use crate::test_support::{chunk, rows, schema};
use crate::types::Schema;

type Harness = OperatorHarness<Chunk, Chunk>;

const TTL: Option<Ttl> = Some(Ttl { seconds: 10 });

/// An operator over rows of a key, a value and a time.
struct Case {
    name: &'static str,
    time: &'static str,
    open: fn(HarnessSetup<'_>, &Schema, Option<Ttl>) -> Harness,
}

fn deduplicate(setup: HarnessSetup<'_>, columns: &Schema, keep_last: bool, ttl: Option<Ttl>) -> Harness {
    let specification = DeduplicateSpecification::new(&[0], columns, 2, keep_last, true).with_ttl(ttl);
    let opened = if specification.waits() {
        Harness::with(setup, DeduplicateFirst::new(&specification))
    } else {
        Harness::with(setup, Deduplicate::new(&specification))
    };
    opened.unwrap()
}

fn rank(columns: &Schema, partition: &[usize], end: u64, ttl: Option<Ttl>) -> RankSpecification {
    let order = [SortKey { column: 1, descending: false, nulls_last: false }];
    // With numbers, a row is told from the same row with others around it.
    RankSpecification::new(partition, &order, columns, (1, end), end > 1, true).with_ttl(ttl)
}

fn bounded(setup: HarnessSetup<'_>, specification: &RankSpecification) -> Harness {
    Harness::with(setup, BoundedRank::new(specification)).unwrap()
}

fn retractable(setup: HarnessSetup<'_>, specification: &RankSpecification) -> Harness {
    Harness::with(setup, RetractableRank::new(specification)).unwrap()
}

const CASES: [Case; 13] = [
    Case {
        name: "first row by processing time",
        time: "PROCTIME!",
        open: |setup, columns, ttl| deduplicate(setup, columns, false, ttl),
    },
    Case {
        name: "last row by processing time",
        time: "PROCTIME!",
        open: |setup, columns, ttl| deduplicate(setup, columns, true, ttl),
    },
    Case {
        name: "first row by rowtime",
        time: "ROWTIME!",
        open: |setup, columns, ttl| deduplicate(setup, columns, false, ttl),
    },
    Case {
        name: "last row by rowtime",
        time: "ROWTIME!",
        open: |setup, columns, ttl| deduplicate(setup, columns, true, ttl),
    },
    Case {
        name: "first row of a partition",
        time: "ROWTIME!",
        open: |setup, columns, ttl| bounded(setup, &rank(columns, &[0], 1, ttl)),
    },
    Case {
        name: "first rows of a partition",
        time: "ROWTIME!",
        open: |setup, columns, ttl| bounded(setup, &rank(columns, &[0], 3, ttl)),
    },
    Case {
        name: "first rows of all",
        time: "ROWTIME!",
        open: |setup, columns, ttl| bounded(setup, &rank(columns, &[], 3, ttl)),
    },
    Case {
        name: "first rows of a partition, replaced by better ones",
        time: "ROWTIME!",
        open: |setup, columns, ttl| bounded(setup, &rank(columns, &[0], 3, ttl).replacing(&[0])),
    },
    Case {
        name: "first row of a partition of which rows go",
        time: "ROWTIME!",
        open: |setup, columns, ttl| retractable(setup, &rank(columns, &[0], 1, ttl)),
    },
    Case {
        name: "first row of all of which rows go",
        time: "ROWTIME!",
        open: |setup, columns, ttl| retractable(setup, &rank(columns, &[], 1, ttl)),
    },
    Case {
        name: "normalize",
        time: "ROWTIME!",
        open: |setup, columns, ttl| {
            Harness::with(setup, ChangelogNormalize::new(&[0], columns, true, ttl)).unwrap()
        },
    },
    Case {
        name: "materialize by row",
        time: "ROWTIME!",
        open: |setup, columns, ttl| {
            Harness::with(setup, SinkUpsertMaterializer::new(&[0], &[], columns, ttl)).unwrap()
        },
    },
    Case {
        name: "materialize by key",
        time: "ROWTIME!",
        open: |setup, columns, ttl| {
            Harness::with(setup, SinkUpsertMaterializer::new(&[0], &[0], columns, ttl)).unwrap()
        },
    },
];

impl Case {
    fn columns(&self) -> Schema {
        schema(&[("k", "BIGINT!"), ("v", "STRING"), ("time", self.time)])
    }

    fn at(&self, second: u64, ttl: Option<Ttl>) -> Harness {
        (self.open)(HarnessSetup::new().clock(Duration::from_secs(second)), &self.columns(), ttl)
    }

    /// Pushes rows with these keys, of this second, and the watermark behind them; what comes out, without its times.
    fn push(&self, harness: &mut Harness, keys: &[i64], value: &str, second: u64) -> Vec<String> {
        let millis = i64::try_from(second * 1_000).unwrap();
        let pushed: Vec<_> = keys.iter().map(|key| format!("+I[{key}, {value}, {millis}]")).collect();
        harness.push(chunk(&self.columns(), &pushed), Timestamp::MIN).unwrap();
        harness.watermark(Timestamp::from_millis(millis)).unwrap();
        let emitted = rows(&self.columns(), &harness.take_records());
        emitted.into_iter().map(|row| row.rsplit_once(", ").unwrap().0.to_owned()).collect()
    }
}

#[test]
fn what_has_expired_is_as_if_it_had_never_been() {
    for case in CASES {
        let (first, second) = ("b", "a");
        let mut forever = case.at(100, None);
        let begun = case.push(&mut forever, &[1], first, 100);
        let known = case.push(&mut forever, &[1], second, 109);
        let anew = case.push(&mut case.at(110, None), &[1], second, 110);
        assert_eq!((begun.len(), anew.len()), (1, 1), "{}", case.name);
        assert_ne!(known, anew, "{}", case.name);
        for (wait, expected) in [(9, &known), (10, &anew)] {
            let mut harness = case.at(100, TTL);
            assert_eq!(case.push(&mut harness, &[1], first, 100), begun, "{}", case.name);
            let snapshot = harness.snapshot(1).unwrap();
            harness.advance(Duration::from_secs(wait)).unwrap();
            assert_eq!(case.push(&mut harness, &[1], second, 100 + wait), *expected, "{} {wait}", case.name);
            // The same from a snapshot.
            let setup = HarnessSetup::new().clock(Duration::from_secs(100 + wait)).restore([&snapshot]);
            let mut restored = (case.open)(setup, &case.columns(), TTL);
            assert_eq!(case.push(&mut restored, &[1], second, 100 + wait), *expected, "{} {wait}", case.name);
        }
    }
}

#[test]
fn rows_that_begin_to_expire_count_as_written_when_they_are_restored() {
    for case in CASES {
        let mut forever = case.at(100, None);
        case.push(&mut forever, &[1], "b", 100);
        let snapshot = forever.snapshot(1).unwrap();
        let known = case.push(&mut forever, &[1], "a", 1_009);
        let setup = HarnessSetup::new().clock(Duration::from_secs(1_000)).restore([&snapshot]);
        let mut restored = (case.open)(setup, &case.columns(), TTL);
        restored.advance(Duration::from_secs(9)).unwrap();
        assert_eq!(case.push(&mut restored, &[1], "a", 1_009), known, "{}", case.name);
    }
}

#[test]
fn the_same_row_again_is_passed_on_where_state_expires() {
    for (name, without, with) in [
        ("last row by processing time", 0, 2),
        ("normalize", 0, 2),
        ("first row by processing time", 0, 0),
        ("first row of a partition", 0, 0),
    ] {
        let case = CASES.into_iter().find(|case| case.name == name).unwrap();
        for (ttl, expected) in [(None, without), (TTL, with)] {
            let mut harness = case.at(100, ttl);
            for _ in 0..2 {
                let pushed = [format!("+I[1, a, {}]", 100_000)];
                harness.push(chunk(&case.columns(), &pushed), Timestamp::MIN).unwrap();
            }
            let emitted = rows(&case.columns(), &harness.take_records());
            assert_eq!(emitted.len(), 1 + expected, "{name} {ttl:?}");
        }
    }
}

#[test]
fn state_does_not_grow_with_what_has_expired() {
    for case in CASES {
        let mut most = [0, 0];
        for (most, ttl) in most.iter_mut().zip([None, TTL]) {
            let mut harness = case.at(0, ttl);
            for second in 0..60 {
                let first = i64::try_from(second * 100).unwrap();
                case.push(&mut harness, &(first..first + 100).collect::<Vec<_>>(), "a", second);
                harness.advance(Duration::from_secs(1)).unwrap();
            }
            *most = harness.snapshot(1).unwrap().keyed_entries();
        }
        let [forever, expiring] = most;
        if forever > 1 {
            assert_eq!(forever, 6_000, "{}", case.name);
            assert!((1_000..3_000).contains(&expiring), "{}: {expiring}", case.name);
        }
    }
}

#[test]
fn rows_that_wait_for_the_watermark_do_not_expire() {
    let case = CASES.into_iter().find(|case| case.name == "first row by rowtime").unwrap();
    let mut harness = case.at(100, TTL);
    harness.push(chunk(&case.columns(), &["+I[1, a, 500000]"]), Timestamp::MIN).unwrap();
    harness.advance(Duration::from_secs(300)).unwrap();
    assert_eq!(case.push(&mut harness, &[2], "b", 400), ["+I[2, b"]);
    assert_eq!(case.push(&mut harness, &[3], "c", 500), ["+I[1, a", "+I[3, c"]);
}
