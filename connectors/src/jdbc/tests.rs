//! What is written to SQLite, however often, and what URLs are.

use futures::executor::block_on;
use rusqlite::Connection;
use tempfile::TempDir;

use super::connection::JdbcConnection;
use super::mark::Mark;
use super::session::{CreateMarks, Request, Session, Write};
use super::sink::Change;
use super::statement::{TableColumns, WriteTarget};
use super::url::Url;
use super::value::Value;

fn database() -> (TempDir, Connection, JdbcConnection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let database = Connection::open(&file).unwrap();
    database.execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
    let connection = JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()));
    (folder, database, connection)
}

#[test]
fn what_has_a_mark_is_written_once() {
    let (_folder, database, connection) = database();
    let mut session = block_on(Session::connect(&connection)).unwrap();
    block_on(CreateMarks.ask(&mut session)).unwrap();
    block_on(CreateMarks.ask(&mut session)).unwrap();
    let target = WriteTarget {
        table: TableColumns { table: "t".to_owned(), columns: vec!["n".to_owned()] },
        key: Vec::new(),
    };
    let mut write = |writer: &str, sequence: u64, n: i64| {
        let mark = Mark { sink: "t".to_owned(), writer: writer.to_owned(), sequence };
        let changes = [Change::Upsert(vec![n.into()])];
        block_on(Write { target: &target, changes: &changes, mark: Some(&mark) }.ask(&mut session))
    };
    for (writer, sequence, n) in
        [("a", 1, 1), ("a", 1, 1), ("b", 1, 2), ("a", 3, 3), ("a", 2, 4), ("a", 3, 3)]
    {
        write(writer, sequence, n).unwrap();
    }
    let rows = |query: &str| -> String { database.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(rows("SELECT group_concat(n) FROM (SELECT n FROM t ORDER BY n)"), "1,2,3");
    // Neither rows nor mark are there of what fails.
    database.execute_batch("CREATE UNIQUE INDEX i ON t (n)").unwrap();
    write("a", 4, 2).unwrap_err();
    write("a", 4, 5).unwrap();
    assert_eq!(rows("SELECT group_concat(n) FROM (SELECT n FROM t ORDER BY n)"), "1,2,3,5");
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let (folder, ..) = database();
    let file = folder.path().join("none.db");
    let connection = JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()));
    let error = block_on(Session::connect(&connection)).err().unwrap();
    assert!(error.to_string().contains("check the path in the URL"), "{error}");
    assert!(!file.exists());
}

#[test]
fn urls_say_where_a_database_is() {
    let postgres = |host: &str, port, user: Option<&str>| Url::Postgres {
        host: host.to_owned(),
        port,
        database: "shop".to_owned(),
        user: user.map(str::to_owned),
        password: None,
    };
    for (url, expected) in [
        ("jdbc:postgresql://db/shop", postgres("db", 5432, None)),
        ("jdbc:postgresql://db:19/shop?user=me&ssl=false", postgres("db", 19, Some("me"))),
        ("jdbc:postgresql://[::1]:19/shop", postgres("::1", 19, None)),
        ("jdbc:sqlite:/data/shop.db", Url::Sqlite("/data/shop.db".to_owned())),
    ] {
        assert_eq!(Url::parse(url).unwrap(), expected);
    }
    for (url, expected) in [
        ("postgresql://db/shop", "does not begin with 'jdbc:'"),
        ("jdbc:oracle:thin:@db", "no support for 'oracle'"),
        ("jdbc:postgresql://db", "the database is missing"),
        ("jdbc:postgresql://:5432/shop", "the host is missing"),
        ("jdbc:postgresql://db:x/shop", "'x' is no port"),
        (
            "jdbc:postgresql://db/shop?password=secret&sslmode=require",
            "the parameter 'sslmode' is not supported",
        ),
        ("jdbc:sqlite:", "cannot be shared"),
    ] {
        let error = Url::parse(url).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("secret"), "{error}");
    }
}

#[test]
fn numbers_are_read_from_text_too() {
    assert_eq!(Value::from(" 7").as_integer(), None);
    assert_eq!((Value::from("7").as_integer(), Value::from(7).as_integer()), (Some(7), Some(7)));
    assert_eq!((Value::Null.as_integer(), Value::from("x").as_text()), (None, Some("x")));
}
