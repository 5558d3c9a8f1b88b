#[cfg(feature = "parquet")]
mod parquet;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::connectors::testing::Script;

/// A directory of its own, and a script that runs in it.
struct Files {
    directory: TempDir,
    script: Script,
}

impl Files {
    fn new(parallelism: u32) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), script: Script::new(parallelism) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Creates a table over a file or folder of the directory.
    fn create(&mut self, table: &str, columns: &str, clauses: &str, path: &str, options: &str) {
        let path = self.path(path).to_string_lossy().into_owned();
        self.script.run(&format!(
            "CREATE TABLE {table} ({columns}) {clauses} WITH ('connector' = 'filesystem', 'path' = '{path}', {options})"
        ));
    }

    /// All visible files below a folder, with their contents, by path.
    fn visible(&self, folder: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        collect(&self.path(folder), "", &mut found);
        found.sort();
        found
    }
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else if !name.starts_with('.') {
            found.push((path, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data").join(file)
}

#[test]
fn the_flights_of_the_examples_are_read() {
    for parallelism in [1, 3] {
        let mut script = Script::new(parallelism);
        script.run(&format!(
            "CREATE TABLE airlines (name STRING, carrier STRING) WITH ('connector' = 'filesystem', 'path' = '{}', \
             'format' = 'csv', 'csv.has-header' = 'true')",
            data("airlines.csv").display()
        ));
        let airlines = script.run("SELECT carrier, name FROM airlines WHERE carrier = 'AA'");
        assert_eq!(airlines, ["+I[AA, American Airlines Inc.]"]);
        script.run(&format!(
            "CREATE TABLE flights (carrier STRING, flight INT, arr_delay DOUBLE, distance DOUBLE) WITH \
             ('connector' = 'filesystem', 'path' = '{}', 'format' = 'csv', 'csv.has-header' = 'true', \
             'csv.null-literal' = 'NA')",
            data("flights-2013-0*.csv.gz").display()
        ));
        let mut rows = script.run("SELECT carrier, flight, arr_delay FROM flights");
        rows.sort_unstable();
        // The same by hand: no field of these files is quoted.
        let mut expected = Vec::new();
        for month in ["01", "02"] {
            let file = fs::File::open(data(&format!("flights-2013-{month}.csv.gz"))).unwrap();
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
            let mut lines = text.lines();
            let header: Vec<_> = lines.next().unwrap().split(',').collect();
            let at = |name: &str| header.iter().position(|found| *found == name).unwrap();
            let (carrier, flight, delay) = (at("carrier"), at("flight"), at("arr_delay"));
            expected.extend(lines.map(|line| {
                let fields: Vec<_> = line.split(',').collect();
                let delay =
                    fields[delay].parse::<f64>().map_or("null".to_owned(), |delay| format!("{delay:?}"));
                format!("+I[{}, {}, {delay}]", fields[carrier], fields[flight])
            }));
        }
        expected.sort_unstable();
        assert!(expected.len() > 50_000 && rows == expected);
    }
}

#[test]
fn what_is_written_is_read_in_every_format() {
    let columns = "id INT, name STRING, ts TIMESTAMP(3), tags ARRAY<INT>";
    let cases = [
        (
            "json",
            "",
            "{\"id\":1,\"name\":\"a,\\\"b\\\"\\nc\",\"ts\":\"2020-10-10 00:00:05.12\",\"tags\":[1,2]}\n",
        ),
        ("csv", "", "1,\"a,\"\"b\"\"\nc\",\"2020-10-10 00:00:05.12\",1;2\n"),
        (
            "csv",
            ", 'csv.has-header' = 'true'",
            "id,name,ts,tags\n1,\"a,\"\"b\"\"\nc\",\"2020-10-10 00:00:05.12\",1;2\n",
        ),
    ];
    for (format, options, expected) in cases {
        let mut files = Files::new(1);
        files.script.run(&format!("CREATE TABLE s ({columns}) WITH ('connector' = 'values')"));
        let row = r#"[1, "a,\"b\"\nc", "2020-10-10 00:00:05.12", [1, 2]]"#;
        files.script.register("s", crate::connectors::TestRows::new([row]));
        files.create("t", columns, "", "out", &format!("'format' = '{format}'{options}"));
        files.script.run("INSERT INTO t SELECT * FROM s");
        assert_eq!(files.visible("out"), [(format!("part-0-0.{format}"), expected.to_owned())]);
        let read = "+I[1, a,\"b\"\nc, 2020-10-10T00:00:05.120, [1, 2]]";
        assert_eq!(files.script.run("SELECT * FROM t"), [read]);
        // A second INSERT adds to what is there.
        files.script.run("INSERT INTO t SELECT * FROM s");
        assert_eq!(files.script.run("SELECT * FROM t"), [read, read]);
    }
}

#[test]
fn fields_of_rows_are_read() {
    let mut files = Files::new(1);
    files.write("in.json", "{\"r\":{\"a\":1,\"s\":{\"b\":\"x\"}},\"n\":2}\n{\"r\":null,\"n\":3}\n{\"r\":{\"a\":4,\"s\":null},\"n\":5}\n");
    files.create("t", "r ROW<a INT, s ROW<b STRING>>, n INT", "", "in.json", "'format' = 'json'");
    assert_eq!(
        files.script.run("SELECT r.s.b, n, r.a FROM t"),
        ["+I[x, 2, 1]", "+I[null, 3, null]", "+I[null, 5, 4]"]
    );
    assert_eq!(files.script.run("SELECT n FROM t WHERE r.s.b = 'x'"), ["+I[2]"]);
}

#[test]
fn partitions_are_folders() {
    let mut files = Files::new(2);
    let columns = "id INT, dt DATE, v STRING, name STRING";
    files.create("t", columns, "PARTITIONED BY (dt, name)", "out", "'format' = 'csv'");
    files.script.run("CREATE TABLE s (id INT, dt DATE, v STRING, name STRING) WITH ('connector' = 'values')");
    let rows = [
        r#"[1, "2020-10-10", "x", "a/b"]"#,
        r#"[2, "2020-10-11", "y", null]"#,
        r#"[3, "2020-10-10", "z", "a/b"]"#,
        r#"[4, null, "w", "100%"]"#,
    ];
    files.script.register("s", crate::connectors::TestRows::new(rows));
    files.script.run("INSERT INTO t SELECT * FROM s");
    let mut folders: Vec<_> = files
        .visible("out")
        .into_iter()
        .map(|(path, _)| path.rsplit_once('/').unwrap().0.to_owned())
        .collect();
    folders.dedup();
    assert_eq!(
        folders,
        [
            "dt=2020-10-10/name=a%2Fb",
            "dt=2020-10-11/name=__DEFAULT_PARTITION__",
            "dt=__DEFAULT_PARTITION__/name=100%25",
        ]
    );
    let lines: String = files.visible("out").into_iter().map(|(_, lines)| lines).collect();
    let mut lines: Vec<_> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1,x", "2,y", "3,z", "4,w"]);
    assert_eq!(
        files.script.sorted("SELECT * FROM t"),
        [
            "+I[1, 2020-10-10, x, a/b]",
            "+I[2, 2020-10-11, y, null]",
            "+I[3, 2020-10-10, z, a/b]",
            "+I[4, null, w, 100%]",
        ]
    );
    assert_eq!(files.script.sorted("SELECT name FROM t WHERE dt = DATE '2020-10-11'"), ["+I[null]"]);
    // A second run writes beside the first.
    files.script.run("INSERT INTO t SELECT * FROM s");
    assert_eq!(files.script.run("SELECT id FROM t").len(), 8);
}

#[test]
fn a_row_that_cannot_be_read_has_its_place() {
    let mut files = Files::new(1);
    files.write("in/a.csv", "1,x\n\"2\",\"y\nz\"\nthree,y\n");
    files.create("t", "n INT, s STRING", "", "in", "'format' = 'csv'");
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    let place = "in/a.csv`: line 4, the row at byte 14 cannot be read: column `n`: 'three' is no INT; it is `three,y`";
    assert!(error.contains(place), "{error}");
    files.create(
        "lenient",
        "n INT, s STRING",
        "",
        "in",
        "'format' = 'csv', 'csv.ignore-parse-errors' = 'true'",
    );
    assert_eq!(files.script.run("SELECT * FROM lenient"), ["+I[1, x]", "+I[2, y\nz]", "+I[null, y]"]);
}

#[test]
fn lines_are_counted_from_the_start_of_the_file_wherever_reading_begins() {
    let mut files = Files::new(4);
    // Several splits of 1 MiB.
    let lines = 300_000;
    let mut text: String = (0..lines).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    text.push_str("{\"n\": 1\n{\"n\": \"x\"}\n");
    files.write("in.json", text);
    files.create("t", "n INT", "", "in.json", "'format' = 'json'");
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains("in.json`: line 300001, the row at byte"), "{error}");
    files.create("lenient", "n INT", "", "in.json", "'format' = 'json', 'json.ignore-parse-errors' = 'true'");
    let mut rows = files.script.run("SELECT n FROM lenient");
    assert_eq!(rows.len(), lines + 1);
    rows.retain(|row| row == "+I[null]");
    assert_eq!(rows.len(), 1);
}

#[test]
fn folders_are_read_with_all_that_is_visible_in_them() {
    let mut files = Files::new(1);
    files.write("in/b/c/2.txt", "two\r\nzwei");
    files.write("in/a/1.txt", "one\n\n");
    files.write("in/_logs/3.txt", "hidden\n");
    files.write("in/a/.part-0-0.txt.pending", "pending\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"three\n").unwrap();
    files.write("in/3.txt.gz", packed.finish().unwrap());
    let columns = "line STRING, file STRING METADATA FROM 'file.name' VIRTUAL";
    files.create("t", columns, "", "in", "'format' = 'raw'");
    assert_eq!(
        files.script.sorted("SELECT * FROM t"),
        ["+I[, 1.txt]", "+I[one, 1.txt]", "+I[three, 3.txt.gz]", "+I[two, 2.txt]", "+I[zwei, 2.txt]"]
    );
    assert_eq!(files.script.run("SELECT file FROM t WHERE line = 'two'"), ["+I[2.txt]"]);
}

#[test]
fn a_file_outside_of_its_partitions_is_an_error() {
    let mut files = Files::new(1);
    files.write("in/dt=2020-10-10/a.csv", "1\n");
    files.write("in/dt=yesterday/a.csv", "2\n");
    files.create("t", "n INT, dt DATE", "PARTITIONED BY (dt)", "in", "'format' = 'csv'");
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(
        error.contains("dt=yesterday/a.csv`: the folder of column `dt`: 'yesterday' is no DATE"),
        "{error}"
    );
    assert_eq!(files.script.sorted("SELECT n FROM t"), ["+I[1]", "+I[2]"]);
    files.write("in/b.csv", "3\n");
    let error = files.script.try_run("SELECT dt FROM t").unwrap_err();
    assert!(error.contains("is in no folder `dt=…`") || error.contains("yesterday"), "{error}");
}

#[test]
fn changelogs_are_written_and_read_again() {
    for format in ["debezium-json", "canal-json", "maxwell-json"] {
        let mut files = Files::new(1);
        files.create("t", "word STRING, n BIGINT", "", "out", &format!("'format' = '{format}'"));
        files.script.run(
            "INSERT INTO t SELECT word, COUNT(*) FROM (VALUES ('to'), ('be'), ('to')) AS w(word) GROUP BY word",
        );
        let rows = files.script.run("SELECT * FROM t");
        assert_eq!(rows, ["+I[to, 1]", "+I[be, 1]", "-D[to, 1]", "+I[to, 2]"], "{format}");
        assert_eq!(files.script.run("SELECT MAX(n) FROM t"), ["+I[1]", "-U[1]", "+U[2]"], "{format}");
    }
}

#[test]
fn container_files_of_avro_are_written_and_read_again() {
    for (codec, parallelism) in [("null", 1), ("deflate", 1), ("snappy", 3)] {
        let mut files = Files::new(parallelism);
        let options = format!("'format' = 'avro', 'avro.codec' = '{codec}'");
        files.create("t", "n INT, s STRING, dt DATE", "PARTITIONED BY (dt)", "out", &options);
        files.script.run(
            "CREATE TABLE g (n INT, s STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '20000', \
             'rows-per-second' = '100000000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', \
             'fields.n.end' = '20000')",
        );
        files.script.run(
            "INSERT INTO t SELECT n, s, CASE WHEN MOD(n, 2) = 0 THEN DATE '2020-10-10' ELSE DATE '2020-10-11' END FROM g",
        );
        let day = |n: usize| if n.is_multiple_of(2) { 10 } else { 11 };
        let mut expected: Vec<_> =
            (1..=20_000).map(|n| format!("+I[2020-10-{}, {n}, 100]", day(n))).collect();
        expected.sort_unstable();
        assert!(files.script.sorted("SELECT dt, n, CHAR_LENGTH(s) FROM t") == expected, "{codec}");
        let names = fs::read_dir(files.path("out/dt=2020-10-10")).unwrap();
        let names: Vec<_> = names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| name.ends_with(".avro")), "{names:?}");
    }
}

#[test]
fn a_container_file_that_is_damaged_fails_with_its_place() {
    let mut files = Files::new(1);
    files.create("t", "n INT", "", "out", "'format' = 'avro', 'avro.codec' = 'null'");
    files.script.run("INSERT INTO t VALUES (1), (2)");
    let file = fs::read_dir(files.path("out")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.len();
    bytes.truncate(end - 1);
    fs::write(&file, &bytes).unwrap();
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains(".avro`: ") && error.contains("the row at byte"), "{error}");
    fs::write(&file, b"{}").unwrap();
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains("this is no container file of Avro"), "{error}");
}

#[test]
fn a_message_that_cannot_be_read_fails_with_its_line_or_is_skipped() {
    let mut files = Files::new(1);
    files.write(
        "in.json",
        "{\"op\":\"c\",\"after\":{\"n\":1}}\n{\"op\":\"u\",\"after\":{\"n\":2}}\n{\"op\":\"c\",\"after\":{\"n\":3}}\n",
    );
    files.create("t", "n INT", "", "in.json", "'format' = 'debezium-json'");
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains("in.json`: line 2, the row at byte 27 cannot be read"), "{error}");
    assert!(error.contains("REPLICA IDENTITY"), "{error}");
    let lenient = "'format' = 'debezium-json', 'debezium-json.ignore-parse-errors' = 'true'";
    files.create("lenient", "n INT", "", "in.json", lenient);
    assert_eq!(files.script.run("SELECT * FROM lenient"), ["+I[1]", "+I[3]"]);
}

#[test]
fn a_format_without_changes_takes_none() {
    let mut files = Files::new(1);
    files.create("t", "word STRING, n BIGINT", "", "out", "'format' = 'json'");
    let insert = "INSERT INTO t SELECT word, COUNT(*) FROM (VALUES ('to')) AS w(word) GROUP BY word";
    let error = files.script.try_run(insert).unwrap_err();
    assert!(error.contains("doesn't support consuming update"), "{error}");
}

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        ("n INT", "'format' = 'csv'", "Missing required options are: path"),
        ("n INT", "'path' = 'x'", "Missing required options are: format"),
        ("n INT", "'path' = 'x', 'format' = 'xml'", "Could not find any format factory for identifier 'xml'"),
        (
            "n INT",
            "'path' = 'x', 'format' = 'csv', 'json.ignore-parse-errors' = 'true'",
            "Unsupported options: json.",
        ),
        (
            "n INT",
            "'path' = 'x', 'format' = 'csv', 'sink.rolling-policy.file-size' = 'big'",
            "it must be a size",
        ),
        (
            "n INT",
            "'path' = 'x', 'format' = 'csv', 'source.monitor-interval' = 'often'",
            "source.monitor-interval",
        ),
        (
            "n INT, s STRING METADATA FROM 'value.source.table' VIRTUAL",
            "'path' = 'x', 'format' = 'debezium-json'",
            "Invalid metadata key 'value.source.table'",
        ),
        (
            "n INT",
            "'path' = 'x', 'format' = 'canal-json', 'canal-json.schema-include' = 'true'",
            "Unsupported options: canal-json.schema-include",
        ),
        (
            "n INT",
            "'path' = 'x', 'format' = 'avro-confluent', 'avro-confluent.url' = 'http://localhost:8081'",
            "format 'avro-confluent' is one of messages",
        ),
        ("n INT, m INT", "'path' = 'x', 'format' = 'raw'", "only supports single physical column"),
        ("n INT", "'path' = 'no/such/file', 'format' = 'csv'", "no such file"),
        (
            "n INT, m STRING METADATA FROM 'file.owner' VIRTUAL",
            "'path' = 'x', 'format' = 'csv'",
            "Invalid metadata key 'file.owner'",
        ),
    ];
    for (columns, options, expected) in cases {
        let mut script = Script::new(1);
        script.run(&format!("CREATE TABLE t ({columns}) WITH ('connector' = 'filesystem', {options})"));
        let error = script.try_run("SELECT * FROM t").unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
