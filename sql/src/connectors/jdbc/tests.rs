//! Tables of SQLite in jobs of SQL.

use rusqlite::Connection;
use tempfile::TempDir;

use crate::connectors::TestRows;
use crate::connectors::testing::Script;

/// A database in a folder, and a session.
struct Database {
    folder: TempDir,
    connection: Connection,
    script: Script,
}

impl Database {
    fn new(parallelism: u32, sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("shop.db")).unwrap();
        connection.execute_batch(sql).unwrap();
        Self { folder, connection, script: Script::new(parallelism) }
    }

    /// Declares a table; `options` begin with a comma.
    fn declare(&mut self, name: &str, columns: &str, options: &str) {
        let file = self.folder.path().join("shop.db");
        self.script.run(&format!(
            "CREATE TABLE {name} ({columns}) WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:{}', 'table-name' = '{name}'{options})",
            file.display()
        ));
    }

    fn orders(&mut self, rows: &[&str]) {
        self.script.run("CREATE TABLE orders (id INT, customer BIGINT, proctime AS PROCTIME()) WITH ('connector' = 'values')");
        self.script.register("orders", TestRows::new(rows.iter().copied()));
    }

    /// The rows of a query of SQLite, as text.
    fn rows(&self, query: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = statement.query_map([], |row| {
            let values = (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?.to_owned_text())));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(", "))
        });
        row.unwrap().map(Result::unwrap).collect()
    }
}

/// A value as text.
trait ToOwnedText {
    fn to_owned_text(&self) -> String;
}

impl ToOwnedText for rusqlite::types::ValueRef<'_> {
    fn to_owned_text(&self) -> String {
        use rusqlite::types::ValueRef;
        match self {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => format!("{value:?}"),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(bytes) => format!("{bytes:?}"),
        }
    }
}

const CUSTOMERS: &str =
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);
    INSERT INTO customers VALUES (1, 'Ann', 'DE', 30), (2, 'Bob', 'FR', 17), (3, NULL, 'DE', 50);";

const ORDERS: [&str; 6] = ["[10, 1]", "[11, 2]", "[12, 9]", "[13, null]", "[14, 1]", "[15, 3]"];

fn shop(parallelism: u32, options: &str) -> Database {
    let mut shop = Database::new(parallelism, CUSTOMERS);
    shop.declare("customers", "id BIGINT, name STRING, country STRING, age INT", options);
    shop.orders(&ORDERS);
    shop
}

const JOIN: &str = "FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.id";

#[test]
fn rows_are_looked_up_in_a_database() {
    for options in [
        "",
        ", 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '2'",
        ", 'lookup.cache' = 'FULL', 'lookup.full-cache.periodic-reload.interval' = '1 h'",
    ] {
        for parallelism in [1, 2] {
            let mut shop = shop(parallelism, options);
            let inner = shop
                .script
                .sorted(&format!("SELECT o.id, c.name, c.age FROM orders AS o JOIN customers {JOIN}"));
            assert_eq!(inner, ["+I[10, Ann, 30]", "+I[11, Bob, 17]", "+I[14, Ann, 30]", "+I[15, null, 50]"]);
            let left = shop
                .script
                .sorted(&format!("SELECT o.id, c.country FROM orders AS o LEFT JOIN customers {JOIN}"));
            assert_eq!(
                left,
                ["+I[10, DE]", "+I[11, FR]", "+I[12, null]", "+I[13, null]", "+I[14, DE]", "+I[15, DE]"]
            );
            let where_ = "AND c.country = 'DE' AND c.age > o.id + 17";
            let filtered = shop
                .script
                .sorted(&format!("SELECT o.id, c.age FROM orders AS o LEFT JOIN customers {JOIN} {where_}"));
            assert_eq!(
                filtered,
                ["+I[10, 30]", "+I[11, null]", "+I[12, null]", "+I[13, null]", "+I[14, null]", "+I[15, 50]"]
            );
        }
    }
}

#[test]
fn all_types_come_back_as_they_were_written() {
    let columns = "b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, n DECIMAL(20, 3), c STRING, \
                   x BYTES, on_day DATE, clock TIME, ts TIMESTAMP(3), us TIMESTAMP(6), z TIMESTAMP_LTZ(3)";
    let sql = "CREATE TABLE copy (b, t, s, i, l, f, d, n TEXT, c, x, on_day, clock, ts, us, z)";
    let mut database = Database::new(1, sql);
    database.declare("copy", columns, "");
    database.script.run(&format!("CREATE TABLE source ({columns}) WITH ('connector' = 'values')"));
    let row = r#"[true, -1, 300, 70000, 9007199254740993, 1.1, 2.5e-300, 12345678901234567.891, "näme", "AQI=", "2020-02-29", "10:11:12", "2020-10-10 00:00:05.123", "1969-12-31 23:59:59.999999", "2020-10-10 00:00:05.5Z"]"#;
    database
        .script
        .register("source", TestRows::new([row.to_owned(), format!("[{}]", ["null"; 15].join(", "))]));
    database.script.run("INSERT INTO copy SELECT * FROM source");
    let written =
        database.rows("SELECT b, l, f, n, hex(x), on_day, clock, ts, us, z FROM copy WHERE b IS NOT NULL");
    let expected = "1, 9007199254740993, 1.1, 12345678901234567.891, 0102, 2020-02-29, 10:11:12, 2020-10-10 00:00:05.123, \
                    1969-12-31 23:59:59.999999, 2020-10-10 00:00:05.5+00:00";
    assert_eq!(written, [expected.split(", ").map(|it| format!("{it:?}")).collect::<Vec<_>>().join(", ")]);
    let expected = database.script.sorted("SELECT * FROM source");
    assert_eq!(database.script.sorted("SELECT * FROM copy"), expected);
}

#[test]
fn a_table_is_read_in_parts() {
    let sql = "CREATE TABLE numbers (n INTEGER PRIMARY KEY, sq INTEGER);
        WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 10000) INSERT INTO numbers SELECT n, n * n FROM k;";
    let mut database = Database::new(3, sql);
    let options = ", 'scan.partition.column' = 'n', 'scan.partition.num' = '4', 'scan.partition.lower-bound' = '100', \
                   'scan.partition.upper-bound' = '9000', 'scan.fetch-size' = '700'";
    database.declare("numbers", "n BIGINT, sq BIGINT", options);
    let rows = database.script.run("SELECT sq FROM numbers");
    let mut read: Vec<u64> = rows.iter().map(|row| row[3..row.len() - 1].parse().unwrap()).collect();
    read.sort_unstable();
    assert_eq!(read, (1..=10_000_u64).map(|n| n * n).collect::<Vec<_>>());
}

#[test]
fn rows_take_the_place_of_others_by_their_key() {
    for guarantee in ["", ", 'sink.delivery-guarantee' = 'exactly-once'"] {
        let mut database = Database::new(2, "CREATE TABLE totals (k TEXT PRIMARY KEY, n INTEGER)");
        database.declare("totals", "k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED", guarantee);
        database.script.run(
            "CREATE TABLE s (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,UB,D')",
        );
        let rows = [
            r#"["a", 1]"#,
            r#"["b", 2]"#,
            r#"["-U", "a", 1]"#,
            r#"["+U", "a", 5]"#,
            r#"["c", 3]"#,
            r#"["-D", "b", 2]"#,
        ];
        database.script.register("s", TestRows::new(rows));
        database.script.run("INSERT INTO totals SELECT k, v FROM s");
        assert_eq!(database.rows("SELECT k, n FROM totals ORDER BY k"), [r#""a", "5""#, r#""c", "3""#]);
    }
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("url", "", "One or more required options are missing. Missing required options are: url"),
        ("url", "'url' = 'mysql://x'", "it does not begin with 'jdbc:'"),
        ("url", "'url' = 'jdbc:mysql://h/d'", "there is no support for 'mysql'"),
        ("url", "'url' = 'jdbc:sqlite::memory:'", "cannot be shared"),
        ("scan", "'url' = 'jdbc:sqlite:x', 'scan.partition.column' = 'id'", "Either all or none"),
        (
            "sink",
            "'url' = 'jdbc:sqlite:x', 'sink.delivery-guarantee' = 'none'",
            "at-least-once or exactly-once",
        ),
        ("old", "'url' = 'jdbc:sqlite:x', 'lookup.cache.ttl' = '1 s'", "'lookup.cache.ttl' is not supported"),
        ("typo", "'url' = 'jdbc:sqlite:x', 'sink.max-retry' = '1'", "Unsupported options: sink.max-retry"),
        ("props", "'url' = 'jdbc:sqlite:x', 'properties.ssl' = '1'", "'properties.ssl' is not supported"),
    ];
    for (name, options, expected) in cases {
        let mut script = Script::new(1);
        let comma = if options.is_empty() { "" } else { ", " };
        script.run(&format!(
            "CREATE TABLE t (id INT) WITH ('connector' = 'jdbc', 'table-name' = 't'{comma}{options})"
        ));
        let error = script.try_run("SELECT * FROM t").unwrap_err();
        assert!(error.contains(expected), "{name}: {error}");
    }
    let mut shop = shop(1, "");
    shop.declare("nothing", "id BIGINT", "");
    let error = shop.script.try_run("SELECT * FROM nothing").unwrap_err();
    assert!(error.contains("there is no table 'nothing'"), "{error}");
    shop.script.run("DROP TABLE customers");
    shop.declare("customers", "id BIGINT, nam STRING", "");
    let error = shop.script.try_run("SELECT * FROM customers").unwrap_err();
    assert!(error.contains("has no column 'nam'; it has: id, name, country, age"), "{error}");
    let error =
        shop.script.try_run(&format!("SELECT c.nam FROM orders AS o JOIN customers {JOIN}")).unwrap_err();
    assert!(error.contains("has no column 'nam'; it has: id, name, country, age"), "{error}");
    shop.script.run("DROP TABLE customers");
    shop.declare("customers", "id BIGINT, name INT", "");
    let error = shop.script.try_run("SELECT * FROM customers").unwrap_err();
    assert!(error.contains("name") && error.contains("'Ann'"), "{error}");
}
