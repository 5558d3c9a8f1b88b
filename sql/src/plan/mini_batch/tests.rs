//! Plans with mini-batch, as Flink 2.3's planner tests have them.

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
