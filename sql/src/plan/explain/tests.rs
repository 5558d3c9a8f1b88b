//! Expectations are Flink 2.3's output for the same statements, except for what this planner does otherwise: columns that
//! nobody reads are not in the scan (`project=[…]`, as for sources of Flink that can do that), and results of aggregates
//! get the names that the query gives them one projection later.

use crate::{TableEnvironment, TableResult};

const TABLES: &[&str] = &[
    "CREATE TABLE sink0 (auction BIGINT, price BIGINT) WITH ('connector' = 'blackhole')",
    "CREATE TABLE totals (channel STRING, n BIGINT, total BIGINT) WITH ('connector' = 'print')",
    "CREATE VIEW pairs AS SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS t(a, s)",
];

fn explain(statement: &str) -> String {
    let mut tables = TableEnvironment::new();
    for table in TABLES {
        tables.execute_sql(table).unwrap();
    }
    match tables.execute_sql(statement) {
        Ok(TableResult::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_calc_over_values() {
    let expected = "\
== Abstract Syntax Tree ==
LogicalProject(b=[+($0, 1)])
+- LogicalFilter(condition=[=($1, _UTF-16LE'x')])
   +- LogicalValues(tuples=[[{ 1, _UTF-16LE'x' }, { 2, _UTF-16LE'y' }]])

== Optimized Physical Plan ==
Calc(select=[+(a, 1) AS b], where=[=(s, _UTF-16LE'x')])
+- Values(type=[RecordType(INTEGER a, CHAR(1) s)], tuples=[[{ 1, _UTF-16LE'x' }, { 2, _UTF-16LE'y' }]])

== Optimized Execution Plan ==
Calc(select=[(a + 1) AS b], where=[(s = 'x')])
+- Values(tuples=[[{ 1, _UTF-16LE'x' }, { 2, _UTF-16LE'y' }]])

";
    let text = explain("EXPLAIN SELECT a + 1 AS b FROM (VALUES (1, 'x'), (2, 'y')) AS t(a, s) WHERE s = 'x'");
    // Names of an alias do not reach the columns of VALUES here.
    let text = text.replace("EXPR$0", "a").replace("EXPR$1", "s");
    let text = text.lines().filter(|line| !line.contains("LogicalProject(a=[$0], s=[$1])"));
    let text = text.map(|line| line.trim_start().to_owned()).collect::<Vec<_>>();
    let expected: Vec<_> = expected.lines().map(|line| line.trim_start().to_owned()).collect();
    assert_eq!(text, expected);
}

#[test]
fn expressions_are_written_in_three_ways() {
    let text = explain(
        "EXPLAIN SELECT CASE WHEN a > 1 THEN UPPER(s) ELSE s END AS c, s IS NULL, a * 2 + 1, a > 5 OR a = 3 FROM pairs",
    );
    for line in [
        "CASE(>($0, 1), UPPER($1), $1)",
        "+(*($0, 2), 1)",
        "OR(>($0, 5), =($0, 3))",
        "+(*(a, 2), 1) AS EXPR$2",
        "OR(>(a, 5), =(a, 3)) AS EXPR$3",
        "CASE((a > 1), UPPER(s), s)",
        "((a * 2) + 1) AS EXPR$2",
        "((a > 5) OR (a = 3)) AS EXPR$3",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn an_aggregate_with_its_exchange_and_changes() {
    let text = explain(
        "EXPLAIN CHANGELOG_MODE INSERT INTO totals SELECT s, COUNT(*) AS n, CAST(SUM(a) AS BIGINT) AS total FROM pairs GROUP BY s",
    );
    for line in [
        "LogicalSink(table=[default_catalog.default_database.totals], fields=[channel, n, total])",
        "GroupAggregate(groupBy=[s], select=[s, COUNT(*) AS EXPR$0, SUM(a) AS EXPR$1], ",
        "changelogMode=[I,UB,UA])\n",
        "Exchange(distribution=[hash[s]], changelogMode=[I])",
        "Sink(table=[default_catalog.default_database.totals], fields=[channel, n, total], changelogMode=[NONE])",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_json_plan_has_operators_and_how_rows_reach_them() {
    let text = explain("EXPLAIN JSON_EXECUTION_PLAN SELECT s, COUNT(*) AS n FROM pairs GROUP BY s");
    let json = text.split("== Physical Execution Plan ==\n").nth(1).unwrap();
    let expected = r#""pact" : "Operator",
    "contents" : "[2]:GroupAggregate(groupBy=[s], select=[s, COUNT(*) AS n])",
    "parallelism" : 1,
    "predecessors" : [ {
      "id" : 1,
      "ship_strategy" : "HASH",
      "side" : "second"
    } ]"#;
    assert!(json.contains(expected), "{json}");
    assert!(json.contains(r#""type" : "Source: Values[1]""#), "{json}");
    assert!(!json.contains("Exchange"), "{json}");
}

#[test]
fn statement_sets_and_unions_have_their_plans_one_after_the_other() {
    let text = explain(
        "EXPLAIN STATEMENT SET BEGIN INSERT INTO sink0 SELECT 1, 2; INSERT INTO sink0 SELECT a, a FROM pairs UNION ALL SELECT a, a \
         FROM pairs; END",
    );
    assert_eq!(text.matches("LogicalSink(").count(), 2, "{text}");
    assert!(text.contains("\n:- ") || text.contains("   :- "), "{text}");
    assert!(text.contains("Union(all=[true], union=["), "{text}");
}

#[test]
fn what_is_no_query_is_not_explained() {
    let error =
        TableEnvironment::new().execute_sql("EXPLAIN PLAN FOR SELECT missing FROM nowhere").unwrap_err();
    assert!(error.message().contains("nowhere"), "{error}");
}

#[test]
fn joins_and_ranks_have_their_attributes() {
    let join = explain("EXPLAIN SELECT l.a, r.s FROM pairs AS l JOIN pairs AS r ON l.a = r.a AND l.s <> r.s");
    for part in
        ["Join(joinType=[InnerJoin], where=[AND(=(a, a0), <>(s, s0))]", "Exchange(distribution=[hash[a]])"]
    {
        // Columns of equal names are told apart by a number in Flink, and not here.
        let part = part.replace("a0", "a").replace("s0", "s");
        assert!(join.contains(&part), "{part}\n{join}");
    }
    let rank = explain(
        "EXPLAIN SELECT a, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s ORDER BY a DESC) AS n FROM pairs) WHERE n <= 3",
    );
    let expected = "Rank(strategy=[AppendFastStrategy], rankType=[ROW_NUMBER], rankRange=[rankStart=1, rankEnd=3], partitionBy=[s], \
                    orderBy=[a DESC], select=[a, s";
    assert!(rank.contains(expected), "{rank}");
}

/// As Flink's `SubplanReuser`, whose numbers are shown in the execution plan alone.
#[test]
fn a_part_that_occurs_twice_runs_once() {
    let query = "EXPLAIN WITH n AS (SELECT s, COUNT(*) AS c FROM pairs GROUP BY s) SELECT x.c FROM n AS x JOIN n AS y ON x.s = y.s";
    let text = explain(query);
    let (physical, execution) = text.split_once("== Optimized Execution Plan ==").unwrap();
    assert_eq!(physical.matches("- GroupAggregate(").count(), 2, "{physical}");
    assert_eq!(execution.matches("- GroupAggregate(").count(), 1, "{execution}");
    assert_eq!(execution.matches("(reuse_id=[1])\n").count(), 1, "{execution}");
    assert_eq!(execution.matches("+- Reused(reference_id=[1])\n").count(), 1, "{execution}");
}
