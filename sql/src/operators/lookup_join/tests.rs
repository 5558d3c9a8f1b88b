use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use parking_lot::Mutex;
use proptest::prelude::*;

use super::{LookupJoin, LookupJoinSpecification};
use crate::chunk::Chunk;
use crate::connectors::lookup::{FoundRows, LookupCache, LookupFunction, PartialCache};
use crate::eval::{BuildContext, Program};
use crate::functions::scalar_function;
use crate::plan::{Expression, JoinKind, LookupSource};
use crate::test_support::{chunk, emitted, rows, schema};
use crate::types::{Field, Schema, SqlType};

/// A table of names by number, and what was asked of it.
#[derive(Clone)]
struct Table {
    rows: Arc<Mutex<Vec<(i64, &'static str)>>>,
    /// The keys of each call, or `None` where the whole table was read.
    calls: Arc<Mutex<Vec<Option<Vec<i64>>>>>,
}

impl Table {
    fn new(rows: &[(i64, &'static str)]) -> Self {
        Self { rows: Arc::new(Mutex::new(rows.to_vec())), calls: Arc::default() }
    }

    fn calls(&self) -> Vec<Option<Vec<i64>>> {
        std::mem::take(&mut *self.calls.lock())
    }
}

fn left() -> Schema {
    schema(&[("id", "BIGINT"), ("k", "BIGINT")])
}

fn right() -> Schema {
    schema(&[("key", "BIGINT"), ("name", "STRING")])
}

fn result() -> Schema {
    schema(&[("id", "BIGINT"), ("k", "BIGINT"), ("key", "BIGINT"), ("name", "STRING")])
}

fn table_chunk<'r>(rows: impl Iterator<Item = &'r (i64, &'static str)>) -> Chunk {
    let rows: Vec<String> = rows.map(|(key, name)| format!("+I[{key}, {name}]")).collect();
    chunk(&right(), &rows)
}

impl LookupFunction for Table {
    fn lookup(&mut self, keys: Chunk) -> BoxFuture<'static, Result<FoundRows>> {
        let text = rows(&schema(&[("k", "BIGINT")]), &[keys]);
        let keys: Vec<i64> = text.iter().map(|row| row[3..row.len() - 1].parse().unwrap()).collect();
        self.calls.lock().push(Some(keys.clone()));
        let rows = self.rows.clone();
        async move {
            let rows = rows.lock().clone();
            if rows.iter().any(|(_, name)| *name == "broken") {
                return Err(Error::new(ErrorKind::External, "the table is broken"));
            }
            let (mut found, mut key_of) = (Vec::new(), Vec::new());
            for (number, key) in (0_u32..).zip(keys) {
                for row in rows.iter().filter(|(known, _)| *known == key) {
                    found.push(*row);
                    key_of.push(number);
                }
            }
            Ok(FoundRows { rows: table_chunk(found.iter()), key_of })
        }
        .boxed()
    }

    fn load(&mut self) -> BoxFuture<'static, Result<Chunk>> {
        self.calls.lock().push(None);
        ready(Ok(table_chunk(self.rows.lock().iter()))).boxed()
    }
}

fn specification(table: &Table, kind: JoinKind) -> LookupJoinSpecification {
    let columns: Vec<_> =
        right().fields().enumerate().map(|(index, field)| Expression::column(index, field.clone())).collect();
    let projection = Program::compile(&columns, &BuildContext::default()).unwrap();
    let table = table.clone();
    let mut specification = LookupJoinSpecification::of(
        kind,
        [(0, &LookupSource::Column(1))].into_iter(),
        &left(),
        right(),
        Arc::new(move || Box::new(table.clone())),
        projection,
    );
    specification.right_types = right().fields().map(|field| field.data_type.arrow()).collect();
    specification
}

type Harness = OperatorHarness<Chunk, Chunk>;

fn harness(specification: &LookupJoinSpecification) -> Harness {
    Harness::new(LookupJoin::new(specification)).unwrap()
}

fn slow(specification: &LookupJoinSpecification) -> Harness {
    Harness::with(HarnessSetup::new().manual_io(), LookupJoin::new(specification)).unwrap()
}

fn push(harness: &mut Harness, rows: &[&str]) {
    harness.push(chunk(&left(), rows), Timestamp::MIN).unwrap();
}

fn taken(harness: &Harness) -> Vec<String> {
    rows(&result(), &harness.take_records())
}

const NAMES: [(i64, &str); 4] = [(1, "a"), (2, "b"), (2, "c"), (4, "d")];

#[test]
fn rows_meet_those_of_their_key_in_order() {
    let table = Table::new(&NAMES);
    let mut inner = harness(&specification(&table, JoinKind::Inner));
    let input = ["+I[1, 2]", "+I[2, 7]", "+I[3, null]", "-U[4, 1]", "+U[4, 2]", "-D[5, 4]"];
    push(&mut inner, &input);
    let expected = [
        "+I[1, 2, 2, b]",
        "+I[1, 2, 2, c]",
        "-U[4, 1, 1, a]",
        "+U[4, 2, 2, b]",
        "+U[4, 2, 2, c]",
        "-D[5, 4, 4, d]",
    ];
    assert_eq!(taken(&inner), expected);
    // Each key once, and NULL not at all.
    assert_eq!(table.calls(), [Some(vec![2, 7, 1, 4])]);
    let mut outer = harness(&specification(&table, JoinKind::Left));
    push(&mut outer, &input[..3]);
    let expected = ["+I[1, 2, 2, b]", "+I[1, 2, 2, c]", "+I[2, 7, null, null]", "+I[3, null, null, null]"];
    assert_eq!(taken(&outer), expected);
    push(&mut outer, &["+I[9, 9]"]);
    assert_eq!(taken(&outer), ["+I[9, 9, null, null]"]);
}

#[test]
fn what_waits_keeps_its_order_and_is_out_before_a_barrier() {
    let table = Table::new(&NAMES);
    let mut harness = slow(&specification(&table, JoinKind::Inner));
    push(&mut harness, &["+I[1, 1]"]);
    harness.watermark(Timestamp::from_millis(5)).unwrap();
    push(&mut harness, &["+I[2, 2]"]);
    assert_eq!(emitted(&harness), [""; 0]);
    harness.run_io().unwrap();
    assert_eq!(emitted(&harness), ["1", "w5", "2"]);
    push(&mut harness, &["+I[3, 1]"]);
    harness.end_of_data().unwrap();
    harness.run_io().unwrap();
    assert_eq!(taken(&harness), ["+I[3, 1, 1, a]"]);
}

#[test]
fn no_more_rows_wait_than_may() {
    let table = Table::new(&NAMES);
    let mut harness =
        slow(&LookupJoinSpecification { capacity: 2, ..specification(&table, JoinKind::Inner) });
    push(&mut harness, &["+I[1, 1]", "+I[2, 2]", "+I[3, 4]", "+I[4, 1]", "+I[5, 1]"]);
    // Two rows are asked for, the others wait.
    assert_eq!(table.calls(), [Some(vec![1, 2])]);
    assert!(harness.is_blocked());
    for _ in 0..5 {
        harness.run_io().unwrap();
    }
    assert_eq!(taken(&harness).len(), 6);
    assert_eq!(table.calls(), [Some(vec![4, 1]), Some(vec![1])]);
}

#[test]
fn an_error_of_the_table_is_that_of_the_job() {
    let table = Table::new(&[(1, "broken")]);
    let mut harness = harness(&specification(&table, JoinKind::Inner));
    let error = harness.push(chunk(&left(), &["+I[1, 1]"]), Timestamp::MIN).unwrap_err();
    assert!(error.to_string().contains("the table is broken"), "{error}");
}

#[test]
fn rows_that_were_found_are_not_asked_for_again_for_a_time() {
    let table = Table::new(&NAMES);
    let options = PartialCache {
        expire_after_write: Some(Duration::from_secs(10)),
        cache_missing_key: true,
        ..PartialCache::default()
    };
    let cache = LookupCache::Partial(options);
    let mut harness = harness(&LookupJoinSpecification { cache, ..specification(&table, JoinKind::Left) });
    push(&mut harness, &["+I[1, 2]", "+I[2, 7]"]);
    push(&mut harness, &["+I[3, 7]", "+I[4, 4]", "+I[5, 2]"]);
    assert_eq!(table.calls(), [Some(vec![2, 7]), Some(vec![4])]);
    let expected = [
        "+I[1, 2, 2, b]",
        "+I[1, 2, 2, c]",
        "+I[2, 7, null, null]",
        "+I[3, 7, null, null]",
        "+I[4, 4, 4, d]",
        "+I[5, 2, 2, b]",
        "+I[5, 2, 2, c]",
    ];
    assert_eq!(taken(&harness), expected);
    table.rows.lock().push((7, "new"));
    push(&mut harness, &["+I[6, 7]"]);
    assert_eq!(taken(&harness), ["+I[6, 7, null, null]"]);
    harness.advance(Duration::from_secs(10)).unwrap();
    push(&mut harness, &["+I[7, 7]"]);
    assert_eq!(taken(&harness), ["+I[7, 7, 7, new]"]);
    assert_eq!(table.calls(), [Some(vec![7])]);
}

#[test]
fn a_table_that_is_kept_whole_is_read_again_now_and_then() {
    let table = Table::new(&NAMES);
    let cache = LookupCache::Full { reload_interval: Duration::from_secs(60), fixed_rate: true };
    let mut harness = harness(&LookupJoinSpecification { cache, ..specification(&table, JoinKind::Inner) });
    push(&mut harness, &["+I[1, 2]", "+I[2, 7]", "+I[3, null]"]);
    assert_eq!(taken(&harness), ["+I[1, 2, 2, b]", "+I[1, 2, 2, c]"]);
    table.rows.lock().push((7, "new"));
    push(&mut harness, &["+I[4, 7]"]);
    assert_eq!(taken(&harness), [""; 0]);
    assert_eq!(table.calls(), [None]);
    // Nobody has to come for it to be read.
    harness.advance(Duration::from_secs(60)).unwrap();
    assert_eq!(table.calls(), [None]);
    push(&mut harness, &["+I[5, 7]"]);
    assert_eq!(taken(&harness), ["+I[5, 7, 7, new]"]);
}

fn less_than(column: usize, of: &Schema, number: usize) -> Expression {
    let columns =
        [Expression::column(column, of.field(column)), Expression::column(number, of.field(number))];
    let field = Field::nullable(SqlType::Boolean);
    Expression::call(scalar_function("<").unwrap(), columns.to_vec(), field)
}

proptest! {
    #[test]
    fn as_a_nested_loop(
        lefts in prop::collection::vec((0..50_i64, prop::option::of(0..6_i64)), 0..60),
        rights in prop::collection::vec((0..6_i64, prop::sample::select(vec!["x", "y", "z"])), 0..12),
        is_left: bool,
        residual: bool,
        cached: bool,
        capacity in 1..9_usize,
    ) {
        let kind = if is_left { JoinKind::Left } else { JoinKind::Inner };
        let table = Table::new(&rights);
        let mut specification = specification(&table, kind);
        if residual {
            let condition = less_than(0, &result(), 2);
            specification.residual = Some(Program::compile([&condition], &BuildContext::default()).unwrap());
        }
        if cached {
            specification.cache = LookupCache::Partial(PartialCache { max_rows: Some(3), ..PartialCache::default() });
        }
        specification.capacity = capacity;
        let mut harness = harness(&specification);
        for lefts in lefts.chunks(25) {
            let text = |key: &Option<i64>| key.map_or("null".to_owned(), |key| key.to_string());
            let input: Vec<_> = lefts.iter().map(|(id, key)| format!("+I[{id}, {}]", text(key))).collect();
            harness.push(chunk(&left(), &input), Timestamp::MIN).unwrap();
        }
        harness.end_of_data().unwrap();
        let mut expected = Vec::new();
        for (id, key) in &lefts {
            let text = key.map_or("null".to_owned(), |key| key.to_string());
            let matches = rights.iter().filter(|(other, _)| Some(*other) == *key && (!residual || id < other));
            let before = expected.len();
            expected.extend(matches.map(|(other, name)| format!("+I[{id}, {text}, {other}, {name}]")));
            if is_left && expected.len() == before {
                expected.push(format!("+I[{id}, {text}, null, null]"));
            }
        }
        prop_assert_eq!(taken(&harness), expected);
    }
}

#[test]
fn chunks_are_no_larger_than_others() {
    let table = Table::new(&vec![(1, "a"); 300]);
    let mut harness = harness(&specification(&table, JoinKind::Inner));
    let input: Vec<_> = (0..100).map(|id| format!("+I[{id}, 1]")).collect();
    harness.push(chunk(&left(), &input), Timestamp::MIN).unwrap();
    let sizes: Vec<_> = harness.take_records().iter().map(Chunk::rows).collect();
    assert!(sizes.iter().all(|rows| *rows <= Chunk::ROWS), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 30_000);
}
