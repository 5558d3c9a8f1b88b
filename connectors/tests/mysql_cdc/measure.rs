//! How fast it is: `cargo test --test mysql_cdc --features mysql-cdc -- --ignored measure --nocapture`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use millstream::connectors::mysql_cdc::{BinlogPosition, StartupMode};
use millstream::prelude::*;

use super::server::{Database, Server, Source};

/// So many rows of about 100 bytes.
const ROWS: u64 = 1_000_000;

/// Runs a job until it has read so many records; says how long that took.
fn time(source: Source, records: u64) -> Duration {
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
    let Some(server) = Server::start() else { return };
    let database = Database::create(&server, "measure");
    database.execute(&format!(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT, b TIMESTAMP, c DECIMAL(12, 2), d TEXT); CREATE TABLE u LIKE t; \
         INSERT INTO t SELECT seq, seq % 1000, NOW(), seq / 100, CONCAT('some text of a row that is not very long ', seq) FROM seq_1_to_{ROWS}"
    ));
    for connections in [1, 2, 4] {
        let source = database.source(&["t"]).snapshot_connections(connections);
        report(&format!("rows over {connections} connections"), ROWS, time(source, ROWS));
    }
    // All is written before it is read.
    let row = &database.query("SHOW MASTER STATUS")[0];
    let position =
        BinlogPosition::new(row[0].as_deref().unwrap(), row[1].as_deref().unwrap().parse().unwrap());
    for part in 0..20 {
        database.execute(&format!("INSERT INTO u SELECT * FROM t WHERE id % 20 = {part}"));
    }
    database.execute("UPDATE u SET a = a + 1 WHERE id % 4 = 0");
    let source = database.source(&["u"]).startup_mode(StartupMode::SpecificOffset(position));
    let records = ROWS + ROWS / 4 * 2;
    report("changes, insertions and updates", records, time(source, records));
}
