//! What jobs read.

use millstream::connectors::mysql_cdc::{
    BinlogPosition, ChangeKind, SchemaChange, SnapshotLocking, StartupMode, Truncate,
};

use super::jobs::{Home, start};
use super::server::{Database, Server};

#[test]
fn rows_that_are_there_and_then_all_changes() {
    for locking in [SnapshotLocking::Auto, SnapshotLocking::Tables] {
        let Some(server) = Server::shared() else { return };
        let database = Database::create(&server, &format!("rows_and_changes_{locking:?}"));
        database.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, note TEXT); \
             CREATE TABLE `Odd name` (`Key` BINARY(3) PRIMARY KEY, twice INT AS (v * 2) STORED, thrice INT AS (v * 3) VIRTUAL, v INT); \
             INSERT INTO t SELECT seq, CONCAT('n', seq) FROM seq_1_to_50; INSERT INTO t VALUES (51, NULL); \
             INSERT INTO `Odd name` (`Key`, v) VALUES ('a', 1)",
        );
        let home = Home::new();
        let source = || database.source(&["t", "Odd name"]).chunk_size(7).snapshot_locking(locking);
        let mut job = start(source(), &home);
        job.wait_for(52);
        assert!(job.seen.iter().all(|change| change.is_from_snapshot() && change.kind == ChangeKind::Insert));
        let mut lines = job.lines();
        lines.sort_unstable();
        assert!(lines.contains(&"+I t 51 NULL".to_owned()) && lines.contains(&"+I t 50 n50".to_owned()));
        assert_eq!(lines[0], "+I Odd name a\0\0 2 3 1");
        lines.dedup();
        assert_eq!(lines.len(), 52);

        database.execute(
            "UPDATE t SET note = 'x' WHERE id IN (1, 51); DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'back')",
        );
        job.wait_for(58);
        let changes = ["-U t 1 n1", "+U t 1 x", "-U t 51 NULL", "+U t 51 x", "-D t 2 n2", "+I t 2 back"];
        assert_eq!(job.lines()[52..], changes);
        let change = job.seen.last().unwrap();
        assert!(!change.is_from_snapshot() && change.position > job.seen[0].position);
        assert!(change.position.gtid.as_deref().is_some_and(|gtid| gtid.starts_with("0-1-")), "{change:?}");
        job.checkpoint();
        job.stop();

        // Changes that nobody was there for, and a transaction that was rolled back.
        database.execute("UPDATE t SET id = 1000 WHERE id = 1; UPDATE `Odd name` SET v = 2");
        database.execute("BEGIN; DELETE FROM t; ROLLBACK");
        let mut job = start(source(), &home);
        job.wait_for(4);
        assert_eq!(
            job.lines(),
            ["-D t 1 x", "+I t 1000 x", "-U Odd name a\0\0 2 3 1", "+U Odd name a\0\0 4 6 2"]
        );
        job.stop();
    }
}

#[test]
fn changes_alone_from_where_it_is_said() {
    let Some(server) = Server::start() else { return };
    let database = Database::create(&server, "starts");
    // There is no primary key, which only rows that are there need.
    database.execute("CREATE TABLE t (id INT); INSERT INTO t VALUES (1)");
    let row = &database.query("SHOW MASTER STATUS")[0];
    let file = row[0].clone().unwrap();
    let position = BinlogPosition::new(file.as_str(), row[1].as_deref().unwrap().parse().unwrap());
    // In whole seconds, which is what the log has.
    let second = || database.value("SELECT UNIX_TIMESTAMP()").parse::<i64>().unwrap();
    let before = second();
    database.execute("INSERT INTO t VALUES (2); FLUSH BINARY LOGS; INSERT INTO t VALUES (3)");
    while second() <= before + 1 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let later = second();
    database.execute("INSERT INTO t VALUES (4)");
    for (mode, expected) in [
        (StartupMode::EarliestOffset, &[1, 2, 3, 4][..]),
        (StartupMode::SpecificOffset(position), &[2, 3, 4]),
        (StartupMode::Timestamp(later * 1_000), &[4]),
        (StartupMode::Timestamp(before * 1_000), &[1, 2, 3, 4]),
    ] {
        let mut job = start(database.source(&["t"]).startup_mode(mode.clone()), &Home::new());
        let is_last = |seen: &[_]| seen.last().is_some_and(|change| super::jobs::line(change) == "+I t 4");
        job.wait_until("the last row", is_last);
        let lines: Vec<_> = expected.iter().map(|id| format!("+I t {id}")).collect();
        // What came within the second that it starts at may be one more.
        assert!(
            job.lines().ends_with(&lines) || mode == StartupMode::Timestamp(before * 1_000),
            "{mode:?}: {:?}",
            job.lines()
        );
        job.stop();
    }
    let home = Home::new();
    let mut job = start(database.source(&["t"]).startup_mode(StartupMode::LatestOffset), &home);
    job.checkpoint();
    database.execute("INSERT INTO t VALUES (5)");
    job.wait_for(1);
    assert_eq!(job.lines(), ["+I t 5"]);
    job.stop();
}

#[test]
fn columns_may_be_added() {
    for options in ["", "--binlog-row-metadata=FULL"] {
        let Some(server) = Server::with_options(options) else { return };
        let database = Database::create(&server, "columns");
        database.execute("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
        let home = Home::new();
        let source = || database.source(&["t"]);
        let mut job = start(source(), &home);
        job.wait_for(1);
        job.checkpoint();
        // What is not about the columns is nobody's affair.
        database.execute("ALTER TABLE t COMMENT = 'x'; INSERT INTO t VALUES (2)");
        job.wait_for(2);
        job.checkpoint();
        database.execute("ALTER TABLE t ADD note TEXT DEFAULT 'd'; INSERT INTO t VALUES (3, 'c')");
        let error = job.fail().to_string();
        assert!(error.contains("from id (int(11)) to id (int(11)), note (text)"), "{error}");

        // By now there is one more, which the rows that come first do not have.
        database.execute("ALTER TABLE t ADD more INT; INSERT INTO t VALUES (4, 'd', 4)");
        let mut job = start(source().schema_change(SchemaChange::AllowAdded), &home);
        job.wait_for(2);
        assert_eq!(job.lines(), ["+I t 3 c", "+I t 4 d 4"]);
        job.checkpoint();
        job.stop();
        // They are known from now on.
        let mut job = start(source(), &home);
        database.execute("INSERT INTO t VALUES (5, 'e', 5)");
        job.wait_for(1);
        database.execute("ALTER TABLE t DROP note; DELETE FROM t WHERE id = 1");
        let error = job.fail().to_string();
        assert!(error.contains("have changed from id (int(11)), note (text), more (int(11))"), "{error}");
    }
}

#[test]
fn truncation_fails_or_is_passed_over() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "truncation");
    database
        .execute("CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE u (id INT); INSERT INTO t VALUES (1)");
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    database.execute("TRUNCATE u; DROP TABLE u; INSERT INTO t VALUES (2)");
    job.wait_for(2);
    job.checkpoint();
    database.execute("TRUNCATE t; INSERT INTO t VALUES (3)");
    let error = job.fail().to_string();
    assert!(error.contains("table truncation.t has been truncated"), "{error}");
    let mut job = start(database.source(&["t"]).truncate(Truncate::Skip), &home);
    job.wait_for(1);
    assert_eq!(job.lines(), ["+I t 3"]);
    job.stop();
}

#[test]
fn transactions_of_all_kinds() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "kinds");
    database
        .execute("CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM");
    let home = Home::new();
    let source = || database.source(&["t", "m"]).startup_mode(StartupMode::LatestOffset);
    let mut job = start(source(), &home);
    job.checkpoint();
    database.execute(
        "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s; INSERT INTO t VALUES (3); COMMIT; \
         INSERT INTO m VALUES (1), (2); \
         BEGIN; INSERT INTO t VALUES (4); INSERT INTO m VALUES (3); ROLLBACK; \
         CREATE TABLE c (PRIMARY KEY (id)) AS SELECT id FROM t; INSERT INTO c VALUES (9); \
         SET STATEMENT binlog_format = STATEMENT FOR CREATE TABLE d (id INT); FLUSH BINARY LOGS; INSERT INTO t VALUES (5)",
    );
    job.wait_for(6);
    assert_eq!(job.lines(), ["+I t 1", "+I t 3", "+I m 1", "+I m 2", "+I m 3", "+I t 5"]);
    job.checkpoint();
    database.execute("XA START 'x'; INSERT INTO t VALUES (6); XA END 'x'; XA PREPARE 'x'; XA ROLLBACK 'x'");
    let error = job.fail().to_string();
    assert!(error.contains("table kinds.t has rows that were changed in an XA transaction"), "{error}");
}
