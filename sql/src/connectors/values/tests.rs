mod late_rows;
mod reading;

use crate::connectors::testing::Script;
use crate::connectors::{ChangelogMode, TestRows};

const ROWS: [&str; 4] = [
    r#"[1, "Hi", "2020-10-10 00:00:05", [1, null], {"k": "v"}, {"a": 7, "b": 2.50}]"#,
    r#"["-U", 1, "Hi", null, null, null, null]"#,
    r#"["+U", 1, "+U", null, [], {}, null]"#,
    r#"["-D", 2, null, null, null, null, {}]"#,
];

fn script(parallelism: u32, options: &str) -> Script {
    let mut script = Script::new(parallelism);
    let columns = "id INT, name STRING, t TIMESTAMP(3), a ARRAY<INT>, m MAP<STRING, STRING>, r ROW<a INT, b DECIMAL(4, 2)>";
    script.run(&format!("CREATE TABLE s ({columns}) WITH ('connector' = 'values'{options})"));
    script.register("s", TestRows::new(ROWS));
    script
}

#[test]
fn rows_come_in_their_order_with_their_kinds() {
    let mut script = script(1, ", 'changelog-mode' = 'I,UA,UB,D', 'bounded' = 'true'");
    assert_eq!(
        script.run("SELECT * FROM s"),
        [
            "+I[1, Hi, 2020-10-10T00:00:05, [1, null], {k=v}, +I[7, 2.50]]",
            "-U[1, Hi, null, null, null, null]",
            "+U[1, +U, null, [], {}, null]",
            "-D[2, null, null, null, null, +I[null, null]]",
        ]
    );
    assert_eq!(script.run("SELECT name, id FROM s"), ["+I[Hi, 1]", "-U[Hi, 1]", "+U[+U, 1]", "-D[null, 2]"]);
}

#[test]
fn fields_of_rows_are_read() {
    let mut script = script(1, ", 'changelog-mode' = 'I,UA,UB,D'");
    assert_eq!(
        script.run("SELECT r.b, id, r.a FROM s"),
        ["+I[2.50, 1, 7]", "-U[null, 1, null]", "+U[null, 1, null]", "-D[null, 2, null]"]
    );
    // Beside the whole of it.
    assert_eq!(script.run("SELECT r, r.a FROM s WHERE r.a > 0"), ["+I[+I[7, 2.50], 7]"]);
}

#[test]
fn fields_are_read_where_the_source_makes_watermarks() {
    let mut script = Script::new(1);
    script.run(
        "CREATE TABLE s (r ROW<a INT, b INT>, n INT, t TIMESTAMP(3), WATERMARK FOR t AS t)
         WITH ('connector' = 'values', 'enable-watermark-push-down' = 'true')",
    );
    script.register("s", TestRows::new([r#"[{"a": 1, "b": 2}, 3, "2020-10-10 00:00:05"]"#]));
    assert_eq!(script.run("SELECT r.b, t FROM s"), ["+I[2, 2020-10-10T00:00:05]"]);
    let windows =
        "SELECT window_start, SUM(r.b) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '10' SECOND))
                   GROUP BY window_start, window_end";
    assert_eq!(script.run(windows), ["+I[2020-10-10T00:00, 2]"]);
}

#[test]
fn subtasks_share_the_rows() {
    for parallelism in [2, 3, 5] {
        let mut script = script(parallelism, ", 'changelog-mode' = 'I,UA,UB,D'");
        assert_eq!(script.sorted("SELECT id FROM s"), ["+I[1]", "+U[1]", "-D[2]", "-U[1]"]);
    }
}

#[test]
fn mistakes_in_rows_have_their_line() {
    let cases = [
        (r#"[1, "x"]"#, "2 values, and the table has 6 columns"),
        (
            r#"["+X", 1, null, null, null, null, null]"#,
            r#""+X" is no kind of row: write "+I", "-U", "+U" or "-D""#,
        ),
        (
            r#"["-D", 1, null, null, null, null, null]"#,
            "a row of kind -D, which 'changelog-mode' does not have",
        ),
        (r#"["x", null, null, null, null, null]"#, "column `id`: 'x' is no INT"),
        (r#"[1, null, "yesterday", null, null, null]"#, "column `t`: 'yesterday' is no TIMESTAMP(3)"),
        (r#"{"watermark": "x"}"#, "'x' is no timestamp"),
        (r#"{"advance": "x"}"#, "'x' is no duration such as '10 s'"),
        (
            r#"{"wait": "1 s"}"#,
            r#"write an array of values, {"watermark": "2020-10-10 00:00:05"} or {"advance": "10 s"}"#,
        ),
    ];
    for (line, expected) in cases {
        let mut script = script(1, "");
        script.register("s", TestRows::new(["", line]));
        let expected = format!("registered rows, line 2: {expected}");
        assert_eq!(script.try_run("SELECT id FROM s"), Err(expected), "{line}");
    }
}

#[test]
fn files_are_read_and_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    std::fs::write(
        file("rows.jsonl"),
        "[1, 10]\n[2, 20]\n\n{\"watermark\": \"2020-10-10 00:00:05\"}\n[1, 11]\n",
    )
    .unwrap();
    let mut script = Script::new(1);
    script.run(&format!(
        "CREATE TABLE s (id INT, v INT) WITH ('connector' = 'values', 'data-file' = '{}')",
        file("rows.jsonl")
    ));
    script.run(&format!(
        "CREATE TABLE t (id INT PRIMARY KEY NOT ENFORCED, v INT) WITH ('connector' = 'values', 'result-file' = '{}', \
         'result-table-file' = '{}')",
        file("changes"),
        file("table"),
    ));
    script.run("INSERT INTO t SELECT * FROM s");
    assert_eq!(std::fs::read_to_string(file("changes")).unwrap(), "+I[1, 10]\n+I[2, 20]\n+I[1, 11]\n");
    assert_eq!(std::fs::read_to_string(file("table")).unwrap(), "+I[1, 11]\n+I[2, 20]\n");
    let error = script.try_run("SELECT * FROM (SELECT id FROM s)").and_then(|_| {
        script.run("CREATE TABLE gone (id INT) WITH ('connector' = 'values', 'data-file' = 'no/such/file')");
        script.try_run("SELECT * FROM gone")
    });
    assert!(error.unwrap_err().contains("the file 'no/such/file' of option 'data-file' cannot be read"));
}

#[test]
fn a_table_holds_what_is_left_of_its_changes() {
    let mut script = script(1, ", 'changelog-mode' = 'I,UA,UB,D'");
    script.register(
        "s",
        TestRows::new([
            r#"[1, "a", null, null, null, null]"#,
            r#"[1, "a", null, null, null, null]"#,
            r#"["-U", 1, "a", null, null, null, null]"#,
            r#"["+U", 1, "b", null, null, null, null]"#,
            r#"[3, "c", null, null, null, null]"#,
            r#"["-D", 3, "c", null, null, null, null]"#,
        ]),
    );
    script.run(
        "CREATE TABLE bag (id INT, name STRING) WITH ('connector' = 'values', 'sink-insert-only' = 'false')",
    );
    script.run("INSERT INTO bag SELECT id, name FROM s");
    let contents = script.contents("bag");
    assert_eq!(contents.table(), Ok(vec!["+I[1, a]".to_owned(), "+I[1, b]".to_owned()]));
    assert_eq!(contents.changelog().len(), 6);
    script.register("s", TestRows::new([r#"["-D", 3, "c", null, null, null, null]"#]));
    script.run("INSERT INTO bag SELECT id, name FROM s");
    let error = script.contents("bag").table().unwrap_err();
    assert_eq!(error, "a row was taken back more often than it was inserted: +I[3, c]");
}

#[test]
fn sinks_take_what_their_options_say() {
    let mut script = Script::new(1);
    let mode = |script: &mut Script, key: &str, options: &str, requested: &ChangelogMode| {
        script.run(&format!("CREATE TABLE t (id INT{key}) WITH ('connector' = 'values'{options})"));
        let table = script.tables.table("t").unwrap().clone();
        let sink = crate::connectors::table_sink(&script.tables.session, &table).unwrap();
        script.run("DROP TABLE t");
        sink.changelog_mode(requested)
    };
    let key = " PRIMARY KEY NOT ENFORCED";
    let all = ChangelogMode::all();
    assert!(mode(&mut script, "", "", &all).is_insert_only());
    assert_eq!(mode(&mut script, "", ", 'sink-insert-only' = 'false'", &all), all);
    assert_eq!(mode(&mut script, key, ", 'sink-insert-only' = 'false'", &all), ChangelogMode::upsert());
    let enforced = ", 'sink-changelog-mode-enforced' = 'I,UA,UB,D'";
    assert_eq!(mode(&mut script, key, enforced, &ChangelogMode::insert_only()), all);
}
