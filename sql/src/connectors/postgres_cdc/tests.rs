use std::sync::Arc;

use millstream_connectors::postgres_cdc::{
    CapturedColumn, CapturedTable, ChangeDeserializer as _, ChangeKind, ChangeRecord, ColumnValue, Lsn,
    PostgresType,
};
use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::dialect::PostgresDialect;
use crate::catalog::Table;
use crate::chunk::RowText;
use crate::connectors::cdc::{ChangeRows, Declared, RowShape};
use crate::connectors::testing::Script;

const CONNECTION: &str = "'connector' = 'postgres-cdc', 'hostname' = 'localhost', 'port' = '1', 'username' = 'u', 'password' = 'p', \
     'database-name' = 'shop', 'schema-name' = 'public', 'table-name' = 't', 'slot.name' = 's'";

const KEYED: &str = "id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED";

fn error_of(columns: &str, options: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({options})"));
    script.try_run("SELECT * FROM t").unwrap_err()
}

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        (
            KEYED,
            "'decoding.plugin.name' = 'wal2json'",
            "'decoding.plugin.name' = 'wal2json' is not supported",
        ),
        (KEYED, "'scan.startup.mode' = 'snapshot'", "'scan.startup.mode' = 'snapshot' is not supported"),
        (KEYED, "'scan.startup.mode' = 'first'", "it must be initial, latest-offset or committed-offset"),
        (KEYED, "'changelog-mode' = 'insert'", "it must be all or upsert"),
        (
            "id INT",
            "'changelog-mode' = 'upsert'",
            "Primary key must be present when 'upsert' mode is selected.",
        ),
        (
            KEYED,
            "'changelog-mode' = 'upsert', 'scan.read-changelog-as-append-only.enabled' = 'true'",
            "exclude each other",
        ),
        ("id INT", "'scan.incremental.snapshot.enabled' = 'true'", "needs a PRIMARY KEY"),
        (KEYED, "'scan.incremental.snapshot.chunk.size' = '1'", "must be larger than 1"),
        (KEYED, "'scan.incremental.snapshot.chunk.key-column' = 'id'", "is not supported"),
        (KEYED, "'connect.max-retries' = '3'", "'connect.max-retries' is not supported"),
        (KEYED, "'connection.pool.size' = '0'", "must be above 0"),
        (KEYED, "'chunk-key.even-distribution.factor.lower-bound' = 'low'", "it must be a number"),
        (KEYED, "'heartbeat.interval.ms' = 'often'", "it must be a duration"),
        (KEYED, "'debezium.snapshot.mode' = 'when_needed'", "is not supported"),
        (KEYED, "'debezium.skipped.operations' = 'd'", "is not supported"),
        (KEYED, "'debezium.publication.autocreate.mode' = 'all_tables'", "is not supported"),
        (KEYED, "'debezium.slot.drop.on.stop' = 'true'", "is not supported"),
        (KEYED, "'debezium.max.batch.size' = '1'", "Unsupported options found: debezium.max.batch.size"),
        (KEYED, "'debezium.publication.nam' = 'p'", "Unsupported options found: debezium.publication.nam"),
        (KEYED, "'slot.nam' = 's'", "Unsupported options: slot.nam"),
        ("id INT, n TINYINT", "'changelog-mode' = 'all'", "column 'n' is TINYINT"),
        ("id INT, n ARRAY<INT>", "'changelog-mode' = 'all'", "column 'n' is ARRAY<INT>"),
        ("id INT, m STRING METADATA FROM 'op'", "'changelog-mode' = 'all'", "Invalid metadata key 'op'"),
        (
            "id INT, m TIMESTAMP(3) METADATA FROM 'op_ts'",
            "'changelog-mode' = 'all'",
            "is TIMESTAMP_LTZ(3) NOT NULL, not TIMESTAMP(3)",
        ),
    ];
    for (columns, options, expected) in cases {
        let error = error_of(columns, &format!("{CONNECTION}, {options}"));
        assert!(error.contains(expected), "{options}: {error}");
    }
    for option in
        ["hostname", "username", "password", "database-name", "schema-name", "table-name", "slot.name"]
    {
        let others = CONNECTION.split(", ").filter(|pair| !pair.starts_with(&format!("'{option}'")));
        let error = error_of(KEYED, &others.collect::<Vec<_>>().join(", "));
        assert!(error.contains(&format!("Missing required options are: {option}")), "{error}");
    }
    let error = error_of(KEYED, &CONNECTION.replace("'t'", "'t.*'"));
    assert!(error.contains("'table-name' = 't.*' looks like a regular expression"), "{error}");
}

#[test]
fn a_table_cannot_be_written() {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({KEYED}) WITH ({CONNECTION})"));
    let error = script.try_run("INSERT INTO t VALUES (1, 'a')").unwrap_err();
    assert!(error.contains("can only be used as a source"), "{error}");
}

/// Options that are known to Flink CDC, and change nothing or something here: the job is built.
#[test]
fn known_options_are_taken() {
    let options = "'decoding.plugin.name' = 'pgoutput', 'scan.startup.mode' = 'initial', 'changelog-mode' = 'upsert', \
         'scan.incremental.snapshot.enabled' = 'true', 'scan.incremental.snapshot.chunk.size' = '100', \
         'heartbeat.interval.ms' = '5 s', 'connect.timeout' = '10 s', 'connect.pool.size' = '8', \
         'scan.lsn-commit.checkpoints-num-delay' = '0', 'scan.incremental.close-idle-reader.enabled' = 'true', \
         'scan.incremental.snapshot.backfill.skip' = 'true', 'scan.snapshot.fetch.size' = '500', \
         'scan.incremental.snapshot.unbounded-chunk-first.enabled' = 'false', 'chunk-meta.group.size' = '500', \
         'chunk-key.even-distribution.factor.lower-bound' = '0.05d', 'table-id.include-database' = 'true', \
         'scan.include-partitioned-tables.enabled' = 'true', 'debezium.publication.name' = 'p', \
         'debezium.publication.autocreate.mode' = 'disabled', 'debezium.skipped.operations' = 't', \
         'debezium.slot.drop.on.stop' = 'false', 'debezium.plugin.name' = 'pgoutput'";
    let mut script = Script::new(2);
    script.run(&format!("CREATE TABLE t ({KEYED}) WITH ({CONNECTION}, {options})"));
    script.run("EXPLAIN SELECT * FROM t");
    let mut script = Script::new(2);
    script.run(&format!("CREATE TABLE t ({KEYED}) WITH ({CONNECTION}, 'debezium.snapshot.mode' = 'never')"));
    script.run("EXPLAIN SELECT * FROM t");
}

fn declare(columns: &str) -> Arc<Table> {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({CONNECTION})"));
    script.tables.table("t").unwrap().clone()
}

/// A table of the database: names, types by number, and what is said of them.
fn captured(columns: &[(&str, u32, i32)]) -> Arc<CapturedTable> {
    let column = |(name, oid, modifier): &(&str, u32, i32)| CapturedColumn {
        name: (*name).to_owned(),
        data_type: PostgresType { oid: *oid, modifier: *modifier },
        is_primary_key: *name == "id",
    };
    let columns = columns.iter().map(column).collect();
    Arc::new(CapturedTable { schema: "public".to_owned(), name: "t".to_owned(), columns })
}

/// As Postgres packs `numeric(digits, fraction)`.
const fn numeric(digits: i32, fraction: i32) -> i32 {
    ((digits << 16) | (fraction & 0x7ff)) + 4
}

fn check(declared: &str, columns: &[(&str, u32, i32)], needs_key: bool) -> Result<()> {
    let declared = Declared::new::<PostgresDialect>(&declare(declared), needs_key).unwrap();
    declared.check::<PostgresDialect>(&captured(columns))
}

#[test]
fn types_must_have_room_for_all_values() {
    // Number, modifier, what it may be declared as, and what not.
    let cases: [(u32, i32, &[&str], &[&str]); 14] = [
        (16, -1, &["BOOLEAN", "STRING"], &["INT"]),
        (21, -1, &["SMALLINT", "INT", "BIGINT", "DECIMAL(5, 0)"], &["DECIMAL(4, 0)", "DOUBLE", "BOOLEAN"]),
        (23, -1, &["INT", "BIGINT", "DECIMAL(12, 2)"], &["SMALLINT", "DECIMAL(11, 2)", "FLOAT"]),
        (20, -1, &["BIGINT", "DECIMAL(19, 0)"], &["INT", "DECIMAL(18, 0)"]),
        (700, -1, &["FLOAT", "DOUBLE"], &["DECIMAL(38, 10)"]),
        (701, -1, &["DOUBLE"], &["FLOAT"]),
        (
            1700,
            numeric(10, 2),
            &["DECIMAL(10, 2)", "DECIMAL(12, 4)"],
            &["DECIMAL(10, 3)", "DECIMAL(10, 1)", "DOUBLE"],
        ),
        (1700, numeric(3, -2), &["DECIMAL(5, 0)"], &["DECIMAL(4, 0)"]),
        (1700, -1, &["DECIMAL(4, 1)"], &["BIGINT"]),
        (1043, 14, &["STRING", "VARCHAR(10)", "CHAR(10)"], &["BYTES"]),
        (17, -1, &["BYTES", "STRING"], &["BOOLEAN"]),
        (1114, -1, &["TIMESTAMP(3)", "TIMESTAMP(6)"], &["TIMESTAMP_LTZ(3)", "DATE"]),
        (1184, -1, &["TIMESTAMP_LTZ(3)"], &["TIMESTAMP(3)"]),
        (3802, -1, &["STRING"], &["BYTES"]),
    ];
    for (oid, modifier, fitting, others) in cases {
        for declared in fitting {
            let checked = check(&format!("c {declared}"), &[("c", oid, modifier)], false);
            assert!(checked.is_ok(), "{oid} as {declared}: {checked:?}");
        }
        for declared in others {
            let error =
                check(&format!("c {declared}"), &[("c", oid, modifier)], false).unwrap_err().to_string();
            assert!(error.contains("column `c` of table public.t is"), "{oid} as {declared}: {error}");
            assert!(error.contains(": declare it as "), "{error}");
        }
    }
    let error = check("c DECIMAL(5, 2)", &[("c", 1700, numeric(10, 2))], false).unwrap_err().to_string();
    let expected = "is numeric(10,2), which does not fit into the DECIMAL(5, 2) that is declared: declare it as DECIMAL(10, 2)";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn columns_and_keys_must_be_there() {
    let table = [("id", 23, -1), ("total", 23, -1)];
    let error = check("id INT, totl INT", &table, false).unwrap_err().to_string();
    assert!(error.contains("table public.t has no column `totl`: did you mean `total`?"), "{error}");
    let error = check("customer INT", &table, false).unwrap_err().to_string();
    assert!(error.contains("its columns are id, total"), "{error}");
    assert!(check("id INT, PRIMARY KEY (id) NOT ENFORCED", &table, true).is_ok());
    let error = check("total INT, PRIMARY KEY (total) NOT ENFORCED", &table, true).unwrap_err().to_string();
    assert!(error.contains("the one in the database is (id)"), "{error}");
    assert!(check("total INT, PRIMARY KEY (total) NOT ENFORCED", &table, false).is_ok());
}

/// The row of a change of one column, or what is wrong.
fn read(declared: &str, value: ColumnValue) -> std::result::Result<String, String> {
    let declared = declare(&format!("c {declared}"));
    let change =
        change(&captured(&[("id", 23, -1), ("c", 25, -1)]), ChangeKind::Insert, vec![text("7"), value]);
    rows(&declared, false, [change])?.pop().ok_or_else(|| "no row".to_owned())
}

fn text(text: &str) -> ColumnValue {
    ColumnValue::Text(text.to_owned().into())
}

fn change(table: &Arc<CapturedTable>, kind: ChangeKind, values: Vec<ColumnValue>) -> ChangeRecord {
    let commit_time = Some(Timestamp::from_millis(1_500));
    ChangeRecord { table: table.clone(), kind, values, position: Lsn(0x10), commit_time }
}

fn rows(
    declared: &Table,
    is_append_only: bool,
    changes: impl IntoIterator<Item = ChangeRecord>,
) -> std::result::Result<Vec<String>, String> {
    let all = declared.stored_columns();
    let shape = RowShape::new(PostgresDialect, declared, &all, "shop", is_append_only)
        .map_err(|error| error.to_string())?;
    let mut rows = ChangeRows::new(Arc::new(shape));
    for change in changes {
        rows.deserialize(change).map_err(|error| error.to_string())?;
    }
    let Some(gathered) = rows.gathered().unwrap() else { return Ok(Vec::new()) };
    assert!(rows.gathered().unwrap().is_none());
    let text = RowText::new(&declared.schema().project(&all));
    let line = |row| {
        let mut line = String::new();
        text.write(&gathered.record, row, &mut line);
        line
    };
    Ok((0..gathered.record.rows()).map(line).collect())
}

#[test]
fn values_are_read_as_postgres_writes_them() {
    let cases = [
        ("BOOLEAN", "t", "true"),
        ("SMALLINT", "-32768", "-32768"),
        ("BIGINT", "9223372036854775807", "9223372036854775807"),
        ("FLOAT", "1.5", "1.5"),
        ("DOUBLE", "-Infinity", "-Infinity"),
        ("DECIMAL(10, 2)", "12.50", "12.50"),
        ("DECIMAL(10, 1)", "0.25", "0.3"),
        ("STRING", "{1,2}", "{1,2}"),
        ("CHAR(3)", "ab ", "ab "),
        ("BYTES", "\\x00ff", "[0, -1]"),
        ("DATE", "2024-02-29", "2024-02-29"),
        ("TIME(3)", "23:59:59.999", "23:59:59.999"),
        ("TIME(3)", "23:59:59.999999", "23:59:59.999"),
        ("TIME(3)", "10:00:00", "10:00"),
        ("TIMESTAMP(6)", "2024-02-29 12:34:56.123456", "2024-02-29T12:34:56.123456"),
        ("TIMESTAMP(3)", "2024-02-29 12:34:56.123456", "2024-02-29T12:34:56.123"),
        ("TIMESTAMP_LTZ(3)", "1969-12-31 23:59:59.5+00", "1969-12-31T23:59:59.500Z"),
    ];
    for (declared, value, expected) in cases {
        assert_eq!(read(declared, text(value)), Ok(format!("+I[{expected}]")), "{declared} {value}");
    }
    assert_eq!(read("INT", ColumnValue::Null), Ok("+I[null]".to_owned()));
}

#[test]
fn values_that_have_no_place_are_errors() {
    let cases = [
        ("BOOLEAN", "true", "'true' is no BOOLEAN"),
        ("INT", "2147483648", "2147483648"),
        ("DECIMAL(4, 2)", "100", "'100' is no DECIMAL(4, 2)"),
        ("DECIMAL(4, 2)", "NaN", "'NaN' is no DECIMAL(4, 2)"),
        ("BYTES", "ff", "'ff' is no"),
        ("BYTES", "\\xf", "is no"),
        ("DATE", "infinity", "'infinity' is no DATE"),
        ("DATE", "0044-03-15 BC", "'0044-03-15 BC' is no DATE"),
        ("TIMESTAMP(3)", "-infinity", "is no TIMESTAMP(3)"),
        ("TIMESTAMP(3)", "0044-03-15 12:00:00 BC", "is no TIMESTAMP(3)"),
        ("TIMESTAMP_LTZ(3)", "2024-02-29 12:00:00", "is no TIMESTAMP_LTZ(3)"),
        ("TIMESTAMP_LTZ(3)", "0044-03-15 12:00:00+00 BC", "is no TIMESTAMP_LTZ(3)"),
        ("TIME(0)", "24:00:00", "is no TIME(0)"),
    ];
    for (declared, value, expected) in cases {
        let error = read(declared, text(value)).unwrap_err();
        assert!(error.contains(expected), "{declared} {value}: {error}");
        assert!(
            error.contains("table public.t, column `c`: ") && error.contains("the row is +I (id = 7)"),
            "{error}"
        );
    }
    let error = read("INT NOT NULL", ColumnValue::Null).unwrap_err();
    assert!(error.contains("NULL, but it is INT NOT NULL"), "{error}");
}

#[test]
fn changes_become_rows_with_what_is_known_beside() {
    let declared = declare(
        "c STRING, name STRING METADATA FROM 'table_name', db STRING METADATA FROM 'database_name', id INT, \
         s STRING METADATA FROM 'schema_name', kind STRING METADATA FROM 'row_kind', PRIMARY KEY (id) NOT ENFORCED",
    );
    let table = captured(&[("id", 23, -1), ("c", 25, -1)]);
    // Columns that come up later, and in another order, are found by their names.
    let later = captured(&[("new", 25, -1), ("c", 25, -1), ("id", 23, -1)]);
    let changes = || {
        [
            change(&table, ChangeKind::Insert, vec![text("1"), text("a")]),
            change(&table, ChangeKind::UpdateBefore, vec![text("1"), text("a")]),
            change(&later, ChangeKind::UpdateAfter, vec![text("x"), text("b"), text("1")]),
            change(
                &later,
                ChangeKind::Delete,
                vec![ColumnValue::Unavailable, ColumnValue::Unavailable, text("1")],
            ),
        ]
    };
    let beside = |kind: &str| format!("t, shop, 1, public, {kind}]");
    let expected = [
        format!("+I[a, {}", beside("+I")),
        format!("-U[a, {}", beside("-U")),
        format!("+U[b, {}", beside("+U")),
        format!("-D[null, {}", beside("-D")),
    ];
    assert_eq!(rows(&declared, false, changes()).unwrap(), expected);
    let appended: Vec<_> = expected.iter().map(|line| format!("+I{}", &line[2..])).collect();
    assert_eq!(rows(&declared, true, changes()).unwrap(), appended);
    let without = change(&captured(&[("id", 23, -1)]), ChangeKind::Insert, vec![text("1")]);
    let error = rows(&declared, false, [without]).unwrap_err();
    assert!(error.contains("a row of table public.t has no column `c`"), "{error}");
}
