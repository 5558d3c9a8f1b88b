//! SQLite, whose calls block their thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql, TransactionBehavior, params_from_iter};

use super::connection::JdbcConnection;
use super::failure::sqlite_error;
use super::mark::{self, Mark};
use super::off_thread::off_thread;
use super::sink::Change;
use super::statement::{LookupQuery, ScanQuery, TableColumns, WriteTarget, parameters};
use super::value::{Row, Value};
use crate::identifier::quote_identifier;

/// A connection to a file.
pub(super) struct SqliteSession {
    path: Arc<str>,
    connection: Arc<Mutex<Connection>>,
    /// The tables and columns that are known to be there.
    checked: BTreeSet<TableColumns>,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Float(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl SqliteSession {
    /// Opens a file, which must be there.
    pub(super) async fn open(path: &str, connection: &JdbcConnection) -> Result<Self> {
        let (path, timeout) = (Arc::<str>::from(path), connection.connect_timeout);
        let opened = path.clone();
        let connection = off_thread(move || {
            let failed =
                |error| sqlite_error(&format!("the SQLite database '{opened}' cannot be opened"), &error);
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(&*opened, flags).map_err(failed)?;
            connection.busy_timeout(timeout).map_err(failed)?;
            Ok(connection)
        })
        .await?;
        Ok(Self { path, connection: Arc::new(Mutex::new(connection)), checked: BTreeSet::new() })
    }

    /// Calls SQLite.
    async fn call<T: Send + 'static>(
        &self,
        what: String,
        call: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (connection, path) = (self.connection.clone(), self.path.clone());
        off_thread(move || {
            let result = call(&mut connection.lock());
            result.map_err(|error| sqlite_error(&format!("{what} in '{path}'"), &error))
        })
        .await
    }

    /// Whether the table is there, with these columns: to SQLite a name in quotes that is no column is a text.
    pub(super) async fn check(&mut self, table: &TableColumns) -> Result<()> {
        if self.checked.contains(table) {
            return Ok(());
        }
        let (schema, name) = table.table.split_once('.').unwrap_or(("main", &table.table));
        let schema = schema.to_owned();
        let wanted = name.to_owned();
        let known = self.call(format!("table '{}'", table.table), move |connection| {
            let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1, ?2)")?;
            let names = statement.query_map([wanted, schema], |row| row.get::<_, String>(0))?;
            names.collect::<rusqlite::Result<Vec<_>>>()
        });
        let known = known.await?;
        missing_column(&table.table, &format!("'{}'", self.path), &table.columns, &known)?;
        self.checked.insert(table.clone());
        Ok(())
    }

    pub(super) async fn scan(&mut self, query: &ScanQuery) -> Result<Vec<Row>> {
        self.check(&query.table).await?;
        let sql = format!(
            "SELECT {} FROM {}{}",
            query.table.quoted_columns(),
            query.table.quoted_table(),
            query.clauses()
        );
        let columns = query.table.columns.len();
        self.call(format!("table '{}' cannot be read", query.table.table), move |connection| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(values(row, columns)?);
            }
            Ok(all)
        })
        .await
    }

    pub(super) async fn lookup(&mut self, query: &LookupQuery, keys: &[Row]) -> Result<Vec<(u32, Row)>> {
        self.check(&query.table).await?;
        self.check(&TableColumns { columns: query.keys.clone(), ..query.table.clone() }).await?;
        let conditions: Vec<_> =
            query.keys.iter().map(|key| format!("{} = ?", quote_identifier(key))).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            query.table.quoted_columns(),
            query.table.quoted_table(),
            conditions.join(" AND ")
        );
        let (columns, keys) = (query.table.columns.len(), keys.to_vec());
        self.call(format!("table '{}' cannot be looked up in", query.table.table), move |connection| {
            // One snapshot for all keys, and one statement: in the same process, a query a key costs next to nothing.
            let transaction = connection.transaction()?;
            let mut found = Vec::new();
            {
                let mut statement = transaction.prepare(&sql)?;
                for (number, key) in (0_u32..).zip(&keys) {
                    let mut rows = statement.query(params_from_iter(key))?;
                    while let Some(row) = rows.next()? {
                        found.push((number, values(row, columns)?));
                    }
                }
            }
            transaction.commit()?;
            Ok(found)
        })
        .await
    }

    pub(super) async fn create_marks(&mut self) -> Result<()> {
        self.call(format!("table '{}' cannot be made", mark::TABLE), |connection| {
            connection.execute_batch(mark::CREATE)
        })
        .await
    }

    pub(super) async fn write(
        &mut self,
        target: &WriteTarget,
        changes: &[Change],
        mark: Option<&Mark>,
    ) -> Result<()> {
        self.check(&target.table).await?;
        let insert = format!(
            "INSERT INTO {} ({}) VALUES ({}){}",
            target.table.quoted_table(),
            target.table.quoted_columns(),
            parameters(target.table.columns.len()),
            target.on_conflict()
        );
        let key: Vec<_> =
            target.key_names().iter().map(|key| format!("{} = ?", quote_identifier(key))).collect();
        let delete = format!("DELETE FROM {} WHERE {}", target.table.quoted_table(), key.join(" AND "));
        let (changes, mark) = (changes.to_vec(), mark.cloned());
        self.call(format!("table '{}' cannot be written", target.table.table), move |connection| {
            // To read first and write then would be refused where others write.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some(mark) = &mark {
                let statement = mark::statement(["?1", "?2", "?3"]);
                let marked = transaction.execute(&statement, (&mark.sink, &mark.writer, mark.number()))?;
                if marked == 0 {
                    return transaction.rollback();
                }
            }
            {
                let (mut inserts, mut deletes): (Option<Statement<'_>>, Option<Statement<'_>>) = (None, None);
                for change in &changes {
                    let (statement, sql, values) = match change {
                        Change::Upsert(row) => (&mut inserts, &insert, row),
                        Change::Delete(key) => (&mut deletes, &delete, key),
                    };
                    let statement = match statement {
                        Some(statement) => statement,
                        None => statement.insert(transaction.prepare(sql)?),
                    };
                    statement.execute(params_from_iter(values))?;
                }
            }
            transaction.commit()
        })
        .await
    }
}

fn values(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    let value = |column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Integer(value),
            ValueRef::Real(value) => Value::Float(value),
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        })
    };
    (0..columns).map(value).collect()
}

/// Says which column a table does not have, or that there is no such table.
pub(super) fn missing_column(table: &str, database: &str, wanted: &[String], known: &[String]) -> Result<()> {
    if known.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidJob,
            format!("there is no table '{table}' in {database}: create it there, or check its name"),
        ));
    }
    match wanted.iter().find(|column| !known.contains(column)) {
        None => Ok(()),
        Some(column) => Err(Error::new(
            ErrorKind::InvalidJob,
            format!("table '{table}' in {database} has no column '{column}'; it has: {}", known.join(", ")),
        )),
    }
}
