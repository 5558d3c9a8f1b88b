use std::sync::Arc;

use millstream_connectors::mysql_cdc::{
    BinlogPosition, CapturedColumn, CapturedTable, ChangeDeserializer as _, ChangeKind, ChangeRecord,
    ColumnValue, MysqlType,
};
use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::dialect::MysqlDialect;
use crate::catalog::Table;
use crate::chunk::RowText;
use crate::connectors::cdc::{ChangeRows, Declared, RowShape};
use crate::connectors::testing::Script;
use crate::types::zone::Zone;

const CONNECTION: &str = "'connector' = 'mysql-cdc', 'hostname' = 'localhost', 'port' = '1', 'username' = 'u', 'password' = 'p', \
     'database-name' = 'shop', 'table-name' = 't'";

const KEYED: &str = "id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED";

fn error_of(columns: &str, options: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({options})"));
    script.try_run("SELECT * FROM t").unwrap_err()
}

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        (KEYED, "'scan.startup.mode' = 'snapshot'", "'scan.startup.mode' = 'snapshot' is not supported"),
        (
            KEYED,
            "'scan.startup.mode' = 'first'",
            "it must be initial, earliest-offset, latest-offset, specific-offset or timestamp",
        ),
        (
            KEYED,
            "'scan.startup.mode' = 'specific-offset'",
            "needs the option 'scan.startup.specific-offset.file'",
        ),
        (
            KEYED,
            "'scan.startup.mode' = 'specific-offset', 'scan.startup.specific-offset.file' = 'bin.000001'",
            "needs the option 'scan.startup.specific-offset.pos'",
        ),
        (KEYED, "'scan.startup.mode' = 'timestamp'", "needs the option 'scan.startup.timestamp-millis'"),
        (
            KEYED,
            "'scan.startup.timestamp-millis' = '1'",
            "Option 'scan.startup.timestamp-millis' needs 'scan.startup.mode' = 'timestamp', and it is 'initial'",
        ),
        (KEYED, "'scan.startup.specific-offset.gtid-set' = '0-1-1'", "is not supported"),
        (KEYED, "'scan.startup.specific-offset.skip-rows' = '1'", "is not supported"),
        (KEYED, "'server-id' = '0'", "it must be a number above 0"),
        (KEYED, "'server-id' = '9-5'", "it must be a number above 0"),
        (KEYED, "'server-time-zone' = 'Mars/Olympus'", "no time zone is called `Mars/Olympus`"),
        (KEYED, "'heartbeat.interval' = '0 s'", "must be above 0"),
        ("id INT", "'scan.incremental.snapshot.enabled' = 'true'", "needs a PRIMARY KEY"),
        (KEYED, "'scan.incremental.snapshot.chunk.size' = '1'", "must be larger than 1"),
        (KEYED, "'scan.incremental.snapshot.chunk.key-column' = 'id'", "is not supported"),
        (KEYED, "'scan.newly-added-table.enabled' = 'true'", "is not supported"),
        (KEYED, "'connect.max-retries' = '3'", "'connect.max-retries' is not supported"),
        (KEYED, "'connection.pool.size' = '0'", "must be above 0"),
        (KEYED, "'use.legacy.json.format' = 'maybe'", "use.legacy.json.format"),
        (KEYED, "'debezium.snapshot.mode' = 'never'", "is not supported"),
        (KEYED, "'debezium.skipped.operations' = 'd'", "is not supported"),
        (KEYED, "'debezium.snapshot.locking.mode' = 'extended'", "is not supported"),
        (KEYED, "'debezium.max.batch.size' = '1'", "Unsupported options found: debezium.max.batch.size"),
        (
            KEYED,
            "'debezium.skipped.operation' = 't'",
            "Unsupported options found: debezium.skipped.operation",
        ),
        (KEYED, "'serverid' = '1'", "Unsupported options: serverid"),
        (KEYED, "'schema-name' = 'public'", "Unsupported options: schema-name"),
        (
            "id INT, n ARRAY<STRING>",
            "'port' = '2'",
            "column 'n' is ARRAY<STRING>, and no column of MySQL is read as one",
        ),
        (
            "id INT, m STRING METADATA FROM 'schema_name'",
            "'port' = '2'",
            "Invalid metadata key 'schema_name'",
        ),
    ];
    for (columns, options, expected) in cases {
        let connection = CONNECTION
            .replace("'port' = '1', ", if options.contains("'port'") { "" } else { "'port' = '1', " });
        let error = error_of(columns, &format!("{connection}, {options}"));
        assert!(error.contains(expected), "{options}: {error}");
    }
    for option in ["hostname", "username", "password", "database-name", "table-name"] {
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
    let options = "'server-id' = '5400-5408', 'server-time-zone' = 'Europe/Berlin', 'scan.incremental.snapshot.enabled' = 'true', \
         'scan.incremental.snapshot.chunk.size' = '100', 'scan.snapshot.fetch.size' = '500', 'heartbeat.interval' = '5 s', \
         'connect.timeout' = '10 s', 'connection.pool.size' = '8', 'chunk-meta.group.size' = '500', \
         'scan.incremental.close-idle-reader.enabled' = 'true', 'scan.incremental.snapshot.backfill.skip' = 'true', \
         'scan.incremental.snapshot.unbounded-chunk-first.enabled' = 'false', 'chunk-key.even-distribution.factor.lower-bound' = '0.05d', \
         'scan.parse.online.schema.changes.enabled' = 'true', 'use.legacy.json.format' = 'false', 'scan.newly-added-table.enabled' = 'false', \
         'scan.read-changelog-as-append-only.enabled' = 'true', 'debezium.min.row.count.to.stream.results' = '1000', \
         'debezium.skipped.operations' = 't', 'debezium.snapshot.locking.mode' = 'minimal', 'debezium.snapshot.mode' = 'initial'";
    let modes = [
        "'scan.startup.mode' = 'initial'",
        "'scan.startup.mode' = 'earliest-offset'",
        "'scan.startup.mode' = 'latest-offset'",
        "'scan.startup.mode' = 'specific-offset', 'scan.startup.specific-offset.file' = 'bin.000003', 'scan.startup.specific-offset.pos' = '4'",
        "'scan.startup.mode' = 'timestamp', 'scan.startup.timestamp-millis' = '1667232000000'",
    ];
    for mode in modes {
        let mut script = Script::new(2);
        script.run(&format!("CREATE TABLE t ({KEYED}) WITH ({CONNECTION}, {options}, {mode})"));
        script.run("EXPLAIN SELECT * FROM t");
    }
}

fn declare(columns: &str) -> Arc<Table> {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({CONNECTION})"));
    script.tables.table("t").unwrap().clone()
}

/// A table of the database.
fn captured(columns: &[(&str, &str)]) -> Arc<CapturedTable> {
    let column = |(name, column_type): &(&str, &str)| {
        let (column_type, character_set) = match column_type.split_once(" CHARSET ") {
            Some((column_type, character_set)) => (column_type, Some(character_set.to_owned())),
            None => (*column_type, None),
        };
        CapturedColumn {
            name: (*name).to_owned(),
            data_type: MysqlType { column_type: column_type.to_owned(), character_set },
            is_primary_key: *name == "id",
        }
    };
    let columns = columns.iter().map(column).collect();
    Arc::new(CapturedTable { schema: "shop".to_owned(), name: "t".to_owned(), columns })
}

fn check(declared: &str, column_type: &str) -> Result<()> {
    let declared = Declared::new::<MysqlDialect>(&declare(&format!("c {declared}")), false).unwrap();
    declared.check::<MysqlDialect>(&captured(&[("c", column_type)]))
}

#[test]
fn types_must_have_room_for_all_values() {
    // What it is, what it may be declared as, what not, and what the error says to declare.
    let cases: [(&str, &[&str], &[&str], &str); 24] = [
        ("tinyint(1)", &["BOOLEAN", "TINYINT", "STRING"], &["FLOAT"], "BOOLEAN"),
        (
            "tinyint(4)",
            &["TINYINT", "SMALLINT", "BIGINT", "DECIMAL(3, 0)"],
            &["BOOLEAN", "DECIMAL(2, 0)"],
            "TINYINT",
        ),
        ("tinyint(3) unsigned", &["SMALLINT", "INT"], &["TINYINT"], "SMALLINT"),
        ("smallint(6)", &["SMALLINT", "DECIMAL(7, 2)"], &["TINYINT", "DECIMAL(6, 2)"], "SMALLINT"),
        ("smallint unsigned", &["INT"], &["SMALLINT"], "INT"),
        ("mediumint(8) unsigned", &["INT"], &["SMALLINT"], "INT"),
        ("int(11)", &["INT", "BIGINT", "DECIMAL(10, 0)"], &["SMALLINT", "DECIMAL(9, 0)", "DOUBLE"], "INT"),
        ("int(10) unsigned", &["BIGINT"], &["INT"], "BIGINT"),
        ("bigint(20)", &["BIGINT", "DECIMAL(19, 0)"], &["INT", "DECIMAL(18, 0)"], "BIGINT"),
        (
            "bigint(20) unsigned",
            &["DECIMAL(20, 0)", "STRING"],
            &["BIGINT", "DECIMAL(19, 0)"],
            "DECIMAL(20, 0)",
        ),
        ("float", &["FLOAT", "DOUBLE"], &["DECIMAL(38, 10)"], "FLOAT"),
        ("double(8,2) unsigned", &["DOUBLE"], &["FLOAT"], "DOUBLE"),
        (
            "decimal(10,2)",
            &["DECIMAL(10, 2)", "DECIMAL(12, 4)", "STRING"],
            &["DECIMAL(10, 3)", "DECIMAL(10, 1)", "DOUBLE"],
            "DECIMAL(10, 2)",
        ),
        ("decimal(65,30)", &["STRING"], &["DECIMAL(38, 30)"], "STRING"),
        ("varchar(10) CHARSET utf8mb4", &["STRING", "VARCHAR(10)", "CHAR(10)"], &["BYTES", "INT"], "STRING"),
        ("varbinary(10)", &["BYTES", "VARBINARY(10)"], &["STRING"], "BYTES"),
        ("bit(1)", &["BOOLEAN", "BYTES"], &["INT"], "BOOLEAN"),
        ("bit(12)", &["BINARY(2)"], &["BOOLEAN", "BIGINT"], "BYTES"),
        ("date", &["DATE", "STRING"], &["TIMESTAMP(3)"], "DATE"),
        ("time(6)", &["TIME(3)", "STRING"], &["TIMESTAMP(3)"], "TIME(3)"),
        ("datetime(6)", &["TIMESTAMP(3)", "TIMESTAMP(6)"], &["TIMESTAMP_LTZ(3)", "DATE"], "TIMESTAMP(6)"),
        ("timestamp", &["TIMESTAMP_LTZ(3)", "TIMESTAMP(0)"], &["DATE"], "TIMESTAMP_LTZ(0) or TIMESTAMP(0)"),
        ("year(4)", &["INT", "SMALLINT"], &["TINYINT", "DATE"], "SMALLINT"),
        ("enum('a','b') CHARSET utf8mb4", &["STRING"], &["INT"], "STRING"),
    ];
    for (column_type, fitting, others, remedy) in cases {
        for declared in fitting {
            let checked = check(declared, column_type);
            assert!(checked.is_ok(), "{column_type} as {declared}: {checked:?}");
        }
        for declared in others {
            let error = check(declared, column_type).unwrap_err().to_string();
            assert!(error.contains("column `c` of table shop.t is"), "{column_type} as {declared}: {error}");
            assert!(error.ends_with(&format!(": declare it as {remedy}")), "{error}");
        }
    }
    let error = check("STRING", "varchar(9) CHARSET koi8r").unwrap_err().to_string();
    assert!(
        error.contains("in the character set koi8r, which is not read") && error.contains("utf8mb4"),
        "{error}"
    );
    let error = check("STRING", "inet6").unwrap_err().to_string();
    assert!(error.contains("leave the column out"), "{error}");
}

fn text(text: &str) -> ColumnValue {
    ColumnValue::Text(text.to_owned().into())
}

fn change(table: &Arc<CapturedTable>, kind: ChangeKind, values: Vec<ColumnValue>) -> ChangeRecord {
    let (commit_time, position) =
        (Some(Timestamp::from_millis(1_500)), BinlogPosition::new("bin.000003", 16));
    ChangeRecord { table: table.clone(), kind, values, position, commit_time }
}

fn rows(
    declared: &Table,
    changes: impl IntoIterator<Item = ChangeRecord>,
) -> std::result::Result<Vec<String>, String> {
    let all = declared.stored_columns();
    let dialect = MysqlDialect { zone: Zone::of("Asia/Shanghai").unwrap() };
    let shape = RowShape::new(dialect, declared, &all, "shop", false).map_err(|error| error.to_string())?;
    let mut rows = ChangeRows::new(Arc::new(shape));
    for change in changes {
        rows.deserialize(change).map_err(|error| error.to_string())?;
    }
    let gathered =
        millstream_connectors::cdc::ChangeDeserializer::<ChangeRecord, _>::gathered(&mut rows).unwrap();
    let Some(gathered) = gathered else { return Ok(Vec::new()) };
    let text = RowText::new(&declared.schema().project(&all));
    let line = |row| {
        let mut line = String::new();
        text.write(&gathered.record, row, &mut line);
        line
    };
    Ok((0..gathered.record.rows()).map(line).collect())
}

/// The row of a change of one column, or what is wrong.
fn read(declared: &str, column_type: &str, value: &[u8]) -> std::result::Result<String, String> {
    let declared = declare(&format!("c {declared}"));
    let value = ColumnValue::Text(value.to_vec().into());
    let change =
        change(&captured(&[("id", "int"), ("c", column_type)]), ChangeKind::Insert, vec![text("7"), value]);
    rows(&declared, [change])?.pop().ok_or_else(|| "no row".to_owned())
}

#[test]
fn values_are_read_as_the_source_writes_them() {
    for (declared, column_type, value, expected) in [
        ("BOOLEAN", "tinyint(1)", &b"2"[..], "true"),
        ("BOOLEAN", "tinyint(1)", b"0", "false"),
        ("BOOLEAN", "bit(1)", b"\x01", "true"),
        ("BOOLEAN", "bit(1)", b"\0", "false"),
        ("TINYINT", "tinyint", b"-128", "-128"),
        ("DECIMAL(20, 0)", "bigint unsigned", b"18446744073709551615", "18446744073709551615"),
        ("FLOAT", "float", b"1.1", "1.1"),
        ("DECIMAL(10, 2)", "decimal(10,2)", b"-0.50", "-0.50"),
        ("STRING", "set('a','b')", b"a,b", "a,b"),
        ("STRING", "date", b"0000-00-00", "0000-00-00"),
        ("BYTES", "varbinary(9)", b"\0\xff", "[0, -1]"),
        ("DATE", "date", b"2024-02-29", "2024-02-29"),
        ("DATE", "date", b"2024-00-00", "null"),
        ("TIME(3)", "time(6)", b"23:59:59.999999", "23:59:59.999"),
        ("TIMESTAMP(6)", "datetime(6)", b"2024-02-29 12:34:56.123456", "2024-02-29T12:34:56.123456"),
        ("TIMESTAMP(3)", "datetime", b"0000-00-00 00:00:00", "null"),
        // It is an instant, and the clock of the server is eight hours ahead.
        ("TIMESTAMP(3)", "timestamp", b"2024-02-28 20:00:00", "2024-02-29T04:00"),
        ("TIMESTAMP_LTZ(3)", "timestamp(3)", b"2024-02-28 20:00:00.500", "2024-02-28T20:00:00.500Z"),
    ] {
        assert_eq!(
            read(declared, column_type, value),
            Ok(format!("+I[{expected}]")),
            "{declared} {column_type}"
        );
    }
}

#[test]
fn values_that_have_no_place_are_errors() {
    for (declared, column_type, value, expected) in [
        ("INT", "int", &b"2147483648"[..], "2147483648"),
        ("TIME(0)", "time", b"24:00:00", "is no TIME(0)"),
        ("TIME(0)", "time", b"-01:00:00", "is no TIME(0)"),
        ("STRING", "varchar(9)", b"\xff", "not UTF-8"),
        ("DATE NOT NULL", "date", b"0000-00-00", "NULL, but it is DATE NOT NULL"),
    ] {
        let error = read(declared, column_type, value).unwrap_err();
        assert!(error.contains(expected), "{declared} {column_type}: {error}");
        assert!(
            error.contains("table shop.t, column `c`: ")
                && error.contains("the row is +I (id = 7), at bin.000003:16"),
            "{error}"
        );
    }
}

#[test]
fn changes_become_rows_with_what_is_known_beside() {
    let declared = declare(
        "c STRING, name STRING METADATA FROM 'table_name', db STRING METADATA FROM 'database_name', id INT, \
         done TIMESTAMP_LTZ(3) METADATA FROM 'op_ts', kind STRING METADATA FROM 'row_kind'",
    );
    let table = captured(&[("id", "int"), ("c", "text CHARSET utf8mb4")]);
    let changes = [
        change(&table, ChangeKind::UpdateBefore, vec![text("1"), text("a")]),
        change(&table, ChangeKind::UpdateAfter, vec![text("1"), ColumnValue::Null]),
    ];
    let expected = [
        "-U[a, t, shop, 1, 1970-01-01T00:00:01.500Z, -U]",
        "+U[null, t, shop, 1, 1970-01-01T00:00:01.500Z, +U]",
    ];
    assert_eq!(rows(&declared, changes).unwrap(), expected);
}
