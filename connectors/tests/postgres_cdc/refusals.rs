//! What is refused, and how that is said.

use millstream::connectors::postgres_cdc::{ChangelogMode, PostgresCdcSource, StartupMode};
use millstream::{Error, ErrorKind};

use super::jobs::{Home, failure, start};
use super::server::{Database, Server};

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
        "CREATE TABLE keyless (id INT); CREATE TABLE t (id INT PRIMARY KEY, other INT NOT NULL UNIQUE); CREATE VIEW v AS SELECT 1; \
         CREATE UNLOGGED TABLE fleeting (id INT PRIMARY KEY); CREATE TABLE by_index (id INT PRIMARY KEY, other INT NOT NULL UNIQUE); \
         ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_other_key; \
         CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); \
         ALTER TABLE parts REPLICA IDENTITY FULL; \
         CREATE PUBLICATION few FOR TABLE keyless; CREATE PUBLICATION filtered FOR TABLE t WHERE (id > 1)",
    );
    let of = |table: &str| database.source(&[table]);
    let cases: Vec<(PostgresCdcSource, &[&str])> = vec![
        (of("keyless"), &["table public.keyless has no primary key", "StartupMode"]),
        (of("nothing"), &["has no table public.nothing", "table_list"]),
        (of("v"), &["has no table public.v"]),
        (of("fleeting"), &["table public.fleeting is temporary or unlogged", "SET LOGGED"]),
        (of("by_index"), &["table public.by_index has a replica identity", "REPLICA IDENTITY FULL"]),
        (
            of("t").publication_name("few").publication_autocreate(false),
            &["publication `few` has no table public.t", "ALTER PUBLICATION \"few\" ADD TABLE"],
        ),
        (of("t").publication_name("filtered"), &["publication `filtered` has a row filter for public.t"]),
        (
            of("t").publication_name("none").publication_autocreate(false),
            &["has no publication `none`", "CREATE PUBLICATION"],
        ),
        (of("t").username("nobody"), &["role \"nobody\" does not exist", "`username`"]),
        (
            PostgresCdcSource::new("127.0.0.1", "nowhere").port(database.port).table_list(["t"]),
            &["database \"nowhere\" does not exist"],
        ),
    ];
    for (source, parts) in cases {
        let home = Home::new();
        assert_says(&failure(source, &home), ErrorKind::InvalidJob, parts);
    }
    assert_eq!(database.value("SELECT count(*) FROM pg_replication_slots WHERE database = 'refused'"), "0");
    // Changes alone can be read of any of these.
    let home = Home::new();
    let source = database.source(&["keyless", "by_index"]).startup_mode(StartupMode::LatestOffset);
    let job = start(source.publication_name("all_of_them"), &home);
    job.checkpoint();
    job.stop();
}

#[test]
fn a_slot_of_another_plugin_or_user_is_refused() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "strange_slots");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY); CREATE ROLE reader LOGIN REPLICATION; GRANT SELECT ON t TO reader");
    database.execute("SELECT pg_create_logical_replication_slot('strange_slots', 'test_decoding')");
    let home = Home::new();
    let error = failure(database.source(&["t"]), &home);
    assert_says(&error, ErrorKind::InvalidJob, &["slot `strange_slots` is of another plugin", "slot_name"]);
    database.execute("SELECT pg_drop_replication_slot('strange_slots')");

    let error = failure(database.source(&["t"]).username("reader").publication_name("mine"), &home);
    assert_says(
        &error,
        ErrorKind::InvalidJob,
        &["publication `mine` cannot be made", "permission denied", "CREATE on the database"],
    );
    // With a publication that is there, a user needs no more than to read.
    database.execute("CREATE PUBLICATION mine FOR TABLE t; INSERT INTO t VALUES (1)");
    let mut job = start(database.source(&["t"]).username("reader").publication_name("mine"), &home);
    job.wait_for(1);
    job.stop();
}

#[test]
fn updates_without_rows_as_they_were_fail() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "blind");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)");
    let home = Home::new();
    let mut job = start(database.source(&["t"]), &home);
    job.wait_for(1);
    job.checkpoint();
    database.execute("UPDATE t SET v = 2");
    let parts = ["a row of table public.t was updated", "ChangelogMode::Upsert", "REPLICA IDENTITY FULL"];
    assert_says(&job.fail(), ErrorKind::InvalidInput, &parts);
    // As the error says.
    let source = database.source(&["t"]).changelog_mode(ChangelogMode::Upsert);
    let mut job = start(source, &home);
    job.wait_for(1);
    assert_eq!(job.lines(), ["+U t 1 2"]);
    job.stop();
}

#[test]
fn a_snapshot_that_the_slot_does_not_fit_is_refused() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "unfit");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    let home = Home::new();
    let source = || database.source(&["t"]);
    let mut job = start(source(), &home);
    job.wait_for(1);
    job.checkpoint();
    job.stop();

    let error = failure(database.source(&["t", "u"]), &home);
    assert_says(&error, ErrorKind::InvalidJob, &["has no table public.u"]);
    database.execute("CREATE TABLE u (id INT PRIMARY KEY); ALTER PUBLICATION dbz_publication ADD TABLE u");
    let error = failure(database.source(&["t", "u"]), &home);
    assert_says(&error, ErrorKind::Restore, &["table public.u was not captured when the snapshot was taken"]);

    // Somebody else has read on.
    database.execute("INSERT INTO t VALUES (2)");
    database.execute("SELECT pg_replication_slot_advance('unfit', pg_current_wal_lsn())");
    let error = failure(source(), &home);
    assert_says(&error, ErrorKind::Restore, &["slot `unfit` has been read up to", "what is between is gone"]);
    database.execute("SELECT pg_drop_replication_slot('unfit')");
    let error = failure(source(), &home);
    assert_says(&error, ErrorKind::Restore, &["slot `unfit` is gone", "without a snapshot"]);
}

#[test]
fn a_wrong_password_is_refused_for_good() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "locked");
    database.execute("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    server.create_role("keeper", "it''s right");
    let home = Home::new();
    let source = || database.source(&["t"]).username("keeper");
    let error = failure(source().password("wrong"), &home);
    assert_says(
        &error,
        ErrorKind::InvalidJob,
        &["password authentication failed for user \"keeper\"", "`password`"],
    );
    let mut job = start(source().password("it's right"), &home);
    job.wait_for(1);
    job.stop();
}
