//! What the server's catalog says of tables.

use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::Conn;

use super::checks::Server;
use super::options::StartupMode;
use super::session::{query, quote_literal, text};
use super::settings::{Settings, TableName, quote_identifier};
use super::types::{Kind, MysqlType};
use super::{CapturedColumn, CapturedTable, TableProgress};
use crate::cdc::key::KeyOrder;
use crate::cdc::progress::KeyColumn;

/// A table, and what must be known to read it.
pub(super) struct FoundTable {
    /// Without parts.
    pub(super) progress: TableProgress,
    /// Whether the index of the primary key has the order that its rows are read in.
    pub(super) is_ordered_by_index: bool,
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}

/// What the catalog says of a table of a source.
pub(super) async fn find_table(
    session: &mut Conn,
    settings: &Settings,
    server: Server,
    name: &TableName,
) -> Result<FoundTable> {
    let TableName { database, name } = name;
    let what = format!("table {database}.{name} cannot be looked up");
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
        quote_literal(database),
        quote_literal(name)
    );
    let rows = query(session, &what, &sql).await?;
    let is_it = |row: &&mysql_async::Row| text(row, 0) == *database && text(row, 1) == *name;
    let found = rows.iter().find(is_it).or_else(|| rows.first().filter(|_| server.folds_names));
    let Some(found) = found else {
        let remedy = "check `table_list` (in SQL 'database-name' and 'table-name'), and that the user has SELECT on it";
        return Err(invalid(format!("{} has no table {database}.{name}: {remedy}", settings.place())));
    };
    let (database, name) = (text(found, 0), text(found, 1));
    let (table_type, engine) = (text(found, 2), text(found, 3));
    if !matches!(table_type.as_str(), "BASE TABLE" | "SYSTEM VERSIONED") {
        return Err(invalid(format!(
            "{database}.{name} is a {table_type}, and has no changes of its own: capture the tables behind it"
        )));
    }
    let is_initial = settings.startup == StartupMode::Initial;
    if is_initial && !matches!(engine.as_str(), "InnoDB" | "ROCKSDB" | "TokuDB") {
        let remedy = format!(
            "run `ALTER TABLE {database}.{name} ENGINE = InnoDB`, or start with another `StartupMode`"
        );
        let problem = "has no snapshots, so that rows and changes would not fit together";
        return Err(invalid(format!(
            "table {database}.{name} has the engine {engine}, which {problem}: {remedy}"
        )));
    }
    let key = find_key(session, &what, &database, &name).await?;
    let Some(table) = find_columns(session, &what, &database, &name, &key).await? else {
        return Err(invalid(format!("table {database}.{name} has gone while it was looked up")));
    };
    let mut key_columns = Vec::new();
    let mut is_ordered_by_index = true;
    for column in key {
        let (column, is_indexed) = key_column(&table, column)?;
        is_ordered_by_index &= is_indexed;
        key_columns.push(column);
    }
    if is_initial && key_columns.is_empty() {
        let remedy = "add one, or start with another `StartupMode`, which reads changes alone";
        return Err(invalid(format!(
            "table {table} has no primary key, so that its rows cannot be read in parts: {remedy}"
        )));
    }
    let progress = TableProgress { table, key: key_columns, parts: Vec::new() };
    Ok(FoundTable { progress, is_ordered_by_index })
}

/// The names of the columns of a primary key, in its order.
async fn find_key(session: &mut Conn, what: &str, database: &str, name: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} AND INDEX_NAME = 'PRIMARY' \
         ORDER BY SEQ_IN_INDEX",
        quote_literal(database),
        quote_literal(name)
    );
    Ok(query(session, what, &sql).await?.iter().map(|row| text(row, 0)).collect())
}

/// A table with all its columns, which is what the binary log has of a row; `None` if there is no such table.
async fn find_columns(
    session: &mut Conn,
    what: &str,
    database: &str,
    name: &str,
    key: &[String],
) -> Result<Option<CapturedTable>> {
    let sql = format!(
        "SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
        quote_literal(database),
        quote_literal(name)
    );
    let rows = query(session, what, &sql).await?;
    let column = |row: &mysql_async::Row| {
        let name = text(row, 0);
        let character_set = Some(text(row, 2)).filter(|name| !name.is_empty());
        CapturedColumn {
            is_primary_key: key.contains(&name),
            name,
            data_type: MysqlType { column_type: text(row, 1), character_set },
        }
    };
    let columns: Vec<_> = rows.iter().map(column).collect();
    let table = CapturedTable { schema: database.to_owned(), name: name.to_owned(), columns };
    Ok((!table.columns.is_empty()).then_some(table))
}

/// A table as it is defined now, with the primary key that it was read by; `None` if there is none of the name.
pub(super) async fn find_definition(
    session: &mut Conn,
    known: &CapturedTable,
) -> Result<Option<CapturedTable>> {
    let what = format!("table {known} cannot be looked up again");
    let key = find_key(session, &what, &known.schema, &known.name).await?;
    find_columns(session, &what, &known.schema, &known.name, &key).await
}

/// How a column of a key is ordered, and whether an index of it has that order. Strings are compared by their bytes in UTF-8, which is
/// the order of no collation.
fn key_column(table: &CapturedTable, name: String) -> Result<(KeyColumn, bool)> {
    let column = table.columns.iter().find(|column| column.name == name);
    let data_type = column.map(|column| &column.data_type);
    let quoted = quote_identifier(&name);
    let as_text = format!("CAST(CAST({quoted} AS CHAR) AS BINARY)");
    let (order, expression, is_indexed) = match data_type.map(MysqlType::kind) {
        Some(Kind::Integer { .. }) => (KeyOrder::Integer, quoted, true),
        // Compared with a year, a number below 100 would be one of this century.
        Some(Kind::Year) => (KeyOrder::Integer, format!("CAST({quoted} AS SIGNED)"), false),
        Some(Kind::Binary { .. }) => (KeyOrder::Binary, quoted, true),
        Some(Kind::Text(_) | Kind::Enum(_)) => {
            (KeyOrder::Bytes, format!("CAST(CONVERT({quoted} USING utf8mb4) AS BINARY)"), false)
        }
        Some(Kind::Date | Kind::DateTime { .. } | Kind::Timestamp { .. } | Kind::Time { .. }) => {
            (KeyOrder::Bytes, as_text, false)
        }
        // With zeros in front it has another text here than in the log.
        Some(Kind::Decimal)
            if !data_type.is_some_and(|data_type| data_type.column_type.contains("zerofill")) =>
        {
            (KeyOrder::Bytes, as_text, false)
        }
        _ => {
            let described = data_type.map(ToString::to_string).unwrap_or_default();
            let problem = "which is not read as a key";
            let remedy = "start with another `StartupMode`, which reads changes alone, or give the table another primary key";
            return Err(invalid(format!(
                "the primary key of table {table} has the column `{name}` of the type {described}, {problem}: {remedy}"
            )));
        }
    };
    Ok((KeyColumn { name, order, expression, literal_type: String::new() }, is_indexed))
}
