//! Tables of Parquet.

use std::fs;
use std::path::PathBuf;

use super::Files;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet").join(format!("{name}.parquet"))
}

impl Files {
    /// A copy of a file that another program wrote.
    fn copy(&self, fixture_name: &str, name: &str) {
        self.write(name, fs::read(fixture(fixture_name)).unwrap());
    }

    /// The part files of a folder, by name.
    fn parts(&self, folder: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut parts: Vec<_> =
            files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("part-")).collect();
        parts.sort();
        parts
    }
}

/// The columns of `types.parquet`.
const TYPES: &str = "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, u32 BIGINT, f FLOAT, d DOUBLE, \
     dec5 DECIMAL(5, 2), dec15 DECIMAL(15, 3), dec38 DECIMAL(38, 10), s STRING, y BYTES, fixed BINARY(4), `day` DATE, \
     t_ms TIME(3), t_us TIME(3), ts_ms TIMESTAMP(3), ts_us TIMESTAMP(6), utc_us TIMESTAMP_LTZ(6), ts_ns TIMESTAMP(9)";

#[test]
fn files_of_others_are_read() {
    let mut files = Files::new(1);
    for name in ["types", "types_spark"] {
        files.copy(name, &format!("{name}/a.parquet"));
        files.create(name, TYPES, "", name, "'format' = 'parquet'");
        let nulls = ["null"; 21].join(", ");
        let expected = [
            "+I[true, 127, 32767, 2147483647, 9223372036854775807, 4294967295, 1.5, 1.0E300, 123.45, 123456789012.345, \
             9999999999999999999999999999.9999999999, grün, \"quoted\"\n, [0, -1], [97, 98, 99, 100], 2024-02-29, \
             12:34:56.789, 23:59:59.999, 2024-02-29T12:34:56.789, 2024-02-29T12:34:56.789012, 2024-02-29T10:34:56.789012Z, \
             2024-02-29T12:34:56.789012345]",
            "+I[false, -128, -32768, -2147483648, -9223372036854775808, 0, -0.25, -2.5, -0.01, -1.000, -1E-10, , [], \
             [0, 1, 2, 3], 1901-01-01, 00:00, 00:00, 1969-12-31T23:59:59.999, 1969-12-31T23:59:59.999999, \
             1969-12-31T23:59:59.999999Z, 1969-12-31T23:59:59.999999999]",
            &format!("+I[{nulls}]"),
        ];
        assert_eq!(files.script.run(&format!("SELECT * FROM {name}")), expected, "{name}");
    }
}

#[test]
fn nested_values_of_others_are_read() {
    let mut files = Files::new(1);
    for name in ["nested", "nested_old"] {
        let row = "ROW<a INT, b STRING, more ARRAY<DOUBLE>>";
        let columns = format!(
            "id BIGINT, list ARRAY<INT>, lists ARRAY<ARRAY<BIGINT>>, `map` MAP<STRING, INT>, `row` {row}, `rows` ARRAY<{row}>, \
             times ARRAY<TIMESTAMP(6)>"
        );
        files.copy(name, &format!("{name}/a.parquet"));
        files.create(name, &columns, "", name, "'format' = 'parquet'");
        assert_eq!(
            files.script.run(&format!("SELECT * FROM {name}")),
            [
                "+I[1, [1, null, 3], [[1], [], null], {x=1, y=null}, +I[1, x, [0.5]], [+I[1, x, []], null], [2024-01-01T00:00]]",
                "+I[2, [], null, {}, +I[null, null, null], [], null]",
                "+I[3, null, [], null, null, null, []]",
                "+I[4, [4], [[2, null]], {z=3}, +I[4, , []], [+I[2, null, [1.0, null]]], [null, 1969-12-31T23:00]]",
            ],
            "{name}"
        );
        // Fewer fields of the rows, in another order.
        let fewer = format!("{name}_fewer");
        files.create(
            &fewer,
            "`row` ROW<more ARRAY<DOUBLE>, z INT, a BIGINT>",
            "",
            name,
            "'format' = 'parquet'",
        );
        let rows = files.script.run(&format!("SELECT * FROM {fewer}"));
        assert_eq!(
            rows,
            ["+I[+I[[0.5], null, 1]]", "+I[+I[null, null, null]]", "+I[null]", "+I[+I[[], null, 4]]"]
        );
    }
}

#[test]
fn every_way_of_packing_is_read() {
    for parallelism in [1, 3] {
        let mut files = Files::new(parallelism);
        for codec in ["none", "snappy", "gzip", "zstd", "lz4"] {
            files.copy(&format!("many_{codec}"), &format!("in/c={codec}/a.parquet"));
        }
        let columns = "n BIGINT, s STRING, d DOUBLE, c STRING, file STRING METADATA FROM 'file.name' VIRTUAL";
        files.create("t", columns, "PARTITIONED BY (c)", "in", "'format' = 'parquet'");
        let expected = |codec: &str| {
            let rows = (0..2_500_u32).map(|n| {
                let text = if n % 5 == 0 { "null".to_owned() } else { format!("text {}", n % 97) };
                format!("+I[{n}, {text}, {:?}, {codec}, a.parquet]", f64::from(n) / 4.0)
            });
            let mut rows: Vec<_> = rows.collect();
            rows.sort_unstable();
            rows
        };
        for codec in ["none", "snappy", "gzip", "zstd", "lz4"] {
            assert!(
                files.script.sorted(&format!("SELECT * FROM t WHERE c = '{codec}'")) == expected(codec),
                "{codec}"
            );
        }
        assert_eq!(files.script.run("SELECT c FROM t").len(), 5 * 2_500, "without any column of the files");
    }
    let mut files = Files::new(1);
    files.copy("brotli", "in/a.parquet");
    files.create("t", "n BIGINT", "", "in", "'format' = 'parquet'");
    let error = files.script.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains("in/a.parquet` cannot be read") && error.contains("rotli"), "{error}");
    files.copy("zero_rows", "in/a.parquet");
    assert!(files.script.run("SELECT * FROM t").is_empty());
}

#[test]
fn what_is_written_is_read_again_in_its_folders() {
    for options in ["", ", 'parquet.write.int64.timestamp' = 'true', 'parquet.compression' = 'zstd'"] {
        let mut files = Files::new(2);
        let columns =
            "id INT, ts TIMESTAMP(3), tags ARRAY<STRING>, pair ROW<a INT, b STRING>, dt STRING, hr INT";
        let options = format!("'format' = 'parquet'{options}");
        files.create("t", columns, "PARTITIONED BY (dt, hr)", "out", &options);
        files.script.run(
            "INSERT INTO t VALUES \
             (1, TIMESTAMP '2024-05-01 10:00:00.123', ARRAY['a', 'b'], ROW(1, 'x'), '2024-05-01', 10), \
             (2, TIMESTAMP '2024-05-01 11:00:00', ARRAY['c'], ROW(2, 'y'), '2024-05-01', 11), \
             (3, TIMESTAMP '2024-05-02 10:00:00', ARRAY['d'], ROW(3, 'z'), '2024-05-02', 10)",
        );
        assert_eq!(
            files.script.sorted("SELECT * FROM t"),
            [
                "+I[1, 2024-05-01T10:00:00.123, [a, b], +I[1, x], 2024-05-01, 10]",
                "+I[2, 2024-05-01T11:00, [c], +I[2, y], 2024-05-01, 11]",
                "+I[3, 2024-05-02T10:00, [d], +I[3, z], 2024-05-02, 10]",
            ]
        );
        let parts = files.parts("out/dt=2024-05-01/hr=11");
        let [part] = parts.as_slice() else { panic!("{parts:?}") };
        assert!(part.to_string_lossy().ends_with(".parquet"), "{part:?}");
        let fields = "SELECT pair.b, pair.a, hr FROM t WHERE dt = '2024-05-01'";
        assert_eq!(files.script.sorted(fields), ["+I[x, 1, 10]", "+I[y, 2, 11]"]);
        // A second INSERT adds to what is there.
        files.script.run("INSERT INTO t SELECT * FROM t WHERE id = 3");
        assert_eq!(files.script.run("SELECT id FROM t").len(), 4);
    }
}

#[test]
fn files_are_closed_by_their_size_and_read_by_all_subtasks() {
    let mut files = Files::new(3);
    let options = "'format' = 'parquet', 'parquet.compression' = 'UNCOMPRESSED', 'parquet.enable.dictionary' = 'false', \
                   'parquet.block.size' = '50000', 'sink.rolling-policy.file-size' = '200kb', 'sink.parallelism' = '1'";
    files.create("t", "n INT, s STRING", "", "out", options);
    files.script.run(
        "CREATE TABLE g (n INT, s STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '20000', \
         'rows-per-second' = '100000000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '20000', \
         'fields.s.length' = '40')",
    );
    files.script.run("INSERT INTO t SELECT * FROM g");
    let sizes: Vec<_> = files.parts("out").iter().map(|part| fs::metadata(part).unwrap().len()).collect();
    // 48 bytes a row, and up to a chunk of rows more than asked for.
    assert!(sizes.len() >= 3 && sizes.iter().all(|size| *size < 200_000 + 2 * 4_096 * 48), "{sizes:?}");
    let mut expected: Vec<_> = (1..=20_000).map(|n| format!("+I[{n}, 40]")).collect();
    expected.sort_unstable();
    assert!(files.script.sorted("SELECT n, CHAR_LENGTH(s) FROM t") == expected);
}

#[test]
fn what_is_wrong_names_the_file_and_the_column() {
    let mut files = Files::new(1);
    files.create("t", "n BIGINT, s STRING", "", "in", "'format' = 'parquet'");
    let whole = fs::read(fixture("many_snappy")).unwrap();
    let cut = &whole[..whole.len() - 100];
    for (content, expected) in [
        (&b""[..], "at least 8 bytes"),
        (b"n,s\n1,x\n2,y\n", "cannot be read as one of Parquet files"),
        (cut, "cannot be read as one of Parquet files"),
    ] {
        files.write("in/a.parquet", content);
        let error = files.script.try_run("SELECT * FROM t").unwrap_err();
        assert!(error.contains("in/a.parquet`") && error.contains(expected), "{error}");
    }
    files.write("in/a.parquet", &whole);
    files.create("other", "n STRING", "", "in", "'format' = 'parquet'");
    let error = files.script.try_run("SELECT * FROM other").unwrap_err();
    let expected = "in/a.parquet` cannot be read as one of Parquet files: the column `n` is Int64 in the file, and STRING in the table";
    assert!(error.contains(expected), "{error}");
    files.create("more", "n BIGINT, more INT", "", "in", "'format' = 'parquet'");
    assert_eq!(files.script.run("SELECT more FROM more WHERE n = 7"), ["+I[null]"]);
    // A byte of a page, of which the file has a checksum.
    let mut damaged = whole.clone();
    damaged[200] ^= 0xff;
    files.write("in/a.parquet", &damaged);
    let outcome = files.script.try_run("SELECT * FROM t");
    let error = outcome.map(|rows| rows.len()).unwrap_err();
    assert!(error.contains("in/a.parquet`") && error.contains("CRC"), "{error}");
}

#[test]
fn there_are_no_messages_in_it_and_no_changes() {
    let mut files = Files::new(1);
    files.create("t", "word STRING, n BIGINT", "", "out", "'format' = 'parquet'");
    let insert = "INSERT INTO t SELECT word, COUNT(*) FROM (VALUES ('to')) AS w(word) GROUP BY word";
    let error = files.script.try_run(insert).unwrap_err();
    assert!(error.contains("doesn't support consuming update"), "{error}");
}
