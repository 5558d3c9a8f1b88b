//! Plans with mini-batch, as Flink 2.3's planner tests have them.

use crate::plan::PhysicalPlan;
use crate::plan::identity::{Identities, RESULT};
use crate::{TableEnvironment, TableResult};

const TABLES: &str = "\
    SET 'table.exec.mini-batch.enabled' = 'true'; \
    SET 'table.exec.mini-batch.allow-latency' = '1 s'; \
    SET 'table.exec.mini-batch.size' = '5000'; \
    CREATE TABLE t (a INT, b BIGINT, c STRING) WITH ('connector' = 'values'); \
    CREATE TABLE timed (a INT, b BIGINT, rowtime TIMESTAMP(3), WATERMARK FOR rowtime AS rowtime) \
    WITH ('connector' = 'values'); \
    CREATE TABLE upserts (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) \
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D'); ";

/// The execution plan of a query, a line an operator.
fn plan(settings: &str, query: &str) -> Vec<String> {
    let mut tables = TableEnvironment::new();
    let before = format!("{TABLES}{settings}");
    for statement in before.split(';').filter(|statement| !statement.trim().is_empty()) {
        tables.execute_sql(statement).unwrap();
    }
    let explained = tables.execute_sql(&format!("EXPLAIN {query}"));
    let Ok(TableResult::Text(text)) = explained else { panic!("{explained:?}") };
    let (_, plan) = text.split_once("== Optimized Execution Plan ==\n").unwrap();
    plan.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_source_has_markers_by_the_clock() {
    assert_eq!(
        plan(
            "SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE'",
            "SELECT a, SUM(b) AS s FROM t GROUP BY a"
        ),
        [
            "GroupAggregate(groupBy=[a], select=[a, SUM(b) AS s])",
            "+- Exchange(distribution=[hash[a]])",
            "   +- MiniBatchAssigner(interval=[1000ms], mode=[ProcTime])",
            "      +- TableSourceScan(table=[[default_catalog, default_database, t, project=[a, b], metadata=[]]], fields=[a, b])",
        ]
    );
    let join = plan("", "SELECT x.b FROM t AS x JOIN t AS y ON x.a = y.a");
    assert!(
        join.iter().any(|line| line.contains("Join(") && line.ends_with("miniBatch=[true])")),
        "{join:#?}"
    );
    assert_eq!(join.iter().filter(|line| line.contains("mode=[ProcTime]")).count(), 2);
    let semi = plan("", "SELECT b FROM t WHERE a IN (SELECT a FROM t)");
    assert!(!semi.iter().any(|line| line.contains("miniBatch")), "{semi:#?}");
}

#[test]
fn an_aggregate_whose_functions_merge_is_in_two_phases() {
    assert_eq!(
        plan("", "SELECT b, COUNT(DISTINCT a) AS x, MAX(b) AS y, SUM(a) AS z FROM t GROUP BY b")[..4],
        [
            "GlobalGroupAggregate(groupBy=[b], select=[b, COUNT(distinct$0 count$0) AS x, MAX(max$1) AS y, SUM(sum$2) AS z])",
            "+- Exchange(distribution=[hash[b]])",
            "   +- LocalGroupAggregate(groupBy=[b], select=[b, COUNT(distinct$0 a) AS count$0, MAX(b) AS max$1, SUM(a) AS sum$2, \
            DISTINCT(a) AS distinct$0])",
            "      +- Calc(select=[b, a])",
        ]
    );
    // The inner aggregate's updates are taken back; the outer one counts rows for that.
    let nested =
        plan("", "SELECT n, AVG(b) AS m FROM (SELECT b, COUNT(*) AS n FROM t GROUP BY b) GROUP BY n");
    assert_eq!(
        nested[0],
        "GlobalGroupAggregate(groupBy=[n], select=[n, AVG_RETRACT((sum$0, count$1)) AS m], indexOfCountStar=[1])"
    );
    assert!(
        nested[2].ends_with(
            "LocalGroupAggregate(groupBy=[n], select=[n, AVG_RETRACT(b) AS (sum$0, count$1), COUNT_RETRACT(*) AS count1$2])"
        ),
        "{nested:#?}"
    );
    for query in
        ["SELECT b, FIRST_VALUE(a) FROM t GROUP BY b", "SELECT b, SUM(a), LAST_VALUE(c) FROM t GROUP BY b"]
    {
        assert!(plan("", query)[0].starts_with("GroupAggregate("), "{query}");
    }
}

/// State is found again by the names that plans without mini-batch have.
#[test]
fn names_of_states_are_those_of_plans_without() {
    let names = |settings: &str, query: &str| {
        let mut tables = TableEnvironment::new();
        let before = format!("{TABLES}{settings}");
        for statement in before.split(';').filter(|statement| !statement.trim().is_empty()) {
            tables.execute_sql(statement).unwrap();
        }
        let Ok(TableResult::Query(job)) = tables.execute_sql(query) else { panic!("{query}") };
        fn walk(plan: &PhysicalPlan, names: &mut Identities, into: &mut Vec<String>) {
            plan.inputs.iter().for_each(|input| walk(input, names, into));
            into.extend(names.name(plan, RESULT));
        }
        let mut all = Vec::new();
        walk(job.plan(), &mut Identities::default(), &mut all);
        all
    };
    let off = "SET 'table.exec.mini-batch.enabled' = 'false'";
    for query in [
        "SELECT n, AVG(b) AS m FROM (SELECT b, COUNT(*) AS n FROM t GROUP BY b) GROUP BY n",
        "SELECT x.b, COUNT(DISTINCT y.c) FROM t AS x JOIN t AS y ON x.a = y.a GROUP BY x.b",
        "SELECT v, COUNT(*) FROM upserts GROUP BY v",
    ] {
        assert_eq!(names("", query), names(off, query), "{query}");
    }
}

#[test]
fn what_reads_event_time_gets_markers_by_event_time() {
    let windows = plan(
        "",
        "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(rowtime), INTERVAL '5' SECOND)) \
        GROUP BY window_start, window_end",
    );
    let place = windows.iter().position(|line| line.contains("mode=[RowTime]")).unwrap();
    assert!(
        windows[place].ends_with("+- MiniBatchAssigner(interval=[1000ms], mode=[RowTime])"),
        "{windows:#?}"
    );
    assert!(windows[place + 1].contains("WatermarkAssigner"), "{windows:#?}");
    let counts = plan("", "SELECT b, COUNT(a) FROM timed GROUP BY b");
    assert!(counts.iter().any(|line| line.contains("mode=[ProcTime]")), "{counts:#?}");
}

#[test]
fn the_settings_are_checked() {
    let wrong = |settings: &str| {
        let mut tables = TableEnvironment::new();
        for statement in settings.split(';') {
            tables.execute_sql(statement).unwrap();
        }
        tables.execute_sql("EXPLAIN SELECT 1").unwrap_err().to_string()
    };
    let on = "SET 'table.exec.mini-batch.enabled' = 'true'";
    assert_eq!(wrong(on), "MiniBatch Latency must be greater than 0 ms.");
    let no_size = format!("{on}; SET 'table.exec.mini-batch.allow-latency' = '1 s'");
    assert!(wrong(&no_size).contains("table.exec.mini-batch.size"));
}
