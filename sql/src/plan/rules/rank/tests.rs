//! Top-N queries from their text to their rows; the rows are worked out by hand from Flink's functions.

use crate::plan::changelog::describe;
use crate::test_support::{error, plan, query};
use crate::{TableEnvironment, TableResult};

/// Rows one by one, in this order.
const ROWS: &str = "CREATE TEMPORARY VIEW t AS SELECT * FROM (VALUES \
    (1, 'a', 10), (1, 'b', 30), (2, 'c', 5), (1, 'd', 20), (1, 'e', 30), (2, 'f', 50), (1, 'g', 40)\
    ) AS v(p, id, v);";

fn top(condition: &str, columns: &str) -> String {
    format!(
        "{ROWS} SELECT {columns} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY p ORDER BY v DESC) AS rn FROM t) \
        WHERE {condition}"
    )
}

fn of_partition(rows: &[String], partition: i32) -> Vec<&str> {
    let prefix = format!("[{partition}, ");
    rows.iter().map(String::as_str).filter(|row| row[2..].starts_with(&prefix)).collect()
}

#[test]
fn numbers_that_are_read_shift() {
    let rows = query(&top("rn <= 2", "p, id, rn"));
    assert_eq!(
        of_partition(&rows, 1),
        [
            "+I[1, a, 1]",
            "-U[1, a, 1]",
            "+U[1, b, 1]",
            "+I[1, a, 2]",
            "-U[1, a, 2]",
            "+U[1, d, 2]",
            "-U[1, d, 2]",
            "+U[1, e, 2]",
            "-U[1, b, 1]",
            "+U[1, g, 1]",
            "-U[1, e, 2]",
            "+U[1, b, 2]",
        ]
    );
    assert_eq!(of_partition(&rows, 2), ["+I[2, c, 1]", "-U[2, c, 1]", "+U[2, f, 1]", "+I[2, c, 2]"]);
}

#[test]
fn numbers_that_are_not_read_are_not_kept() {
    let rows = query(&top("rn < 3", "p, id"));
    let first =
        ["+I[1, a]", "+I[1, b]", "-D[1, a]", "+I[1, d]", "-D[1, d]", "+I[1, e]", "-D[1, e]", "+I[1, g]"];
    assert_eq!(of_partition(&rows, 1), first);
}

#[test]
fn a_number_that_is_one_alone_is_a_constant() {
    let rows = query(&top("rn = 1", "p, id, rn"));
    let first = ["+I[1, a, 1]", "-U[1, a, 1]", "+U[1, b, 1]", "-U[1, b, 1]", "+U[1, g, 1]"];
    assert_eq!(of_partition(&rows, 1), first);
    let second = query(&top("rn = 2 AND v > 0", "p, id, rn"));
    assert_eq!(
        of_partition(&second, 1),
        [
            "+I[1, a, 2]",
            "-U[1, a, 2]",
            "+U[1, d, 2]",
            "-U[1, d, 2]",
            "+U[1, e, 2]",
            "-U[1, e, 2]",
            "+U[1, b, 2]"
        ]
    );
}

#[test]
fn conditions_are_read_in_all_their_forms() {
    let expected = query(&top("rn <= 2", "p, id, rn"));
    for condition in ["rn < 3", "2 >= rn", "rn BETWEEN 1 AND 2", "rn <= 5 AND 3 > rn", "rn > 0 AND rn <= 2"] {
        assert_eq!(
            of_partition(&query(&top(condition, "p, id, rn")), 1),
            of_partition(&expected, 1),
            "{condition}"
        );
    }
    let qualify = format!(
        "{ROWS} SELECT p, id, ROW_NUMBER() OVER (PARTITION BY p ORDER BY v DESC) AS rn FROM t QUALIFY rn <= 2"
    );
    assert_eq!(of_partition(&query(&qualify), 1), of_partition(&expected, 1));
    let window = format!(
        "{ROWS} SELECT p, id, ROW_NUMBER() OVER w AS rn FROM t WINDOW w AS (PARTITION BY p ORDER BY v DESC) \
        QUALIFY ROW_NUMBER() OVER w <= 2"
    );
    assert_eq!(of_partition(&query(&window), 1), of_partition(&expected, 1));
    assert!(query(&top("rn <= 2 AND rn > 2", "p, id, rn")).is_empty());
    let rest = query(&top("rn <= 2 AND id = 'g'", "p, id, rn"));
    assert_eq!(rest, ["+U[1, g, 1]"]);
}

#[test]
fn a_rank_over_changes_takes_rows_back() {
    let script = format!(
        "{ROWS} SELECT p, s, rn FROM (SELECT p, s, ROW_NUMBER() OVER (ORDER BY s DESC) AS rn FROM \
        (SELECT p, SUM(v) AS s FROM t GROUP BY p)) WHERE rn <= 1000"
    );
    let operators = plan(&script);
    assert_eq!(operators[..2], ["Rank[I,UB,UA,D]", "Exchange[I,UB,UA]"], "{operators:?}");
    // The order of rows of different groups depends on the subtasks: what remains does not.
    assert_eq!(fold(query(&script)), ["[1, 130, 1]", "[2, 55, 2]"]);
}

/// The rows that are there in the end.
fn fold(rows: Vec<String>) -> Vec<String> {
    let mut there: Vec<String> = Vec::new();
    for row in rows.clone() {
        let (kind, row) = row.split_at(2);
        match kind {
            "+I" | "+U" => there.push(row.to_owned()),
            _ => {
                let position = there.iter().position(|known| known == row);
                there.remove(position.unwrap_or_else(|| panic!("{row} goes and is not there: {rows:?}")));
            }
        }
    }
    there.sort();
    there
}

#[test]
fn rows_that_only_get_better_are_replaced() {
    let of = |function: &str, direction: &str| {
        let script = format!(
            "{ROWS} SELECT p, id, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY p ORDER BY n {direction}) AS rn \
            FROM (SELECT p, id, {function}(v) AS n FROM t GROUP BY p, id)) WHERE rn <= 2"
        );
        plan(&script).last().map(|_| plan(&script)).unwrap()
    };
    // Without -U below, the rank keeps the result alone.
    let has_update_before =
        |operators: &[String]| operators.iter().any(|name| name == "GroupAggregate[I,UB,UA]");
    assert!(!has_update_before(&of("COUNT", "DESC")));
    assert!(!has_update_before(&of("MIN", "ASC")));
    assert!(has_update_before(&of("COUNT", "ASC")));
    assert!(has_update_before(&of("SUM", "DESC")));
}

#[test]
fn limits() {
    let rows = query(&format!("{ROWS} SELECT id, v FROM t ORDER BY v DESC, id LIMIT 2"));
    let expected = ["+I[a, 10]", "+I[b, 30]", "-D[a, 10]", "+I[d, 20]", "-D[d, 20]", "+I[e, 30]"];
    assert_eq!(rows[..6], expected);
    assert_eq!(query(&format!("{ROWS} SELECT id FROM t LIMIT 3")), ["+I[a]", "+I[b]", "+I[c]"]);
    assert!(query(&format!("{ROWS} SELECT id FROM t LIMIT 0")).is_empty());
    let offset = fold(query(&format!("{ROWS} SELECT id FROM t ORDER BY v DESC, id LIMIT 2 OFFSET 1")));
    assert_eq!(offset, ["[b]", "[g]"]);
    assert_eq!(plan(&format!("{ROWS} SELECT id FROM t LIMIT 3"))[0], "Limit[I]");
    let hidden = fold(query(&format!("{ROWS} SELECT id AS name FROM t ORDER BY p + v LIMIT 1")));
    assert_eq!(hidden, ["[c]"]);
    let counted = format!("{ROWS} SELECT p FROM t GROUP BY p ORDER BY COUNT(*) DESC, 1 LIMIT 1");
    assert_eq!(fold(query(&counted)), ["[1]"]);
}

#[test]
fn all_rows_are_sorted_at_the_end_of_a_batch() {
    let script =
        format!("{ROWS} SET 'execution.runtime-mode' = 'batch'; SELECT id, v FROM t ORDER BY v, id DESC");
    let expected = ["+I[c, 5]", "+I[a, 10]", "+I[d, 20]", "+I[e, 30]", "+I[b, 30]", "+I[g, 40]", "+I[f, 50]"];
    assert_eq!(query(&script), expected);
    assert_eq!(
        error(&format!("{ROWS} SELECT id FROM t ORDER BY v")),
        "Sort on a non-time-attribute field is not supported."
    );
    // An order below says nothing about the rows.
    assert_eq!(query(&format!("{ROWS} SELECT COUNT(*) FROM (SELECT id FROM t ORDER BY v)")).len(), 13);
}

#[test]
fn the_first_and_the_last_by_time_are_deduplicated() {
    const BIDS: &str = "CREATE TABLE n (event_type INT, \
        bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>, \
        `at` AS bid.`dateTime`, WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND) \
        WITH ('connector' = 'nexmark', 'events.num' = '10');";
    let of = |time: &str, direction: &str| {
        plan(&format!(
            "{BIDS} SELECT bid.auction FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bid.auction ORDER BY {time} \
            {direction}) AS rn FROM n) WHERE rn = 1"
        ))
    };
    assert!(of("`at`", "ASC").contains(&"Deduplicate[I]".to_owned()), "{:?}", of("`at`", "ASC"));
    assert!(of("`at`", "DESC").contains(&"Deduplicate[I,UB,UA,D]".to_owned()));
    assert!(of("bid.price", "DESC").contains(&"Rank[I,UB,UA,D]".to_owned()));
}

#[test]
fn what_is_no_top_n_is_refused() {
    let no_end = "Rank end is not specified. Currently rank only support TopN, which means the rank end must be \
        specified.";
    assert_eq!(error(&top("rn > 2", "p")), no_end);
    assert_eq!(error(&top("p = 2", "p, rn")), no_end);
    let rank = format!("{ROWS} SELECT RANK() OVER (PARTITION BY p ORDER BY v) FROM t");
    assert_eq!(error(&rank), "RANK OVER is not supported yet");
    let unordered = format!("{ROWS} SELECT ROW_NUMBER() OVER (PARTITION BY p) FROM t");
    assert!(error(&unordered).contains("requires order by clause"));
    let offset = format!("{ROWS} SELECT id FROM t ORDER BY v OFFSET 2 ROWS");
    assert_eq!(error(&offset), "FETCH is missed, which on streaming table is not supported currently.");
}

/// The operators of the first INSERT of a script, from the sink on.
fn insert_plan(script: &str) -> Vec<&'static str> {
    let mut environment = TableEnvironment::new();
    let statements: Vec<&str> = script.split(';').filter(|statement| !statement.trim().is_empty()).collect();
    let mut operators = Vec::new();
    for statement in statements {
        if let TableResult::Insert(job) = environment.execute_sql(statement).unwrap() {
            let mut next = job.plans().first();
            while let Some(plan) = next {
                operators.push(describe(&plan.node));
                next = plan.inputs.first();
            }
        }
    }
    operators
}

#[test]
fn a_sink_with_another_key_is_materialized() {
    let script = |columns: &str, key: &str, before: &str| {
        format!(
            "{ROWS} {before} CREATE TABLE sink (p INT, n BIGINT NOT NULL, PRIMARY KEY ({key}) NOT ENFORCED) \
            WITH ('connector' = 'print'); INSERT INTO sink SELECT {columns} FROM t GROUP BY p"
        )
    };
    let materializes = |columns: &str, key: &str, before: &str| {
        insert_plan(&script(columns, key, before)).contains(&"SinkMaterializer")
    };
    assert!(!materializes("p, COUNT(*)", "p", ""));
    assert!(materializes("p, COUNT(*)", "n", ""));
    assert!(!materializes("p, COUNT(*)", "n", "SET 'table.exec.sink.upsert-materialize' = 'NONE';"));
    assert!(materializes("p, COUNT(*)", "p", "SET 'table.exec.sink.upsert-materialize' = 'FORCE';"));
}

#[test]
fn a_sink_with_another_key_gets_a_warning() {
    let warnings = |script: &str| {
        let mut environment = TableEnvironment::new();
        let mut warnings = Vec::new();
        for statement in script.split(';').filter(|statement| !statement.trim().is_empty()) {
            if let TableResult::Insert(job) = environment.execute_sql(statement).unwrap() {
                warnings.extend(job.warnings().to_vec());
            }
        }
        warnings
    };
    let script = |key: &str, conflict: &str| {
        format!(
            "{ROWS} CREATE TABLE sink (p INT, n BIGINT NOT NULL, PRIMARY KEY ({key}) NOT ENFORCED) \
            WITH ('connector' = 'print'); INSERT INTO sink SELECT p, COUNT(*) FROM t GROUP BY p {conflict}"
        )
    };
    assert!(warnings(&script("p", "")).is_empty());
    assert!(warnings(&script("n", "ON CONFLICT DO DEDUPLICATE")).is_empty());
    let [warning] = warnings(&script("n", "")).try_into().unwrap();
    assert!(warning.starts_with("Flink 2.3 refuses this INSERT"), "{warning}");
    assert!(warning.contains("Primary key: [n], upsert key: [p]."), "{warning}");
}
