//! Random tables with insertions, updates and deletions, and random queries over them: what is left of the changes that
//! come out is what SQLite says of the tables as they are in the end.
//!
//! Each query runs as test cases do: with one subtask, with several, with mini-batches, and in a simulation with crashes; or
//! with a savepoint in between, at which the answer must be right as well. In all of them each edge of the plan is checked
//! for changes that contradict each other. What fails is printed as a test case, for `millstream test`.
//!
//! `MILLSTREAM_SQL_CASES` says how many cases there are, and `MILLSTREAM_SQL_SEED` which.

mod choices;
mod history;
mod oracle;
mod query;
mod render;

use std::fmt::Write as _;

use millstream_sql::testing::{CaseFile, CaseOptions, run_case};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use choices::Choices;
use history::{TABLES, Table};
use query::Query;
use render::{Dialect, render, with};

/// A test case: tables, a query into a sink, and the rows that SQLite says.
fn case(bytes: &[u8], restores: bool) -> String {
    let mut choices = Choices::new(bytes);
    // Queries that others read by their names, each perhaps once, twice or not at all; the first so many are views.
    let mut named = Vec::new();
    for _ in 0..choices.pick(&[0, 1, 0, 2]) {
        let depth = 1 + choices.below(2);
        let query = Query::generate(&mut choices, &named, depth);
        named.push(query);
    }
    let views = choices.below(named.len() + 1);
    let query = {
        let depth = 1 + choices.below(3);
        Query::generate(&mut choices, &named, depth)
    };
    let upserts = choices.once_in(2);
    let (splits, buckets) = (choices.once_in(2), choices.pick(&[1024, 2, 1]));
    let tables: Vec<Table> = (0..TABLES).map(|_| Table::generate(&mut choices)).collect();

    let mut text = "--! test  random\n".to_owned();
    if splits {
        text += "--! set table.optimizer.distinct-agg.split.enabled = true\n";
        let _ = writeln!(text, "--! set table.optimizer.distinct-agg.split.bucket-num = {buckets}");
    }
    for (index, table) in tables.iter().enumerate() {
        text += &table.create(index);
        text += &table.rows(index, true);
        if !restores {
            text += &table.rows(index, false);
        }
    }
    let (of_views, of_with) = named.split_at(views);
    for (number, view) in of_views.iter().enumerate() {
        let _ = writeln!(text, "CREATE VIEW v{number} AS {};", render(view, Dialect::Flink));
    }
    let columns = query.columns.iter().enumerate().map(|(index, column)| {
        let data_type = if column.is_text { "STRING" } else { "BIGINT" };
        format!("c{index} {data_type}")
    });
    let mut columns: Vec<String> = columns.collect();
    if let Some(key) = query.key.as_ref().filter(|_| upserts) {
        let key: Vec<String> = key.iter().map(|column| format!("c{column}")).collect();
        columns.push(format!("PRIMARY KEY ({}) NOT ENFORCED", key.join(", ")));
    }
    let _ = writeln!(
        text,
        "CREATE TABLE answers ({})\n  WITH ('connector' = 'values', 'sink-insert-only' = 'false');",
        columns.join(", ")
    );
    let before = with(of_with, views, Dialect::Flink);
    let _ = writeln!(text, "INSERT INTO answers {before}{};", render(&query, Dialect::Flink));
    // SQLite gets the same query at once: nothing of it lasts.
    let query = format!("{}{}", with(&named, 0, Dialect::Sqlite), render(&query, Dialect::Sqlite));
    text += &expected(&tables, &query, restores);
    if restores {
        text += "--! restore\n";
        tables.iter().enumerate().for_each(|(index, table)| text += &table.rows(index, false));
        text += &expected(&tables, &query, false);
    }
    text
}

/// The lines of a case that say what must be left at the savepoint, or in the end.
fn expected(tables: &[Table], query: &str, at_savepoint: bool) -> String {
    let contents: Vec<_> = tables.iter().map(|table| table.contents(at_savepoint)).collect();
    let mut text = "--! table answers\n".to_owned();
    for row in oracle::answer(&contents, query) {
        let _ = writeln!(text, "--! {row}");
    }
    text
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect(variable))
}

/// Runs so many random cases, and makes the first that fails as small as it can.
fn judge(cases: u64, restores: bool) {
    let cases = number("MILLSTREAM_SQL_CASES", cases);
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number("MILLSTREAM_SQL_SEED", 1).to_le_bytes());
    seed[8] = u8::from(restores);
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let result = runner.run(&proptest::collection::vec(proptest::num::u8::ANY, 0..400), |bytes| {
        let text = case(&bytes, restores);
        let file = CaseFile::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let seed = bytes.iter().map(|byte| u64::from(*byte)).sum();
        let options = CaseOptions { seed, ..CaseOptions::default() };
        if let Some(difference) = run_case(&file.cases[0], &options).differences.into_iter().next() {
            let (line, run, message) = (difference.line, difference.run, difference.message);
            return Err(TestCaseError::fail(format!("line {line}, {run}:\n{message}\n\n{text}")));
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, bytes)) => panic!("{reason}\n{bytes:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn what_is_left_is_what_sqlite_says() {
    judge(150, false);
}

#[test]
fn what_is_left_is_what_sqlite_says_at_a_savepoint_and_behind_it() {
    judge(100, true);
}
