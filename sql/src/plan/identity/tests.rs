//! Edits of a query that must not move the names of its operators, and edits that must.

use super::{Identities, RESULT};
use crate::plan::PhysicalPlan;
use crate::{TableEnvironment, TableResult};

fn environment() -> TableEnvironment {
    let mut tables = TableEnvironment::new();
    for table in [
        "CREATE TABLE a (k INT, n BIGINT, more BIGINT) WITH ('connector' = 'print')",
        "CREATE TABLE b (k INT, n BIGINT, more BIGINT) WITH ('connector' = 'print')",
        "CREATE TABLE source (k INT, j INT, v INT) WITH ('connector' = 'values')",
        "CREATE VIEW rows1 AS SELECT * FROM (VALUES (1, 2, 3, 'x')) AS t(k, j, v, w)",
    ] {
        tables.execute_sql(table).unwrap();
    }
    tables
}

/// The names of all operators of a job, those that are read before those that read them.
fn names(statements: &[&str]) -> Vec<String> {
    let mut tables = environment();
    let (mut identities, mut names) = (Identities::default(), Vec::new());
    for statement in statements {
        match tables.execute_sql(statement).unwrap() {
            TableResult::Insert(job) => {
                for plan in job.plans() {
                    let crate::plan::PhysicalNode::Sink { table } = &plan.node else { panic!("{plan:?}") };
                    collect(plan, &table.path.to_string(), &mut identities, &mut names);
                }
            }
            TableResult::Query(job) => collect(job.plan(), RESULT, &mut identities, &mut names),
            other => panic!("{other:?}"),
        }
    }
    names
}

fn collect(plan: &PhysicalPlan, sink: &str, identities: &mut Identities, names: &mut Vec<String>) {
    plan.inputs.iter().for_each(|input| collect(input, sink, identities, names));
    names.extend(identities.name(plan, sink));
}

const COUNT: &str = "INSERT INTO a SELECT k, COUNT(*), 1 FROM rows1 GROUP BY k";

#[test]
fn harmless_edits_keep_the_names() {
    let before = names(&[COUNT]);
    assert_eq!(before.len(), 3, "values, aggregate, sink: {before:?}");
    for edited in [
        "INSERT INTO a SELECT k, COUNT(*), 2 FROM rows1 GROUP BY k",
        "INSERT INTO a SELECT k, COUNT(*), SUM(v) FROM rows1 GROUP BY k",
        "INSERT INTO a SELECT k, COUNT(*), 1 FROM rows1 WHERE v > 2 GROUP BY k",
        "INSERT INTO a SELECT k, COUNT(*), 1 FROM (SELECT k, v FROM rows1 WHERE j > 0) GROUP BY k",
        "INSERT INTO a SELECT k, COUNT(*) + 1, 1 FROM rows1 GROUP BY k",
        "INSERT INTO a SELECT k, n, 1 FROM (SELECT k, COUNT(*) AS n FROM rows1 GROUP BY k) WHERE n > 1",
        "INSERT INTO a SELECT k, COUNT(*), 1 FROM rows1 GROUP BY k HAVING COUNT(*) > 2",
        "INSERT INTO a (more, n, k) SELECT 1, COUNT(*), k FROM rows1 GROUP BY k",
        "INSERT INTO a SELECT /*+ STATE_TTL('rows1' = '1 d') */ k, COUNT(*), 1 FROM rows1 GROUP BY k",
    ] {
        assert_eq!(names(&[edited]), before, "{edited}");
    }
}

#[test]
fn other_names_of_a_column_are_no_other_key() {
    let before = names(&["INSERT INTO a SELECT k, COUNT(*), 1 FROM source GROUP BY k"]);
    for edited in [
        "INSERT INTO a SELECT other, COUNT(*), 1 FROM (SELECT k AS other FROM source) GROUP BY other",
        "INSERT INTO a SELECT other, COUNT(*), 1 FROM (SELECT v, k AS other FROM source WHERE v > 1) GROUP BY other",
        "INSERT INTO a WITH w AS (SELECT v, k AS x FROM source) SELECT x, SUM(v), 1 FROM w GROUP BY x",
    ] {
        assert_eq!(names(&[edited]), before, "{edited}");
    }
    let other = names(&["INSERT INTO a SELECT k, COUNT(*), 1 FROM (SELECT j AS k FROM source) GROUP BY k"]);
    assert_ne!(other.get(1), before.get(1));
}

#[test]
fn other_inserts_of_the_job_do_not_matter() {
    let before = names(&[COUNT]);
    let other = "INSERT INTO b SELECT k, COUNT(*), 1 FROM rows1 GROUP BY k";
    for statements in [[COUNT, other], [other, COUNT]] {
        let after = names(&statements);
        assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
        assert_eq!(after.len(), 2 * before.len());
    }
}

#[test]
fn another_key_or_another_table_is_another_state() {
    let before = names(&[COUNT]);
    let keyed = names(&["INSERT INTO a SELECT j, COUNT(*), 1 FROM rows1 GROUP BY j"]);
    assert_eq!(before.first(), keyed.first(), "the source is the same");
    assert_ne!(before.get(1), keyed.get(1), "the aggregate is not");
    let elsewhere = names(&["INSERT INTO b SELECT k, COUNT(*), 1 FROM rows1 GROUP BY k"]);
    assert!(before.iter().all(|name| !elsewhere.contains(name)), "{before:?} {elsewhere:?}");
}

#[test]
fn a_key_that_is_computed_is_known_by_how() {
    let grouped =
        |key: &str| names(&[&format!("INSERT INTO a SELECT {key}, COUNT(*), 1 FROM rows1 GROUP BY {key}")]);
    let keys = [
        "k + 1",
        "k + 2",
        "j + 1",
        "k - 1",
        "CHAR_LENGTH(w)",
        "CASE WHEN k > 1 THEN 1 ELSE 2 END",
        "CASE WHEN k > 2 THEN 1 ELSE 2 END",
        "CASE WHEN k > 1 AND j > 1 THEN 1 ELSE 2 END",
        "CASE WHEN k > 1 OR j > 1 THEN 1 ELSE 2 END",
    ];
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(grouped(key), grouped(key));
        for other in keys.iter().skip(at + 1) {
            assert_ne!(grouped(key).get(1), grouped(other).get(1), "{key} and {other}");
        }
    }
    let named = "INSERT INTO a SELECT x, COUNT(*), 1 FROM (SELECT k + 1 AS x, v FROM rows1) GROUP BY x";
    assert_eq!(names(&[named]), grouped("k + 1"));
}

#[test]
fn equal_operators_of_one_job_are_told_apart() {
    let names = names(&[COUNT, COUNT, "SELECT k FROM rows1 UNION ALL SELECT k FROM rows1"]);
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn the_keys_of_joins_and_ranks_are_part_of_their_names() {
    let join = |key: &str| {
        names(&[&format!("SELECT l.v FROM rows1 AS l JOIN rows1 AS r ON l.{key} = r.{key} AND l.v > 1")])
    };
    assert_ne!(join("k").last(), join("j").last());
    assert_ne!(join("k").last(), join("k + 1").last());
    let rank = |key: &str, rows: &str| {
        names(&[&format!(
            "SELECT v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY v) AS n FROM rows1) WHERE n <= {rows}"
        )])
    };
    assert_ne!(rank("k", "3").last(), rank("j", "3").last());
    assert_eq!(rank("k", "3"), rank("k", "4"));
}
