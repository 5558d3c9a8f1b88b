//! Scripts that read tables of a real MariaDB server with all their changes, killed on the way. What they wrote is compared with
//! what the server itself answers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::mariadb::{Database, Server};
use crate::support::copies::{Job, await_rows, fold};
use crate::support::stderr;

/// The options of a table of the server.
fn connection(database: &Database, table: &str) -> String {
    format!(
        "'connector' = 'mysql-cdc', 'hostname' = '127.0.0.1', 'port' = '{}', 'username' = 'root', 'password' = '', \
         'database-name' = '{}', 'table-name' = '{table}'",
        database.port, database.name
    )
}

const CUSTOMERS: u64 = 40;
const ORDERS: u64 = 3_000;

/// Somebody who changes both tables in small transactions until told to stop.
fn write(port: u16, name: String, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let database = Database::of(port, &name);
        let mut state = 42_u64;
        let mut below = move |bound: u64| {
            // The constants of Knuth's MMIX.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        while !stop.load(Ordering::Relaxed) {
            let mut sql = "BEGIN;".to_owned();
            for _ in 0..=below(30) {
                let (order, customer, cents) = (below(ORDERS) + 1, below(CUSTOMERS) + 1, below(100_000));
                match below(10) {
                    0 => write!(sql, "UPDATE customers SET region = 'r{}' WHERE id = {customer};", cents % 5),
                    1 => write!(sql, "DELETE FROM orders WHERE id = {order};"),
                    2 | 3 => write!(
                        sql,
                        "INSERT IGNORE INTO orders VALUES ({order}, {customer}, {cents} / 100.0, NULL, NULL, 'new');"
                    ),
                    4 => write!(sql, "UPDATE IGNORE orders SET id = {order} + {ORDERS} WHERE id = {order};"),
                    5 => write!(sql, "UPDATE orders SET note = REPEAT('é {cents} ', 400) WHERE id = {order};"),
                    6 => write!(sql, "UPDATE orders SET state = 'paid' WHERE id = {order};"),
                    _ => write!(sql, "UPDATE orders SET total = {cents} / 100.0, customer = {customer} WHERE id = {order};"),
                }
                .unwrap();
            }
            database.execute(&format!("{sql}COMMIT"));
            std::thread::sleep(Duration::from_millis(5));
        }
    })
}

#[test]
fn tables_are_joined_exactly_whenever_the_process_is_killed() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "joined");
    database.execute(&format!(
        "CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, region TEXT); \
         CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, customer INT, total DECIMAL(10,2), placed TIMESTAMP NULL, note TEXT, \
           state ENUM('new', 'paid')); \
         INSERT INTO customers SELECT seq, CONCAT('customer ', seq), 'r0' FROM seq_1_to_{CUSTOMERS}; \
         INSERT INTO orders SELECT seq, seq % {CUSTOMERS} + 1, seq / 4.0, FROM_UNIXTIME(1709290800 + seq), NULL, 'new' \
           FROM seq_1_to_{ORDERS} WHERE seq % 3 > 0"
    ));
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("job.sql"), folder.path().join("output"));
    let job = format!(
        "SET 'execution.checkpointing.interval' = '100 ms';
         CREATE TABLE customers (id INT, name STRING, region STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ({});
         CREATE TABLE orders (id DECIMAL(20, 0), customer INT, total DECIMAL(10, 2), placed TIMESTAMP_LTZ(3), note STRING, state STRING,
             PRIMARY KEY (id) NOT ENFORCED) WITH ({}, 'scan.incremental.snapshot.chunk.size' = '200');
         CREATE TABLE joined (id BIGINT, name STRING, region STRING, total DECIMAL(10, 2), placed TIMESTAMP_LTZ(3), letters INT, state STRING)
             WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'debezium-json',
             'debezium-json.encode.decimal-as-plain-number' = 'true');
         INSERT INTO joined SELECT CAST(o.id AS BIGINT), c.name, c.region, o.total, o.placed, CHAR_LENGTH(o.note), o.state
             FROM orders o JOIN customers c ON o.customer = c.id;",
        connection(&database, "customers"),
        connection(&database, "orders"),
        output.display()
    );
    std::fs::write(&file, job).unwrap();
    let checkpoints = folder.path().join("checkpoints");
    let checkpoints = checkpoints.to_string_lossy();
    let restore = ["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"];

    let stop = Arc::new(AtomicBool::new(false));
    let writing = write(database.port, database.name.clone(), stop.clone());
    for (round, millis) in [500, 1_500, 900, 2_500, 1_200].into_iter().enumerate() {
        let parallelism = (round % 2 + 1).to_string();
        let job = Job::start(&file, &[&restore[..], &["--parallelism", &parallelism]].concat());
        std::thread::sleep(Duration::from_millis(millis));
        job.kill();
    }
    let mut job = Job::start(&file, &restore);
    std::thread::sleep(Duration::from_secs(2));
    stop.store(true, Ordering::Relaxed);
    writing.join().unwrap();
    let expected = "SELECT JSON_OBJECT('id', o.id, 'letters', CHAR_LENGTH(o.note), 'name', c.name, \
           'placed', CONCAT(CONVERT_TZ(o.placed, @@session.time_zone, '+00:00'), 'Z'), 'region', c.region, 'state', o.state, 'total', o.total) \
         FROM orders o JOIN customers c ON o.customer = c.id";
    await_rows(&mut job, &output, database.query(expected));
    job.kill();
    assert!(fold(&output).len() > 500, "{} rows", fold(&output).len());
}

#[test]
fn a_declaration_that_does_not_fit_the_table_is_refused() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "declared");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, total DECIMAL(10,2))");
    let cases = [
        ("id INT, totl DECIMAL(10, 2)", "table declared.t has no column `totl`: did you mean `total`?"),
        ("id INT, total DECIMAL(5, 2)", "declare it as DECIMAL(10, 2)"),
        ("id SMALLINT", "column `id` of table declared.t is int(11), which does not fit into the SMALLINT"),
    ];
    for (columns, expected) in cases {
        let script =
            format!("CREATE TABLE t ({columns}) WITH ({}); SELECT * FROM t;", connection(&database, "t"));
        let output = crate::support::run(&["sql"], &script);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(expected), "{columns}: {}", stderr(&output));
    }
}
