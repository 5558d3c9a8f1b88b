//! Values of all types.

use super::jobs::{Home, start};
use super::server::{ColumnValue, Database, Server};

/// A column, a value as SQL has it, and the text that is read.
const VALUES: &[(&str, &str, &str)] = &[
    ("TINYINT", "-128", "-128"),
    ("TINYINT UNSIGNED", "255", "255"),
    ("SMALLINT", "-32768", "-32768"),
    ("SMALLINT UNSIGNED", "65535", "65535"),
    ("MEDIUMINT", "-8388608", "-8388608"),
    ("MEDIUMINT UNSIGNED", "16777215", "16777215"),
    ("INT", "-2147483648", "-2147483648"),
    ("INT UNSIGNED ZEROFILL", "4294967295", "4294967295"),
    ("BIGINT", "-9223372036854775808", "-9223372036854775808"),
    ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
    ("DECIMAL(20, 4)", "-0.5", "-0.5000"),
    ("DECIMAL(20, 4)", "0", "0.0000"),
    (
        "DECIMAL(38, 10) UNSIGNED",
        "1234567890123456789012345678.0123456789",
        "1234567890123456789012345678.0123456789",
    ),
    ("DECIMAL(5, 0)", "12", "12"),
    ("DECIMAL(9, 2) ZEROFILL", "1.5", "1.50"),
    ("DECIMAL(5, 5)", "0.00012", "0.00012"),
    ("FLOAT", "1.1", "1.1"),
    ("FLOAT", "16777217", "16777216"),
    ("DOUBLE", "0.1e0 + 0.2e0", "0.30000000000000004"),
    ("DOUBLE(8, 2)", "1.256", "1.26"),
    ("CHAR(6)", "'ab'", "ab"),
    ("VARCHAR(300)", "'it''s ä 🐘'", "it's ä 🐘"),
    ("VARCHAR(20) CHARACTER SET latin1", "'é €'", "é €"),
    ("VARCHAR(20) CHARACTER SET ascii", "'x '", "x "),
    ("TINYTEXT", "'tab\\tnew\\nback\\\\slash'", "tab\tnew\nback\\slash"),
    ("LONGTEXT", "REPEAT('x', 70000)", "(x)"),
    ("BINARY(4)", "'a'", "a\0\0\0"),
    ("BINARY(255)", "'b'", "(b)"),
    ("VARBINARY(10)", "X'00'", "\0"),
    ("BLOB", "'blob'", "blob"),
    ("DATE", "'2024-02-29'", "2024-02-29"),
    ("DATE", "'0000-00-00'", "0000-00-00"),
    ("TIME", "'-838:59:59'", "-838:59:59"),
    ("TIME(3)", "'-00:00:00.5'", "-00:00:00.500"),
    ("TIME(6)", "'23:59:59.123456'", "23:59:59.123456"),
    ("DATETIME", "'9999-12-31 23:59:59'", "9999-12-31 23:59:59"),
    ("DATETIME(2)", "'2024-02-29 01:02:03.45'", "2024-02-29 01:02:03.45"),
    ("DATETIME(6)", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00.000000"),
    // The session that writes is an hour and a half before Greenwich.
    ("TIMESTAMP NULL", "'2024-02-29 01:02:03'", "2024-02-28 23:32:03"),
    ("TIMESTAMP(6) NULL", "'2038-01-01 00:00:00.000001'", "2037-12-31 22:30:00.000001"),
    ("YEAR", "2155", "2155"),
    ("YEAR", "0", "0"),
    ("ENUM('a', 'it''s', 'ü')", "'it''s'", "it's"),
    ("ENUM('a', 'ü') CHARACTER SET latin1", "'ü'", "ü"),
    ("SET('x', 'y', 'z')", "'x,z'", "x,z"),
    ("ENUM('x', 'back\\\\slash,\\n')", "2", "back\\slash,\n"),
    ("SET('x', 'y', 'z')", "''", ""),
    ("JSON", "'{\"b\": [1, null], \"a\": 1.50}'", "{\"b\": [1, null], \"a\": 1.50}"),
    ("BIT(1)", "1", "\u{1}"),
    ("BIT(12)", "0x141", "\u{1}A"),
    ("POINT", "POINT(1, 2)", "?"),
    ("UUID", "'123e4567-e89b-12d3-a456-426655440000'", "?"),
    ("VARCHAR(20) CHARACTER SET koi8r", "'ж'", "?"),
    ("INT", "NULL", "NULL"),
];

#[test]
fn values_look_the_same_in_rows_and_in_changes() {
    for options in ["", "--binlog-row-metadata=FULL"] {
        let Some(server) = Server::with_options(options) else { return };
        let database = Database::create(&server, "looks");
        let columns: Vec<_> =
            VALUES.iter().enumerate().map(|(index, (column, ..))| format!("c{index} {column}")).collect();
        let values: Vec<_> = VALUES.iter().map(|(_, value, _)| *value).collect();
        database.execute(&format!("CREATE TABLE t (id INT PRIMARY KEY, {})", columns.join(", ")));
        let insert = |id| {
            format!(
                "SET sql_mode = '', time_zone = '+01:30'; INSERT INTO t VALUES ({id}, {})",
                values.join(", ")
            )
        };
        database.execute(&insert(1));
        let mut job = start(database.source(&["t"]), &Home::new());
        job.wait_for(1);
        database.execute(&insert(2));
        database.execute("DELETE FROM t WHERE id = 2");
        job.wait_for(3);
        let [of_row, of_change, of_deletion] = &job.seen[..] else { panic!("{:?}", job.lines()) };
        assert_eq!(of_row.table, of_change.table);
        for (index, (column, value, expected)) in VALUES.iter().enumerate() {
            let what = format!("{column} {value}");
            let found = &of_row.values[index + 1];
            assert_eq!(of_change.values[index + 1], *found, "{what}");
            assert_eq!(of_deletion.values[index + 1], *found, "{what}");
            match (*expected, found) {
                ("NULL", found) => assert!(found.is_null(), "{what}: {found:?}"),
                ("(x)", found) => assert_eq!(found.text(), Some(&*"x".repeat(70_000))),
                ("(b)", found) => assert_eq!(found.text(), Some(&*format!("b{}", "\0".repeat(254)))),
                ("?", found) if column.starts_with("POINT") => {
                    assert_eq!(found.bytes().map(|bytes| bytes.len()), Some(25), "{what}: {found:?}");
                }
                ("?", found) => assert_eq!(*found, ColumnValue::Unavailable, "{what}"),
                (expected, found) => assert_eq!(found.text(), Some(expected), "{what}: {found:?}"),
            }
        }
        job.stop();
    }
}

#[test]
fn keys_of_all_types_are_read_in_order() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "keys_of");
    for (index, (columns, key, rows)) in [
        ("a BIGINT UNSIGNED", "a", "(18446744073709551615), (9223372036854775808), (1), (0)"),
        ("a INT, b VARBINARY(9)", "a, b", "(-1, ''), (1, X'FF'), (1, X'00'), (1, 'a'), (1, 'A')"),
        ("a VARCHAR(9)", "a", "('a'), ('B'), ('ö'), ('c'), ('a\\t'), ('Z')"),
        ("a VARCHAR(9) CHARACTER SET latin1", "a", "('é'), ('€'), ('z')"),
        ("a ENUM('z', 'y'), b DATE", "a, b", "('z', '2024-01-01'), ('y', '1999-01-01'), ('y', '0000-00-00')"),
        (
            "a DECIMAL(9, 2), b TIMESTAMP(3)",
            "a, b",
            "(-1.5, '2024-01-01'), (10, '2024-01-01'), (9, '2024-01-01 00:00:00.5')",
        ),
        (
            "a DATETIME, b TIME(2), c YEAR",
            "a, b, c",
            "('2024-01-01', '-01:00:00', 2024), ('2024-01-01', '01:00:00', 0)",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let table = format!("t{index}");
        database.execute(&format!(
            "SET sql_mode = ''; CREATE TABLE {table} ({columns}, v INT, PRIMARY KEY ({key})); \
             INSERT INTO {table} ({key}) VALUES {rows}"
        ));
        let count: usize = database.value(&format!("SELECT COUNT(*) FROM {table}")).parse().unwrap();
        let home = Home::new();
        let source = || database.source(&[&table]).chunk_size(1);
        let mut job = start(source(), &home);
        job.wait_for(count);
        let mut lines = job.lines();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count, "{columns}");
        database.execute(&format!("UPDATE {table} SET v = 1"));
        job.wait_for(3 * count);
        let kinds: Vec<_> = job.seen[count..].iter().map(|change| change.kind.short_string()).collect();
        assert_eq!(
            kinds.concat(),
            "-U+U".repeat(count),
            "{columns}: the keys of rows and changes are the same"
        );
        job.stop();
    }
}
