//! What is refused, and how that is said.

use millstream::connectors::mysql_cdc::{BinlogPosition, StartupMode};
use millstream::{Error, ErrorKind};

use super::jobs::{Home, failure, start};
use super::server::{Database, Server, Source};

#[track_caller]
fn assert_says(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_at_the_start() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "refused");
    database.execute(
        "CREATE TABLE keyless (id INT); CREATE TABLE t (id INT PRIMARY KEY); CREATE VIEW v AS SELECT 1; \
         CREATE TABLE m (id INT PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE f (id FLOAT PRIMARY KEY); \
         CREATE USER reader IDENTIFIED BY 'secret'; GRANT SELECT ON refused.* TO reader; \
         CREATE USER blind IDENTIFIED BY 'secret'; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO blind",
    );
    let of = |table: &str| database.source(&[table]);
    let cases: Vec<(Source, &[&str])> = vec![
        (of("keyless"), &["table refused.keyless has no primary key", "StartupMode"]),
        (of("nothing"), &["has no table refused.nothing", "table_list"]),
        (of("v"), &["refused.v is a VIEW"]),
        (of("m"), &["table refused.m has the engine MyISAM", "ALTER TABLE refused.m ENGINE = InnoDB"]),
        (of("f"), &["table refused.f has the column `id` of the type float"]),
        (
            of("t").username("reader").password("secret"),
            &["user `reader` may not read the binary log", "GRANT SELECT, REPLICATION SLAVE"],
        ),
        (of("t").username("reader").password("wrong"), &["Access denied", "`username` and `password`"]),
        (of("t").username("blind").password("secret"), &["has no table refused.t", "SELECT"]),
        (
            of("t").startup_mode(StartupMode::SpecificOffset(BinlogPosition::new("bin.999999", 4))),
            &["it cannot be started at bin.999999:4", "no file `bin.999999`"],
        ),
        (
            of("t").startup_mode(StartupMode::SpecificOffset(BinlogPosition::new("bin.000001", 1 << 40))),
            &["it cannot be started at", "no more than"],
        ),
    ];
    for (source, parts) in cases {
        assert_says(&failure(source, &Home::new()), ErrorKind::InvalidJob, parts);
    }
    // Changes alone can be read of any of these.
    let source = database.source(&["keyless", "m"]).startup_mode(StartupMode::LatestOffset);
    let job = start(source, &Home::new());
    job.checkpoint();
    job.stop();
}

#[test]
fn servers_whose_binary_log_will_not_do_are_refused() {
    for (options, part) in [
        ("--skip-log-bin", "log_bin = mysql-bin"),
        ("--binlog-format=MIXED", "SET GLOBAL binlog_format = ROW"),
        ("--binlog-row-image=MINIMAL", "SET GLOBAL binlog_row_image = FULL"),
        ("--log-bin-compress", "SET GLOBAL log_bin_compress = OFF"),
    ] {
        let Some(server) = Server::with_options(options) else { return };
        let database = Database::create(&server, "log");
        database.execute("CREATE TABLE t (id INT PRIMARY KEY)");
        assert_says(&failure(database.source(&["t"]), &Home::new()), ErrorKind::InvalidJob, &[part]);
    }
}

#[test]
fn rows_that_a_session_has_written_in_part_are_refused() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "partial");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT); INSERT INTO t VALUES (1, 1, 1)");
    let mut job = start(database.source(&["t"]), &Home::new());
    job.wait_for(1);
    database.execute("SET SESSION binlog_row_image = MINIMAL; UPDATE t SET a = 2");
    assert_says(
        &job.fail(),
        ErrorKind::InvalidInput,
        &["columns of a row of table partial.t", "binlog_row_image"],
    );
    let mut job = start(database.source(&["t"]), &Home::new());
    job.wait_for(1);
    database.execute("SET SESSION binlog_format = STATEMENT; UPDATE t SET a = 3");
    assert_says(
        &job.fail(),
        ErrorKind::InvalidInput,
        &["table partial.t has been changed by a statement", "binlog_format"],
    );
}

#[test]
fn a_log_that_was_purged_or_begun_anew_is_noticed() {
    let Some(server) = Server::start() else { return };
    let database = Database::create(&server, "purged");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    let run = || {
        let home = Home::new();
        let mut job = start(database.source(&["t"]), &home);
        job.wait_for(1);
        database.execute("INSERT INTO t VALUES (2)");
        job.wait_for(2);
        job.checkpoint();
        job.stop();
        database.execute("DELETE FROM t WHERE id = 2");
        // The server finds that a replica is gone when it sends something, and purges nothing that one reads.
        for row in
            database.query("SELECT id FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'")
        {
            database.execute(&format!("KILL {}", row[0].as_deref().unwrap()));
        }
        let dumps =
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Binlog Dump', 'Killed')";
        while database.value(dumps) != "0" {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        home
    };
    let home = run();
    database.execute("FLUSH BINARY LOGS");
    // The server keeps a file for as long as its engine might ask for it after a crash.
    while database.value("SHOW BINARY LOGS") == "bin.000001" {
        database.execute("PURGE BINARY LOGS TO 'bin.000002'");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let parts = [
        "the server has no file `bin.000001` of its binary log",
        "the oldest one is `bin.000002`",
        "without a snapshot",
    ];
    assert_says(&failure(database.source(&["t"]), &home), ErrorKind::Restore, &parts);
    // Another log that is just as long has other transactions.
    let home = run();
    database.execute("RESET MASTER; FLUSH BINARY LOGS");
    let grow = "INSERT INTO t VALUES (2); DELETE FROM t WHERE id = 2";
    database.execute(&format!("SET SESSION server_id = 77; {}", vec![grow; 20].join(";")));
    assert_says(
        &failure(database.source(&["t"]), &home),
        ErrorKind::Restore,
        &["another server, or its log was begun anew"],
    );
}

#[test]
fn another_list_of_tables_does_not_lose_rows() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "lists");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE u (id INT PRIMARY KEY)");
    database.execute("INSERT INTO t VALUES (1)");
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    // Earlier there may be nothing yet that a checkpoint could hold.
    job.wait_for(1);
    job.checkpoint();
    job.stop();
    let error = failure(database.source(&["t", "u"]), &home);
    assert_says(&error, ErrorKind::Restore, &["table lists.u was not captured when the snapshot was taken"]);
}
