//! What goes wrong, and what is said about it.

use std::time::Duration;

use millstream::connectors::jdbc::{Change, JdbcConnection, JdbcSink, Value};
use millstream::prelude::*;

use super::postgres::{Database, Server};

/// Writes two rows, and says why that fails.
fn failure(connection: JdbcConnection, table: &str, columns: [&str; 2], key: &[&str]) -> String {
    let env = Environment::new().parallelism(1);
    let write = |n: i64| Change::Upsert(vec![Value::from(n), Value::from(format!("text {n}"))]);
    let sink = JdbcSink::new(connection.max_retries(0), table, columns, write).key(key.iter().copied());
    env.from_collection([1_i64, 1]).sink_to(sink);
    env.execute("write").unwrap_err().to_string()
}

#[test]
fn a_server_says_what_is_wrong() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "refusals");
    database.execute(
        "CREATE TABLE keyed (n BIGINT PRIMARY KEY, t TEXT); CREATE TABLE keyless (n BIGINT, t TEXT); \
         CREATE TABLE dates (n BIGINT, t DATE)",
    );
    server.create_role("jdbc_reader", "right");
    let url = format!("jdbc:postgresql://127.0.0.1:{}/refusals", server.port);
    let connect = || JdbcConnection::new(&*url).username("postgres");
    let wrong = connect().username("jdbc_reader").password("wrong");
    let away = JdbcConnection::new("jdbc:postgresql://127.0.0.1:1/refusals").username("postgres");
    let other = JdbcConnection::new(url.replace("refusals", "nowhere")).username("postgres");
    let columns = ["n", "t"];
    for (error, expected) in [
        (failure(connect(), "nothing", columns, &[]), "there is no table 'nothing'"),
        (failure(connect(), "keyed", ["n", "text"], &[]), "has no column 'text'; it has: n, t"),
        (failure(connect(), "keyed", columns, &["k"]), "the key column 'k'"),
        (failure(connect(), "keyed", columns, &[]), "duplicate key value"),
        (
            failure(connect(), "keyless", columns, &["n"]),
            "the table needs a PRIMARY KEY or a UNIQUE constraint",
        ),
        (failure(connect(), "dates", columns, &[]), "invalid input syntax for type date: \"text 1\""),
        (failure(wrong, "keyed", columns, &[]), "check the user name and the password"),
        (failure(other, "keyed", columns, &[]), "check the database in the URL"),
        (failure(away, "keyed", columns, &[]), "cannot be connected to"),
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn sqlite_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    database
        .execute_batch("CREATE TABLE keyed (n INTEGER PRIMARY KEY, t TEXT); CREATE TABLE keyless (n, t)")
        .unwrap();
    let connect = || {
        JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()))
            .connect_timeout(Duration::from_millis(200))
    };
    let columns = ["n", "t"];
    std::fs::write(
        folder.path().join("text"),
        "this is no database, but a text that is long enough to look at".repeat(99),
    )
    .unwrap();
    let text = JdbcConnection::new(format!("jdbc:sqlite:{}/text", folder.path().display()));
    let nowhere = JdbcConnection::new(format!("jdbc:sqlite:{}/no/such", folder.path().display()));
    for (error, expected) in [
        (failure(connect(), "nothing", columns, &[]), "there is no table 'nothing'"),
        (failure(connect(), "keyed", ["n", "text"], &[]), "has no column 'text'; it has: n, t"),
        (failure(connect(), "keyed", columns, &[]), "UNIQUE constraint failed: keyed.n"),
        (failure(connect(), "keyless", columns, &["n"]), "ON CONFLICT clause does not match"),
        (failure(text, "keyed", columns, &[]), "file is not a database"),
        (failure(nowhere, "keyed", columns, &[]), "check the path in the URL"),
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    // Somebody else writes.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = failure(connect(), "keyed", columns, &["n"]);
    assert!(error.contains("somebody else writes it"), "{error}");
    database.execute_batch("ROLLBACK").unwrap();
}
