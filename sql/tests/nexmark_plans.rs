//! The plans of Nexmark's queries: what EXPLAIN writes is what stands in `expectations/nexmark_plans.txt`.
//!
//! With `UPDATE_EXPECTATIONS` set, the file is written anew.

use std::fmt::Write as _;
use std::fs;

use millstream_sql::parser::split_statements;
use millstream_sql::{TableEnvironment, TableResult};

const QUERIES: [u32; 23] =
    [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

/// How a query runs, with the changes of each operator.
fn physical_plan(query: u32) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parser/nexmark");
    let mut tables = TableEnvironment::new();
    for file in ["tables".to_owned(), format!("q{query}")] {
        let script = fs::read_to_string(format!("{folder}/{file}.sql")).unwrap();
        for statement in split_statements(&script) {
            let text = match statement.text.starts_with("INSERT") {
                true => format!("EXPLAIN CHANGELOG_MODE {}", statement.text),
                false => statement.text.to_owned(),
            };
            match tables.execute_sql(&text) {
                Ok(TableResult::Text(text)) => {
                    let (_, plan) = text.split_once("== Optimized Physical Plan ==\n").unwrap();
                    return plan.split_once("\n\n").unwrap().0.to_owned();
                }
                Ok(_) => {}
                Err(error) => panic!("q{query}: {}", error.render(&text)),
            }
        }
    }
    panic!("q{query} has no INSERT")
}

#[test]
fn plans_are_those_that_are_written_down() {
    let mut plans = String::new();
    for query in QUERIES {
        // Writing to a string does not fail.
        let _ = writeln!(plans, "q{query}\n{}\n", physical_plan(query));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expectations/nexmark_plans.txt");
    if std::env::var_os("UPDATE_EXPECTATIONS").is_some() {
        fs::write(file, &plans).unwrap();
        return;
    }
    let expected = fs::read_to_string(file).unwrap();
    for (plan, expected) in plans.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(plan, expected);
    }
    assert_eq!(plans, expected);
}
