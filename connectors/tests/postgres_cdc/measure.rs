//! How fast it is: `cargo test --test postgres_cdc --features postgres-cdc -- --ignored measure --nocapture`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use millstream::connectors::postgres_cdc::{PostgresCdcSource, StartupMode};
use millstream::prelude::*;

use super::server::{Database, Server};

/// So many rows of about 100 bytes.
const ROWS: u64 = 1_000_000;

/// Runs a job until it has read so many records; says how long that took.
fn time(source: PostgresCdcSource, records: u64, begin: impl FnOnce()) -> Duration {
    let snapshots = tempfile::tempdir().unwrap();
    let env = Environment::new()
        .parallelism(1)
        .snapshot_folder(snapshots.path().to_str().unwrap())
        .checkpoint_every(Duration::from_secs(1));
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    env.from_source(source)
        .uid("source")
        .filter(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        })
        .print();
    let job = env.spawn("measure").unwrap();
    begin();
    let began = Instant::now();
    while count.load(Ordering::Relaxed) < records {
        assert!(!job.status().is_final(), "the job has ended: {:?}", job.join_blocking().err());
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    job.cancel();
    job.join_blocking().unwrap();
    took
}

fn report(what: &str, records: u64, took: Duration) {
    eprintln!("{what}: {records} in {took:.2?}, {:.0} a second", records as f64 / took.as_secs_f64());
}

#[test]
#[ignore = "a measurement"]
fn measure() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "measure");
    let fill = |table: &str| {
        database.execute(&format!(
            "CREATE TABLE {table} (id BIGINT PRIMARY KEY, a INT, b TIMESTAMPTZ, c NUMERIC(12, 2), d TEXT); ALTER TABLE {table} REPLICA IDENTITY FULL; \
             INSERT INTO {table} SELECT n, n % 1000, now(), n / 100.0, 'some text of a row that is not very long ' || n FROM generate_series(1, {ROWS}) n; \
             ANALYZE {table}"
        ));
    };
    fill("t");
    for connections in [1, 2, 4] {
        let source = database
            .source(&["t"])
            .snapshot_connections(connections)
            .slot_name(format!("rows_{connections}"));
        report(&format!("rows over {connections} connections"), ROWS, time(source, ROWS, || ()));
    }
    // All is written before it is read.
    database.execute("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
    database.execute("CREATE TABLE u (LIKE t INCLUDING ALL); ALTER TABLE u REPLICA IDENTITY FULL; CREATE PUBLICATION changes FOR TABLE u");
    database.execute("SELECT pg_drop_replication_slot('changes'); SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
    for part in 0..20 {
        database.execute(&format!("INSERT INTO u SELECT * FROM t WHERE id % 20 = {part}"));
    }
    database.execute("UPDATE u SET a = a + 1 WHERE id % 4 = 0");
    let began = Instant::now();
    let options = "'proto_version', '1', 'publication_names', 'changes'";
    let sql =
        format!("SELECT count(*) FROM pg_logical_slot_peek_binary_changes('changes', NULL, NULL, {options})");
    let messages = database.value(&sql).parse().unwrap();
    report("messages, decoded by the server alone", messages, began.elapsed());
    let source = database
        .source(&["u"])
        .slot_name("changes")
        .publication_name("changes")
        .startup_mode(StartupMode::CommittedOffset);
    let records = ROWS + ROWS / 4 * 2;
    report("changes, insertions and updates", records, time(source, records, || ()));
}
