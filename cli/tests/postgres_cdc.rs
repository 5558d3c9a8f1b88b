//! Scripts that read tables of a real Postgres server with all their changes, killed on the way. What they wrote is compared with
//! what the server itself answers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::postgres::{Database, Server};
use crate::support::copies::{Job, await_rows, fold};
use crate::support::stderr;

/// The options of a table of the server.
fn connection(database: &Database, table: &str, slot: &str) -> String {
    format!(
        "'connector' = 'postgres-cdc', 'hostname' = '127.0.0.1', 'port' = '{}', 'username' = 'postgres', 'password' = 'postgres', \
         'database-name' = '{}', 'schema-name' = 'public', 'table-name' = '{table}', 'slot.name' = '{slot}', \
         'decoding.plugin.name' = 'pgoutput', 'heartbeat.interval.ms' = '1 s'",
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
            let mut sql = String::new();
            for _ in 0..=below(30) {
                let (order, customer, cents) = (below(ORDERS) + 1, below(CUSTOMERS) + 1, below(100_000));
                match below(10) {
                    0 => write!(sql, "UPDATE customers SET region = 'r{}' WHERE id = {customer};", cents % 5),
                    1 => write!(sql, "DELETE FROM orders WHERE id = {order};"),
                    2 | 3 => write!(
                        sql,
                        "INSERT INTO orders VALUES ({order}, {customer}, {cents} / 100.0, NULL, NULL) ON CONFLICT DO NOTHING;"
                    ),
                    4 => write!(
                        sql,
                        "UPDATE orders SET id = {order} + {ORDERS} WHERE id = {order} \
                           AND NOT EXISTS (SELECT FROM orders WHERE id = {order} + {ORDERS});"
                    ),
                    5 => write!(sql, "UPDATE orders SET note = repeat('é {cents} ', 400) WHERE id = {order};"),
                    _ => write!(sql, "UPDATE orders SET total = {cents} / 100.0, customer = {customer} WHERE id = {order};"),
                }
                .unwrap();
            }
            database.execute(&sql);
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
         CREATE TABLE orders (id BIGINT PRIMARY KEY, customer INT, total NUMERIC(10,2), placed TIMESTAMPTZ, note TEXT); \
         ALTER TABLE customers REPLICA IDENTITY FULL; ALTER TABLE orders REPLICA IDENTITY FULL; \
         ALTER TABLE orders ALTER note SET STORAGE EXTERNAL; \
         INSERT INTO customers SELECT n, 'customer ' || n, 'r0' FROM generate_series(1, {CUSTOMERS}) n; \
         INSERT INTO orders SELECT n, n % {CUSTOMERS} + 1, n / 4.0, '2024-03-01 12:00:00+01'::timestamptz + n * interval '1 s', NULL \
           FROM generate_series(1, {ORDERS}) n WHERE n % 3 > 0"
    ));
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("job.sql"), folder.path().join("output"));
    let job = format!(
        "SET 'execution.checkpointing.interval' = '100 ms';
         CREATE TABLE customers (id INT, name STRING, region STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ({});
         CREATE TABLE orders (id BIGINT, customer INT, total DECIMAL(10, 2), placed TIMESTAMP_LTZ(3), note STRING,
             PRIMARY KEY (id) NOT ENFORCED) WITH ({}, 'scan.incremental.snapshot.enabled' = 'true',
             'scan.incremental.snapshot.chunk.size' = '200');
         CREATE TABLE joined (id BIGINT, name STRING, region STRING, total DECIMAL(10, 2), placed TIMESTAMP_LTZ(3), letters INT) WITH (
             'connector' = 'filesystem', 'path' = '{}', 'format' = 'debezium-json',
             'debezium-json.encode.decimal-as-plain-number' = 'true');
         INSERT INTO joined SELECT o.id, c.name, c.region, o.total, o.placed, CHAR_LENGTH(o.note)
             FROM orders o JOIN customers c ON o.customer = c.id;",
        connection(&database, "customers", "joined_customers"),
        connection(&database, "orders", "joined_orders"),
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
    let expected = "SELECT json_build_object('id', o.id, 'letters', char_length(o.note), 'name', c.name, \
           'placed', to_char(o.placed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || 'Z', 'region', c.region, 'total', o.total) \
         FROM orders o JOIN customers c ON o.customer = c.id";
    await_rows(&mut job, &output, database.query(expected));
    job.kill();
    assert!(fold(&output).len() > 500, "{} rows", fold(&output).len());
}

#[test]
fn without_rows_as_they_were_a_table_is_read_by_its_key() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "by_key");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, v TEXT NOT NULL); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("job.sql"), folder.path().join("output"));
    let job = format!(
        "SET 'execution.checkpointing.interval' = '50 ms';
         CREATE TABLE t (id INT, v STRING NOT NULL, place STRING METADATA FROM 'table_name' VIRTUAL, PRIMARY KEY (id) NOT ENFORCED)
             WITH ({}, 'changelog-mode' = 'upsert');
         CREATE TABLE copy (id INT, v STRING, place STRING) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'debezium-json');
         INSERT INTO copy SELECT * FROM t;",
        connection(&database, "t", "by_key"),
        output.display()
    );
    std::fs::write(&file, job).unwrap();
    let checkpoints = folder.path().join("checkpoints");
    let checkpoints = checkpoints.to_string_lossy();
    let restore = ["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"];
    let expected = "SELECT json_build_object('id', id, 'place', 't', 'v', v) FROM t";
    let mut job = Job::start(&file, &restore);
    await_rows(&mut job, &output, database.query(expected));
    database.execute(
        "UPDATE t SET v = 'x' WHERE id = 1; DELETE FROM t WHERE id = 2; UPDATE t SET id = 4 WHERE id = 3",
    );
    await_rows(&mut job, &output, database.query(expected));
    job.kill();
    database.execute("DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (2, 'again')");
    let mut job = Job::start(&file, &restore);
    await_rows(&mut job, &output, database.query(expected));
}

#[test]
fn a_declaration_that_does_not_fit_the_table_is_refused_before_anything_is_made() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "declared");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, total NUMERIC(10,2))");
    let cases = [
        ("id INT, totl DECIMAL(10, 2)", "table public.t has no column `totl`: did you mean `total`?"),
        ("id INT, total DECIMAL(5, 2)", "declare it as DECIMAL(10, 2)"),
        ("id SMALLINT", "column `id` of table public.t is integer, which does not fit into the SMALLINT"),
    ];
    for (columns, expected) in cases {
        let script = format!(
            "CREATE TABLE t ({columns}) WITH ({}); SELECT * FROM t;",
            connection(&database, "t", "declared")
        );
        let output = crate::support::run(&["sql"], &script);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(expected), "{columns}: {}", stderr(&output));
    }
    assert_eq!(database.value("SELECT count(*) FROM pg_replication_slots WHERE database = 'declared'"), "0");
    assert_eq!(database.value("SELECT count(*) FROM pg_publication"), "0");
}
