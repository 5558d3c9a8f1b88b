//! The hint STATE_TTL: which operators it is for, as Flink's `StateTtlHintTest` has it.

use millstream_sql::{SqlError, TableEnvironment, TableResult};

fn environment() -> TableEnvironment {
    let mut tables = TableEnvironment::new();
    for statement in [
        "CREATE TABLE T1 (a1 BIGINT, b1 STRING) WITH ('connector' = 'values')",
        "CREATE TABLE T2 (a2 BIGINT, b2 STRING) WITH ('connector' = 'values')",
        "CREATE TABLE T3 (a3 BIGINT, b3 STRING) WITH ('connector' = 'values')",
        "CREATE VIEW V4 AS SELECT a3 AS a4, b3 AS b4 FROM T3",
        "CREATE VIEW V5 AS SELECT T1.* FROM T1 JOIN T2 ON T1.a1 = T2.a2",
    ] {
        tables.execute_sql(statement).unwrap();
    }
    tables
}

/// The joins and group aggregates of a query, from the end on, with their hints.
fn hints(query: &str) -> Vec<String> {
    let explain = format!("EXPLAIN {query}");
    let result =
        environment().execute_sql(&explain).unwrap_or_else(|error| panic!("{}", error.render(&explain)));
    let TableResult::Text(text) = result else { panic!("{result:?}") };
    let (_, plan) = text.split_once("== Optimized Physical Plan ==").unwrap();
    let (plan, _) = plan.split_once("== Optimized Execution Plan ==").unwrap();
    let operators = plan.lines().filter_map(|line| {
        let name = ["GroupAggregate", "Join"].into_iter().find(|name| line.contains(&format!("{name}(")))?;
        let hint = line.split_once(", stateTtlHints=[[[STATE_TTL options:").map_or("", |(_, hint)| hint);
        Some(format!("{name} {}", hint.trim_end_matches("]]])").trim_end_matches("]]]")))
    });
    operators.map(|operator| operator.trim().to_owned()).collect()
}

fn error(query: &str) -> (SqlError, String) {
    let error = environment().execute_sql(query).unwrap_err();
    let text = error.render(query).to_string();
    (error, text)
}

#[test]
fn joins_keep_the_rows_of_each_input_as_long_as_the_hint_says() {
    for (query, expected) in [
        ("SELECT /*+ STATE_TTL('T2' = '2d', 'T1' = '1d') */ * FROM T1 JOIN T2 ON a1 = a2", vec!["Join {LEFT=1d, RIGHT=2d}"]),
        ("SELECT /*+ state_ttl('T2' = '2d') */ * FROM T1 LEFT JOIN T2 ON a1 = a2", vec!["Join {RIGHT=2d}"]),
        // Of what is a join itself, no name is known.
        (
            "SELECT /*+ STATE_TTL('T2' = '2d', 'T3' = '3d', 'T1' = '1d') */ * FROM T1, T2, T3 WHERE a1 = a2 AND b2 = b3",
            vec!["Join {RIGHT=3d}", "Join {LEFT=1d, RIGHT=2d}"],
        ),
        (
            "SELECT /*+ STATE_TTL('x' = '1 h', 'z' = '3 h') */ * FROM T1 AS x JOIN T2 AS y ON a1 = a2 JOIN T3 AS z ON b2 = b3",
            vec!["Join {RIGHT=3 h}", "Join {LEFT=1 h}"],
        ),
        ("SELECT /*+ STATE_TTL('T1' = '2d', 'V4' = '1d') */ * FROM T1 JOIN V4 ON a1 = a4", vec!["Join {LEFT=2d, RIGHT=1d}"]),
        ("SELECT /*+ STATE_TTL('default_database.T1' = '2d') */ * FROM T1 JOIN T2 ON a1 = a2", vec!["Join {LEFT=2d}"]),
        // The first hint counts, and the last of two in one.
        (
            "SELECT /*+ STATE_TTL('T2' = '2d'), STATE_TTL('T1' = '1d', 'T2' = '8d') */ * FROM T1 JOIN T2 ON a1 = a2",
            vec!["Join {LEFT=1d, RIGHT=2d}"],
        ),
        ("SELECT /*+ STATE_TTL('T2' = '2d', 'T2' = '1d') */ * FROM T1 JOIN T2 ON a1 = a2", vec!["Join {RIGHT=1d}"]),
        // Neither into views nor out of subqueries.
        ("SELECT /*+ STATE_TTL('T1' = '1d') */ T1.* FROM T1 JOIN V5 ON T1.a1 = V5.a1", vec!["Join {LEFT=1d}", "Join"]),
        (
            "SELECT T1.* FROM T1 JOIN (SELECT /*+ STATE_TTL('T1' = '2d') */ T1.* FROM T1 JOIN T2 ON a1 = a2) AS tmp
             ON T1.a1 = tmp.a1",
            vec!["Join", "Join {LEFT=2d}"],
        ),
        // What is equal is computed first, and what is compared with a constant is filtered first.
        (
            "SELECT /*+ STATE_TTL('T1' = '1d') */ b2 FROM T1 JOIN T2 ON a1 + 1 = a2 WHERE b1 = 'x'",
            vec!["Join {LEFT=1d}"],
        ),
    ] {
        assert_eq!(hints(query), expected, "{query}");
    }
}

#[test]
fn groups_are_kept_as_long_as_the_hint_says() {
    for (query, expected) in [
        ("SELECT /*+ STATE_TTL('T1' = '2d') */ COUNT(*) FROM T1 GROUP BY a1", vec!["GroupAggregate [2d]"]),
        ("SELECT /*+ STATE_TTL('T1' = '2d') */ COUNT(*) FROM T1 WHERE b1 > 'x' GROUP BY a1 HAVING a1 > 2", vec!["GroupAggregate [2d]"]),
        ("SELECT /*+ STATE_TTL('T1' = '2d'), STATE_TTL('T1' = '8d') */ COUNT(*) FROM T1 GROUP BY a1", vec!["GroupAggregate [2d]"]),
        ("SELECT /*+ STATE_TTL('T1' = '2d', 'T1' = '8d') */ COUNT(*) FROM T1 GROUP BY a1", vec!["GroupAggregate [8d]"]),
        (
            "SELECT /*+ STATE_TTL('TMP' = '2d') */ MAX(b1) FROM
             (SELECT /*+ STATE_TTL('T1' = '4d') */ a1, b1, COUNT(*) FROM T1 GROUP BY a1, b1) AS TMP GROUP BY a1",
            vec!["GroupAggregate [2d]", "GroupAggregate [4d]"],
        ),
        (
            "SELECT MAX(b1) FROM (SELECT /*+ STATE_TTL('T1' = '4d') */ a1, b1, COUNT(*) FROM T1 GROUP BY a1, b1) AS TMP
             GROUP BY a1",
            vec!["GroupAggregate", "GroupAggregate [4d]"],
        ),
        // The rows of a join have no name.
        (
            "SELECT /*+ STATE_TTL('T1' = '1d', 'T2' = '2d') */ b1, SUM(a1) FROM T1 JOIN T2 ON b1 = b2 GROUP BY b1",
            vec!["GroupAggregate", "Join {LEFT=1d, RIGHT=2d}"],
        ),
        (
            "SELECT /*+ STATE_TTL('T1' = '2d') */ MAX(b1) FROM (SELECT T1.* FROM T1 JOIN T2 ON a1 = a2) AS T1 GROUP BY a1",
            vec!["GroupAggregate [2d]", "Join"],
        ),
    ] {
        assert_eq!(hints(query), expected, "{query}");
    }
}

#[test]
fn names_that_are_no_input_are_refused_with_their_place() {
    let cannot = "The options of following hints cannot match the name of input tables or views: \n";
    for (query, names, hint) in [
        (
            "SELECT /*+ STATE_TTL('T5' = '2d', 'T1' = '1d') */ * FROM T1 JOIN T2 ON a1 = a2",
            "T5",
            "did you mean",
        ),
        (
            "SELECT /*+ STATE_TTL('T5' = '2d', 'T6' = '1d') */ * FROM T1 JOIN T2 ON a1 = a2",
            "T5, T6",
            "did you mean",
        ),
        (
            "SELECT /*+ STATE_TTL('orders' = '2d') */ COUNT(*) FROM T1 GROUP BY a1",
            "orders",
            "inputs of this SELECT: T1",
        ),
        ("SELECT /*+ STATE_TTL('t1' = '2d') */ COUNT(*) FROM T1 GROUP BY a1", "t1", "did you mean 'T1'?"),
        // A table with an alias is known by that.
        ("SELECT /*+ STATE_TTL('T1' = '2d') */ COUNT(*) FROM T1 AS t GROUP BY a1", "T1", "did you mean 't'?"),
        (
            "SELECT /*+ STATE_TTL('T2' = '2d', 'T3' = '3d', 'T1' = '1d') */ * FROM T1
             JOIN (SELECT T2.* FROM T2 JOIN T3 ON b2 = b3) AS TMP ON a1 = TMP.a2",
            "T2, T3",
            "did you mean 'T1'?",
        ),
    ] {
        let (error, text) = error(query);
        assert!(error.message().contains(&format!("{cannot}`{names}` in `STATE_TTL`")), "{query}: {text}");
        assert!(text.contains(hint), "{query}: {text}");
        assert_eq!(
            error.span().map(|span| &query[span.start..span.end]).map(|at| &at[..9]),
            Some("STATE_TTL"),
            "{text}"
        );
    }
}

#[test]
fn hints_that_are_none_are_refused() {
    for (query, problem) in [
        (
            "SELECT /*+ STATE_TTL() */ * FROM T1 JOIN T2 ON a1 = a2",
            "Invalid hint about STATE_TTL, expecting at least one key-value options specified.",
        ),
        (
            "SELECT /*+ STATE_TTL('T1' = 'soon') */ COUNT(*) FROM T1 GROUP BY a1",
            "Invalid value 'soon' for 'T1'",
        ),
        (
            "SELECT COUNT(*) FROM T1 /*+ STATE_TTL('T1' = '1 d') */ GROUP BY a1",
            "a table takes no hint STATE_TTL",
        ),
    ] {
        let (_, text) = error(query);
        assert!(text.contains(problem), "{query}: {text}");
    }
}
