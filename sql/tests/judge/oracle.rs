//! SQLite's answer.

use rusqlite::Connection;
use rusqlite::types::{Value as Stored, ValueRef};

use super::history::{Row, Value};

/// Rows of a query over tables with these contents, as Flink prints them, sorted.
pub(crate) fn answer(tables: &[Vec<Row>], query: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA case_sensitive_like = ON").unwrap();
    for (index, rows) in tables.iter().enumerate() {
        let create = format!("CREATE TABLE t{index} (c0 INTEGER, c1 INTEGER, c2 INTEGER, c3 TEXT)");
        connection.execute_batch(&create).unwrap();
        let insert = format!("INSERT INTO t{index} VALUES (?, ?, ?, ?)");
        let mut insert = connection.prepare(&insert).unwrap();
        for row in rows {
            let values = row.map(|value| match value {
                Value::Null => Stored::Null,
                Value::Number(number) => Stored::Integer(number),
                Value::Text(text) => Stored::Text(text.to_owned()),
            });
            insert.execute(values).unwrap();
        }
    }
    let mut statement =
        connection.prepare(query).unwrap_or_else(|error| panic!("SQLite refuses {query}: {error}"));
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let values = (0..width).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Null => "null".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            other => panic!("a query of integers and texts gives {other:?}"),
        });
        lines.push(format!("+I[{}]", values.collect::<Vec<_>>().join(", ")));
    }
    lines.sort();
    lines
}
