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
    let query = "EXPLAIN WITH n AS (SELECT s, COUNT(*) AS c FROM pairs GROUP BY s) SELECT x.c, y.c FROM n AS x JOIN n AS y ON x.s = y.s";
    let text = explain(query);
    let (physical, execution) = text.split_once("== Optimized Execution Plan ==").unwrap();
    assert_eq!(physical.matches("- GroupAggregate(").count(), 2, "{physical}");
    assert_eq!(execution.matches("- GroupAggregate(").count(), 1, "{execution}");
    assert_eq!(execution.matches("(reuse_id=[1])\n").count(), 1, "{execution}");
    assert_eq!(execution.matches("+- Reused(reference_id=[1])\n").count(), 1, "{execution}");
}

const EVENTS: &str = "CREATE TABLE events (k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' \
                      SECOND) WITH ('connector' = 'values', 'enable-watermark-push-down' = 'true')";

/// The optimized physical plan of a query over events.
fn physical(query: &str) -> String {
    let mut tables = TableEnvironment::new();
    tables.execute_sql(EVENTS).unwrap();
    let text = match tables.execute_sql(&format!("EXPLAIN CHANGELOG_MODE {query}")) {
        Ok(TableResult::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    let (_, plan) = text.split_once("== Optimized Physical Plan ==\n").unwrap();
    plan.split_once("\n\n").unwrap().0.to_owned()
}

#[test]
fn watermarks_that_the_source_makes_are_in_the_scan() {
    assert_eq!(
        physical("SELECT k FROM events WHERE v > 1"),
        "Calc(select=[k], where=[>(v, 1)], changelogMode=[I])\n\
         +- TableSourceScan(table=[[default_catalog, default_database, events, \
         watermark=[-(ts, 1000:INTERVAL SECOND)], watermarkEmitStrategy=[on-periodic]]], fields=[k, v, ts], changelogMode=[I])"
    );
}

#[test]
fn window_aggregates_have_their_windows() {
    let plan = physical(
        "SELECT window_start, k, COUNT(*) AS n FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '1' HOUR)) \
         GROUP BY window_start, window_end, k",
    );
    let expected = "WindowAggregate(groupBy=[k], window=[HOP(time_col=[ts], size=[1 h], slide=[5 min])], select=[k, COUNT(*) AS \
                    EXPR$0, start('w$) AS window_start, end('w$) AS window_end], changelogMode=[I])";
    assert!(plan.contains(expected), "{plan}");
    let plan = physical(
        "SELECT window_start, window_end, MAX(n) FROM (SELECT window_start, window_end, k, COUNT(*) AS n FROM \
         TABLE(CUMULATE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '10' MINUTE)) \
         GROUP BY window_start, window_end, k) GROUP BY window_start, window_end",
    );
    for expected in [
        "window=[CUMULATE(win_start=[window_start], win_end=[window_end], max_size=[10 min], step=[1 min])]",
        "window=[CUMULATE(time_col=[ts], max_size=[10 min], step=[1 min])]",
    ] {
        assert!(plan.contains(expected), "{plan}");
    }
    let plan = physical(
        "SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE events PARTITION BY k, DESCRIPTOR(p), INTERVAL '10' SECOND)) \
         GROUP BY window_start, window_end, k",
    );
    let expected = "window=[SESSION(time_col=[p], gap=[10 s], partition keys=[k])]";
    assert!(plan.contains(expected), "{plan}");
}

#[test]
fn windows_of_group_by_are_written_in_the_older_way() {
    let plan = physical(
        "SELECT k, SESSION_END(p, INTERVAL '5' SECOND) FROM events GROUP BY k, SESSION(p, INTERVAL '5' SECOND)",
    );
    let expected = "GroupWindowAggregate(groupBy=[k], window=[SessionGroupWindow('w$, p, 5000)], properties=[w$start, w$end, \
                    w$proctime], select=[k, start('w$) AS w$start, end('w$) AS w$end, proctime('w$) AS w$proctime], changelogMode=[I])";
    assert!(plan.contains(expected), "{plan}");
    let plan =
        physical("SELECT COUNT(*) FROM events GROUP BY HOP(ts, INTERVAL '5' SECOND, INTERVAL '1' MINUTE)");
    assert!(plan.contains("window=[SlidingGroupWindow('w$, ts, 60000, 5000)]"), "{plan}");
    assert!(plan.contains("Exchange(distribution=[single]"), "{plan}");
}

#[test]
fn joins_and_first_rows_of_windows_have_their_windows() {
    let windowed = "(SELECT * FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)))";
    let plan = physical(&format!(
        "SELECT l.k, r.v FROM {windowed} AS l LEFT JOIN {windowed} AS r \
         ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end"
    ));
    let window = "TUMBLE(win_start=[window_start], win_end=[window_end], size=[10 s])";
    let expected = format!(
        "WindowJoin(leftWindow=[{window}], rightWindow=[{window}], joinType=[LeftOuterJoin], where=[=(k, k)], select=["
    );
    assert!(plan.contains(&expected), "{plan}");
    assert!(plan.contains("WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[10 s])]"), "{plan}");
    let rank = |order: &str, last: u32| {
        physical(&format!(
            "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY {order}) AS n \
             FROM {windowed}) WHERE n <= {last}"
        ))
    };
    let plan = rank("v DESC", 3);
    let expected = format!(
        "WindowRank(window=[{window}], rankType=[ROW_NUMBER], rankRange=[rankStart=1, rankEnd=3], partitionBy=[k], \
         orderBy=[v DESC], select=["
    );
    assert!(plan.contains(&expected), "{plan}");
    let plan = rank("ts ASC", 1);
    let expected = format!(
        "WindowDeduplicate(window=[{window}], keep=[FirstRow], partitionKeys=[k], orderKey=[ts], order=[ROWTIME]"
    );
    assert!(plan.contains(&expected), "{plan}");
}

#[test]
fn windows_of_processing_time_are_refused_where_flink_refuses_them() {
    let windowed = "(SELECT * FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(p), INTERVAL '10' SECOND)))";
    let ranked = |order: &str| {
        format!(
            "SELECT k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY {order}) AS n FROM {windowed}) \
             WHERE n <= 1"
        )
    };
    let joined = format!(
        "SELECT l.k FROM {windowed} AS l JOIN {windowed} AS r ON l.window_start = r.window_start AND l.window_end = r.window_end"
    );
    for (query, what) in [(ranked("v"), "TopN"), (ranked("p"), "deduplication"), (joined, "Join")] {
        let mut tables = TableEnvironment::new();
        tables.execute_sql(EVENTS).unwrap();
        let error = tables.execute_sql(&query).unwrap_err();
        assert_eq!(
            error.message(),
            format!("Processing time Window {what} is not supported yet."),
            "{query}"
        );
    }
}

#[test]
fn the_syntax_tree_has_windows_joins_and_orders() {
    let mut tables = TableEnvironment::new();
    tables.execute_sql(EVENTS).unwrap();
    let query = "EXPLAIN SELECT l.k FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) AS l JOIN events AS r \
                 ON l.k = r.k ORDER BY l.k DESC LIMIT 3";
    let text = match tables.execute_sql(query) {
        Ok(TableResult::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    for line in [
        "LogicalSort(sort0=[$0], dir0=[DESC-nulls-last], fetch=[3])",
        "LogicalJoin(condition=[=($0, $7)], joinType=[inner])",
        "LogicalTableFunctionScan(invocation=[TUMBLE(DESCRIPTOR($2), 10000:INTERVAL SECOND)], rowType=[RecordType(VARCHAR(2147483647) \
         k, INTEGER v, TIMESTAMP(3) *ROWTIME* ts, ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
