//! Plans are Flink 2.3's for the same queries, but for names that Flink makes unique otherwise.

use crate::test_support::query;
use crate::{TableEnvironment, TableResult};

const TABLES: [&str; 3] = [
    "CREATE TABLE t (a BIGINT, b INT, c STRING) WITH ('connector' = 'values')",
    "CREATE TABLE ts (a BIGINT, b INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values')",
    "SET 'table.optimizer.distinct-agg.split.enabled' = 'true'",
];

/// The operators of a query's plan, from the end on, without what they read.
fn plan(settings: &[&str], query: &str) -> Vec<String> {
    let mut tables = TableEnvironment::new();
    TABLES.iter().chain(settings).for_each(|statement| drop(tables.execute_sql(statement).unwrap()));
    let Ok(TableResult::Text(text)) = tables.execute_sql(&format!("EXPLAIN {query}")) else {
        panic!("{query}")
    };
    let (_, plan) = text.split_once("== Optimized Execution Plan ==\n").unwrap();
    let lines = plan.lines().map(|line| line.trim_start_matches([' ', '+', '-', ':', '|']).to_owned());
    lines.filter(|line| !line.is_empty() && !line.contains("TableSourceScan(")).collect()
}

#[test]
fn a_level_by_buckets_stands_below_the_groups() {
    assert_eq!(
        plan(&[], "SELECT a, COUNT(DISTINCT b) FROM t GROUP BY a"),
        [
            "GroupAggregate(groupBy=[a], select=[a, SUM_RETRACT($f2_0) AS EXPR$1])",
            "Exchange(distribution=[hash[a]])",
            "GroupAggregate(groupBy=[a, $f2], select=[a, $f2, COUNT(DISTINCT b) AS $f2_0])",
            "Exchange(distribution=[hash[a, $f2]])",
            "Calc(select=[a, b, MOD(HASH_CODE(b), 1024) AS $f2])",
        ]
    );
}

#[test]
fn rows_are_expanded_where_arguments_are_several() {
    let plan = plan(
        &["SET 'table.optimizer.distinct-agg.split.bucket-num' = '8'"],
        "SELECT a, COUNT(DISTINCT b), MAX(c), COUNT(*) FROM t GROUP BY a",
    );
    let expected = [
        "GroupAggregate(groupBy=[a, $f3, $f4], select=[a, $f3, $f4, COUNT(DISTINCT b) FILTER $g_1 AS $f3_0, \
         MAX(c) FILTER $g_2 AS $f4_0, COUNT(*) FILTER $g_3 AS $f5])",
        "Exchange(distribution=[hash[a, $f3, $f4]])",
        "Calc(select=[a, b, c, $f3, $f4, ($e = 1) AS $g_1, ($e = 2) AS $g_2, ($e = 3) AS $g_3])",
        "Expand(projects=[{a, b, c, $f3, null AS $f4, 1 AS $e}, {a, b, c, null AS $f3, $f4, 2 AS $e}, \
         {a, b, c, null AS $f3, null AS $f4, 3 AS $e}])",
        "Calc(select=[a, b, c, MOD(HASH_CODE(b), 8) AS $f3, MOD(HASH_CODE(c), 8) AS $f4])",
    ];
    assert_eq!(plan[plan.len() - expected.len()..], expected, "{plan:#?}");
}

#[test]
fn both_levels_have_two_phases_with_mini_batch() {
    let settings = [
        "SET 'table.exec.mini-batch.enabled' = 'true'",
        "SET 'table.exec.mini-batch.allow-latency' = '1 s'",
        "SET 'table.exec.mini-batch.size' = '100'",
    ];
    let plan = plan(&settings, "SELECT COUNT(DISTINCT b) FROM t");
    let names: Vec<_> = plan.iter().map(|line| line.split('(').next().unwrap()).collect();
    let expected = [
        "GlobalGroupAggregate",
        "Exchange",
        "LocalGroupAggregate",
        "GlobalGroupAggregate",
        "Exchange",
        "LocalGroupAggregate",
        "Calc",
        "MiniBatchAssigner",
    ];
    assert_eq!(names, expected, "{plan:#?}");
}

#[test]
fn what_cannot_be_put_together_stays_in_one_level() {
    for query in [
        "SELECT a, COUNT(b) FROM t GROUP BY a",
        "SELECT a, COUNT(DISTINCT b), LAST_VALUE(c) FROM t GROUP BY a",
        "SELECT a, COUNT(DISTINCT b), LISTAGG(c) FROM t GROUP BY a",
        // A value of the key has one bucket alone.
        "SELECT a, COUNT(DISTINCT a) FROM t GROUP BY a",
        "SELECT COUNT(DISTINCT b) FROM TABLE(TUMBLE(TABLE ts, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
         GROUP BY window_start, window_end",
        "SELECT COUNT(DISTINCT b) FROM ts GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)",
    ] {
        let plan = plan(&[], query);
        assert!(!plan.iter().any(|line| line.contains("HASH_CODE")), "{query}: {plan:#?}");
    }
    let batch = ["SET 'execution.runtime-mode' = 'batch'"];
    let plan = plan(&batch, "SELECT a, COUNT(DISTINCT b) FROM t GROUP BY a");
    assert!(!plan.iter().any(|line| line.contains("HASH_CODE")), "{plan:#?}");
}

#[test]
fn averages_have_the_room_that_they_have_in_one_level() {
    let of = |split: bool| {
        query(&format!(
            "SET 'table.optimizer.distinct-agg.split.enabled' = '{split}';
             CREATE VIEW v AS SELECT * FROM (VALUES (1, 2147483647), (2, 2147483647), (3, CAST(NULL AS INT))) AS t(a, b);
             SELECT COUNT(DISTINCT a), AVG(b), AVG(CAST(b AS DECIMAL(12, 2))), AVG(CAST(a AS FLOAT)), AVG(DISTINCT b) FROM v"
        ))
    };
    let (one, two) = (of(false), of(true));
    assert_eq!(one.last(), two.last());
    assert_eq!(two.last().unwrap(), "+U[3, 2147483647, 2147483647.000000, 2.0, 2147483647]");
}
