//! `millstream sql` and `millstream explain`: what they write and what they end with.

use std::io::Read;
use std::process::Stdio;

use crate::support::{millstream, run, stderr, stdout};

#[test]
fn statements_answer_as_in_flinks_client() {
    let script = "\
CREATE TABLE t (id INT NOT NULL, name STRING COMMENT 'who', PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
SHOW TABLES;
DESCRIBE t;
SHOW VIEWS;
SELECT * FROM (VALUES (CAST(1 AS TINYINT), TRUE, '你好'), (CAST(NULL AS TINYINT), FALSE, 'a text that is longer than a column')) AS v(a, b, c);
";
    let output = run(&["sql"], script);
    // The long text is cut at 30 columns, of which the dots take three; wide signs take two each.
    let expected = "\
[INFO] Execute statement succeeded.
+------------+
| table name |
+------------+
|          t |
+------------+
1 row in set
+------+--------+-------+---------+--------+-----------+---------+
| name |   type |  null |     key | extras | watermark | comment |
+------+--------+-------+---------+--------+-----------+---------+
|   id |    INT | FALSE | PRI(id) |        |           |         |
| name | STRING |  TRUE |         |        |           |     who |
+------+--------+-------+---------+--------+-----------+---------+
2 rows in set
Empty set
+----+--------+--------+--------------------------------+
| op |      a |      b |                              c |
+----+--------+--------+--------------------------------+
| +I |      1 |   TRUE |                           你好 |
| +I | <NULL> |  FALSE | a text that is longer than ... |
+----+--------+--------+--------------------------------+
Received a total of 2 rows
";
    assert_eq!((stdout(&output), stderr(&output)), (expected.to_owned(), String::new()));
    assert_eq!(output.status.code(), Some(0));
}

/// Ten minutes of processing time pass at once.
#[test]
fn in_virtual_time_windows_of_processing_time_are_over_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.jsonl");
    std::fs::write(&rows, "[\"a\"]\n[\"a\"]\n{\"advance\": \"10 min\"}\n[\"b\"]\n").unwrap();
    let script = format!(
        "CREATE TABLE s (k STRING, p AS PROCTIME()) WITH ('connector' = 'values', 'data-file' = '{}');
         SELECT k, COUNT(*) FROM s GROUP BY k, TUMBLE(p, INTERVAL '5' MINUTE);",
        rows.display()
    );
    let output = run(&["sql", "--clock", "virtual", "--seed", "7", "--style", "plain"], &script);
    assert_eq!((stdout(&output), stderr(&output)), ("+I[a, 2]\n".to_owned(), String::new()));
    let output = run(&["sql", "--clock", "virtual", "--detach"], &script);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--detach"), "{}", stderr(&output));
}

#[test]
fn detached_inserts_run_while_the_script_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result");
    let script = format!(
        "CREATE TABLE t (a INT) WITH ('connector' = 'values', 'result-file' = '{}');
         INSERT INTO t VALUES (1), (2);
         SHOW VIEWS;",
        result.display()
    );
    let output = run(&["sql", "--detach"], &script);
    let text = stdout(&output);
    assert!(text.contains("[INFO] Submitting SQL update statement to the cluster...\n"), "{text}");
    let id = text.split("Job ID: ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert!(text.ends_with("Empty set\n"), "{text}");
    assert_eq!(std::fs::read_to_string(&result).unwrap(), "+I[1]\n+I[2]\n", "awaited at the end");
    assert_eq!(output.status.code(), Some(0));
    // A job that fails says so at the end.
    let script = "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole'); INSERT INTO t SELECT 1 / (a - a) FROM (VALUES (1)) AS v(a);";
    assert_eq!(run(&["sql", "--detach"], script).status.code(), Some(3));
}

#[test]
fn batch_mode_shows_what_is_left() {
    let script = "\
SET 'execution.runtime-mode' = 'batch';
SELECT k, COUNT(*) AS n FROM (VALUES (1), (2), (1)) AS t(k) GROUP BY k;
";
    let output = stdout(&run(&["sql"], script));
    let mut rows: Vec<_> =
        output.lines().filter(|line| line.starts_with("| ") && !line.contains('k')).collect();
    rows.sort_unstable();
    assert_eq!(rows, ["| 1 | 2 |", "| 2 | 1 |"], "{output}");
    assert!(output.ends_with("2 rows in set\n") && !output.contains("op"), "{output}");
}

#[test]
fn json_has_an_object_a_line() {
    let script = "\
SELECT 1, 'a\"b', CAST(NULL AS INT), TRUE, 1.50, ARRAY_MISSING(1);
";
    let refused = run(&["sql", "--style", "json"], script);
    assert_eq!(refused.status.code(), Some(1));
    let line = stdout(&refused);
    assert!(line.starts_with("{\"error\":{\"class\":\"org.apache.flink.table.api."), "{line}");
    assert!(line.contains("\"line\":1,\"column\":"), "{line}");
    let output = run(
        &["sql", "--style", "json"],
        "CREATE VIEW v AS SELECT 1 AS x; SELECT 1, 'a\"b', CAST(NULL AS INT), TRUE, 1.50; SHOW TABLES",
    );
    let expected = "\
{\"ok\":\"Execute statement succeeded.\"}
{\"op\":\"+I\",\"row\":[1,\"a\\\"b\",null,true,1.50]}
{\"op\":\"+I\",\"row\":[\"v\"]}
";
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
}

#[test]
fn exit_codes_tell_who_is_to_blame() {
    let cases: [(&[&str], i32, &str); 5] = [
        (&["sql", "-e", "SELECT 1"], 0, ""),
        (&["sql", "-e", "SELECT missing"], 1, "org.apache.flink.table.api.ValidationException"),
        (&["sql", "-e", "SELEC 1"], 1, "org.apache.flink.sql.parser.impl.ParseException"),
        (&["sql", "-f", "/no/such/file"], 2, "/no/such/file"),
        (&["sql", "-e", "SELECT 1 / a FROM (VALUES (0)) AS t(a)"], 3, "[ERROR]"),
    ];
    for (arguments, code, message) in cases {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
    let short = run(&["sql", "--errors", "short", "-e", "SELECT 1;\nSELECT missing"], "");
    assert!(stderr(&short).starts_with("error: 2:8: "), "{}", stderr(&short));
}

#[test]
fn a_script_can_go_on_after_a_failure() {
    let output = run(&["sql", "--keep-going", "--style", "plain", "-e", "SELECT missing; SELECT 2"], "");
    assert_eq!((stdout(&output), output.status.code()), ("+I[2]\n".to_owned(), Some(1)));
}

#[test]
fn what_is_no_error_is_told_on_standard_error() {
    let output = run(&["sql", "-e", "ADD JAR '/x.jar'; SET 'paralelism.default' = '2'"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("/x.jar") && stderr(&output).contains("parallelism.default"));
    let listed = stdout(&run(&["sql", "--list-options"], ""));
    assert!(listed.contains("execution.checkpointing.interval\n    a duration"), "{listed}");
}

#[test]
fn a_reader_that_goes_away_ends_the_process() {
    let endless =
        "CREATE TABLE n (bid ROW<auction BIGINT>) WITH ('connector' = 'nexmark'); SELECT bid.auction FROM n";
    let mut child = millstream(&["sql", "--style", "plain", "-e", endless])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The other end is closed here.
    let output = child.wait_with_output().unwrap();
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    assert!(!output.status.success());
}

#[test]
fn plans_are_explained_without_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.sql");
    let script = "CREATE TABLE p (a INT) WITH ('connector' = 'print');\nINSERT INTO p SELECT a + 1 FROM (VALUES (1)) AS t(a);";
    std::fs::write(&file, script).unwrap();
    let output = stdout(&run(&["explain", &file.to_string_lossy(), "--changelog-mode"], ""));
    assert!(output.starts_with("== Abstract Syntax Tree ==\nLogicalSink(table=["), "{output}");
    assert!(output.contains("== Optimized Execution Plan ==\nSink(table=["), "{output}");
    assert!(output.contains("changelogMode=[I]"), "{output}");
}
