//! What jobs read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use millstream::connectors::postgres_cdc::{
    ChangeKind, ChangelogMode, SchemaChange, StartupMode, Truncate, UnchangedToast,
};
use millstream::prelude::*;

use super::jobs::{Home, start};
use super::server::{Database, Server};

#[test]
fn rows_that_are_there_and_then_all_changes() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "rows_and_changes");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, note TEXT); ALTER TABLE t REPLICA IDENTITY FULL; \
         CREATE TABLE \"Odd name\" (\"Key\" UUID PRIMARY KEY, twice INT GENERATED ALWAYS AS (2) STORED, v INT); \
         INSERT INTO t SELECT n, 'n' || n FROM generate_series(1, 50) n; INSERT INTO t VALUES (51, NULL); \
         INSERT INTO \"Odd name\" VALUES ('00000000-0000-0000-0000-00000000000A', DEFAULT, 1); \
         ALTER TABLE \"Odd name\" REPLICA IDENTITY FULL",
    );
    let home = Home::new();
    let source = || database.source(&["t", "public.Odd name"]).chunk_size(7);
    let mut job = start(source(), &home);
    job.wait_for(52);
    assert!(job.seen.iter().all(|change| change.is_from_snapshot() && change.kind == ChangeKind::Insert));
    let mut lines = job.lines();
    lines.sort_unstable();
    assert!(lines.contains(&"+I t 51 NULL".to_owned()) && lines.contains(&"+I t 50 n50".to_owned()));
    assert_eq!(lines[0], "+I Odd name 00000000-0000-0000-0000-00000000000a 1");
    lines.dedup();
    assert_eq!(lines.len(), 52);

    database.execute("UPDATE t SET note = 'x' WHERE id IN (1, 51); DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'back')");
    job.wait_for(58);
    let changes = ["-U t 1 n1", "+U t 1 x", "-U t 51 NULL", "+U t 51 x", "-D t 2 n2", "+I t 2 back"];
    assert_eq!(job.lines()[52..], changes);
    let change = job.seen.last().unwrap();
    assert!(!change.is_from_snapshot() && change.position > job.seen[0].position);
    job.checkpoint();
    job.stop();

    // Changes that nobody was there for, and a transaction that was rolled back.
    database.execute("UPDATE t SET id = 1000 WHERE id = 1; UPDATE \"Odd name\" SET v = 2");
    database.execute("BEGIN; DELETE FROM t; ROLLBACK");
    let mut job = start(source(), &home);
    job.wait_for(4);
    let id = "00000000-0000-0000-0000-00000000000a";
    assert_eq!(
        job.lines(),
        [
            "-D t 1 x".into(),
            "+I t 1000 x".into(),
            format!("-U Odd name {id} 1"),
            format!("+U Odd name {id} 2")
        ]
    );
    job.stop();
}

#[test]
fn values_look_the_same_in_rows_and_in_changes() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "looks");
    database.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); \
         CREATE TABLE t (n NUMERIC(20, 4), flag BOOLEAN, letters CHAR(6), words TEXT[], b BYTEA, at TIMESTAMPTZ, day DATE, took INTERVAL, \
           f FLOAT8, r FLOAT4, j JSONB, m mood, money MONEY, odd TEXT, ranged INT4RANGE, PRIMARY KEY (flag, letters, n)); \
         ALTER TABLE t REPLICA IDENTITY FULL",
    );
    let row = |n: &str| {
        format!(
            "INSERT INTO t VALUES ({n}, TRUE, 'ab', '{{x,\"y z\",NULL}}', '\\x00ff', '2026-11-29 12:00:00.123456+02', '2026-02-28', \
               '1 year 2 days 03:04:05', 0.1::float8 + 0.2, 1.1, '{{\"a\": [1, null]}}', 'it''s ok', 12.5, E'tab\\tnew\\nback\\\\slash \\u00e4', '[1,5)')"
        )
    };
    database.execute(&row("1.5"));
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    database.execute(&row("2.5"));
    job.wait_for(2);
    let (of_row, of_change) = (&job.seen[0], &job.seen[1]);
    assert_eq!(of_row.table, of_change.table);
    assert_eq!((of_row.text("n"), of_change.text("n")), (Some("1.5000"), Some("2.5000")));
    assert_eq!(of_row.values[1..], of_change.values[1..]);
    assert_eq!((of_row.text("flag"), of_row.text("letters")), (Some("t"), Some("ab    ")));
    assert_eq!(
        (of_row.text("at"), of_row.text("b")),
        (Some("2026-11-29 10:00:00.123456+00"), Some("\\x00ff"))
    );
    assert_eq!(of_row.text("odd"), Some("tab\tnew\nback\\slash ä"));
    assert_eq!(of_row.text("f"), Some("0.30000000000000004"));
    job.stop();
}

#[test]
fn upserts_need_no_rows_as_they_were() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "upserts");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, note TEXT, large TEXT); ALTER TABLE t ALTER large SET STORAGE EXTERNAL; \
         INSERT INTO t VALUES (0, '', '')");
    let home = Home::new();
    let source = || database.source(&["t"]).changelog_mode(ChangelogMode::Upsert);
    let mut job = start(source().unchanged_toast(UnchangedToast::Mark), &home);
    job.wait_for(1);
    database.execute(
        "INSERT INTO t VALUES (1, 'a', repeat('x', 10000)); UPDATE t SET note = 'b' WHERE id > 0; UPDATE t SET id = 2 WHERE id > 0; \
         UPDATE t SET large = '' WHERE id > 0; DELETE FROM t WHERE id > 0",
    );
    job.wait_for(7);
    let large = "x".repeat(10_000);
    assert_eq!(
        job.lines()[1..],
        [&format!("+I t 1 a {large}"), "+U t 1 b ?", "-D t 1 ? ?", "+I t 2 b ?", "+U t 2 b ", "-D t 2 ? ?"]
    );
    job.checkpoint();
    job.stop();

    let mut job = start(source(), &home);
    database.execute("INSERT INTO t VALUES (3, 'a', repeat('x', 10000))");
    job.wait_for(1);
    database.execute("UPDATE t SET note = 'b' WHERE id = 3");
    let error = job.fail().to_string();
    assert!(error.contains("column `large`") && error.contains("UnchangedToast::Mark"), "{error}");
}

#[test]
fn large_values_come_from_the_row_before() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "large");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, note TEXT, large TEXT); ALTER TABLE t ALTER large SET STORAGE EXTERNAL; \
         ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 'a', repeat('x', 10000))",
    );
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    database.execute("UPDATE t SET note = 'b'");
    job.wait_for(3);
    let large = "x".repeat(10_000);
    assert_eq!(job.lines()[1..], [format!("-U t 1 a {large}"), format!("+U t 1 b {large}")]);
    job.stop();
}

#[test]
fn changes_alone_from_now_or_from_where_the_slot_is() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "starts");
    // There is no primary key, which only rows that are there need.
    database
        .execute("CREATE TABLE t (id INT); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1)");
    let run = |mode, name: &str, expected: &[&str]| {
        let home = Home::new();
        let mut job = start(database.source(&["t"]).startup_mode(mode), &home);
        database.await_stream("starts", true);
        let limit = Instant::now() + Duration::from_secs(60);
        database.execute(&format!("INSERT INTO t VALUES (1{name})"));
        job.wait_for(expected.len());
        assert_eq!(job.lines(), expected);
        // The server has been told.
        let now = database.value("SELECT pg_current_wal_lsn()");
        let told = format!(
            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'starts' AND confirmed_flush_lsn >= '{now}'"
        );
        while database.value(&told) != "1" {
            assert!(Instant::now() < limit, "the slot is not confirmed");
            std::thread::sleep(Duration::from_millis(20));
        }
        job.stop();
        database.await_stream("starts", false);
    };
    run(StartupMode::LatestOffset, "2", &["+I t 12"]);
    database.execute("INSERT INTO t VALUES (3)");
    run(StartupMode::LatestOffset, "4", &["+I t 14"]);
    database.execute("INSERT INTO t VALUES (5)");
    run(StartupMode::CommittedOffset, "6", &["+I t 5", "+I t 16"]);
}

#[test]
fn columns_may_be_added() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "columns");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1)",
    );
    let home = Home::new();
    let source = || database.source(&["t"]);
    let mut job = start(source(), &home);
    job.wait_for(1);
    job.checkpoint();
    database.execute(
        "INSERT INTO t VALUES (2); ALTER TABLE t ADD note TEXT DEFAULT 'd'; INSERT INTO t VALUES (3, 'c')",
    );
    let error = job.fail().to_string();
    assert!(error.contains("from id (type 23) to id (type 23), note (type 25)"), "{error}");

    let mut job = start(source().schema_change(SchemaChange::AllowAdded), &home);
    let is_there =
        |line: &'static str| move |seen: &[_]| seen.iter().any(|change| super::jobs::line(change) == line);
    job.wait_until("the new column", is_there("+I t 3 c"));
    job.checkpoint();
    job.stop();
    // It is known from now on.
    let mut job = start(source(), &home);
    database.execute("INSERT INTO t VALUES (4, 'd')");
    job.wait_until("another row", is_there("+I t 4 d"));
    database.execute("ALTER TABLE t DROP note; DELETE FROM t WHERE id = 1");
    let error = job.fail().to_string();
    assert!(error.contains("from id (type 23), note (type 25) to id (type 23)"), "{error}");
}

#[test]
fn truncation_fails_or_is_passed_over() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "truncation");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1)",
    );
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    job.checkpoint();
    database.execute("TRUNCATE t; INSERT INTO t VALUES (2)");
    let error = job.fail().to_string();
    assert!(error.contains("table public.t has been truncated"), "{error}");
    let mut job = start(database.source(&["t"]).truncate(Truncate::Skip), &home);
    job.wait_for(1);
    assert_eq!(job.lines(), ["+I t 2"]);
    job.stop();
}

#[test]
fn a_partitioned_table_is_one_table() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "partitioned");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20); \
         ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE low REPLICA IDENTITY FULL; ALTER TABLE high REPLICA IDENTITY FULL; \
         INSERT INTO t VALUES (1, 1), (11, 1)",
    );
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(2);
    database.execute("UPDATE t SET v = 2 WHERE id = 1; UPDATE t SET id = 12 WHERE id = 1");
    job.wait_for(6);
    assert_eq!(job.lines()[2..], ["-U t 1 1", "+U t 1 2", "-D t 1 2", "+I t 12 2"]);
    job.stop();
}

#[test]
fn a_partition_that_is_added_without_the_tables_replica_identity_is_noticed() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "added_partition");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); \
         ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE low REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, NULL)",
    );
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    // A row with nothing but a key is one where all partitions are as the table.
    database.execute("DELETE FROM t WHERE id = 1");
    job.wait_for(2);
    assert_eq!(job.lines()[1], "-D t 1 NULL");
    database.execute(
        "CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20); INSERT INTO t VALUES (11, 1); DELETE FROM t WHERE id = 11",
    );
    let error = job.fail().to_string();
    assert!(error.contains("partition high of table public.t has another replica identity"), "{error}");
}

#[test]
fn the_server_may_forget_what_is_in_a_checkpoint() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "forgets");
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY FULL; CREATE TABLE other (v INT)",
    );
    let home = Home::new();
    let source = database.source(&["t"]).heartbeat_interval(Duration::from_millis(200));
    let job = start(source, &home);
    job.checkpoint();
    // Nothing of it is for the job.
    let written =
        database.value("INSERT INTO other SELECT generate_series(1, 100000); SELECT pg_current_wal_lsn()");
    let limit = Instant::now() + Duration::from_secs(60);
    let sql = format!(
        "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'forgets' AND confirmed_flush_lsn >= '{written}'"
    );
    while database.value(&sql) != "1" {
        assert!(Instant::now() < limit, "the server keeps everything");
        std::thread::sleep(Duration::from_millis(50));
    }
    job.stop();
}

#[test]
fn the_server_keeps_what_is_in_no_checkpoint() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "keeps");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    let read = Arc::new(AtomicU64::new(0));
    let counted = read.clone();
    let source =
        database.source(&["t"]).heartbeat_interval(Duration::from_millis(100)).deserializer(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(None::<u64>)
        });
    // Without checkpoints.
    let env = Environment::new().parallelism(1);
    env.from_source(source).print();
    let job = env.spawn("keeps").unwrap();
    database.await_stream("keeps", true);
    let sql = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'keeps'";
    let confirmed = || database.value(sql);
    let limit = Instant::now() + Duration::from_secs(60);
    let before = confirmed();
    database.execute("INSERT INTO t SELECT generate_series(1, 1000)");
    while read.load(Ordering::Relaxed) < 1_000 {
        assert!(Instant::now() < limit, "the changes are not read");
        std::thread::sleep(Duration::from_millis(10));
    }
    // It is told once a second.
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(confirmed(), before);
    job.cancel();
    job.join_blocking().unwrap();
}
