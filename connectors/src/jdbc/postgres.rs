//! Postgres. Values travel as text, and the server makes of them what its columns are: so each of its types can be read and
//! written, whatever it is. Many rows are one statement, with an array for each column.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};

use futures::future::{Either, select};
use millstream_runtime::Result;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};

use super::connection::JdbcConnection;
use super::failure::postgres_error;
use super::mark::{self, Mark};
use super::sink::Change;
use super::sqlite::missing_column;
use super::statement::{LookupQuery, ScanQuery, TableColumns, WriteTarget};
use super::url::Url;
use super::value::{Row, Value};
use crate::identifier::quote_identifier;

/// The form of the text of values.
const SESSION_OPTIONS: &str =
    "-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex -c timezone=UTC";
const BYTES: &str = "bytea";
/// How many rows a statement carries at most.
const ROWS: usize = 10_000;

type Connection = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// A session with a server.
pub(super) struct PostgresSession {
    place: String,
    client: Client,
    /// Moves the session's bytes, while something is asked of it.
    connection: Connection,
    /// The types of the columns of tables, as far as they have been asked for.
    types: BTreeMap<String, BTreeMap<String, String>>,
}

impl PostgresSession {
    /// Connects.
    pub(super) async fn connect(url: &Url, connection: &JdbcConnection) -> Result<Self> {
        let Url::Postgres { host, port, database, user, password } = url else {
            return Err(millstream_runtime::Error::new(
                millstream_runtime::ErrorKind::Internal,
                "a session with a server for a file",
            ));
        };
        let mut config = Config::new();
        config
            .host(host)
            .port(*port)
            .dbname(database)
            .options(SESSION_OPTIONS)
            .application_name("millstream");
        config.connect_timeout(connection.connect_timeout);
        if let Some(user) = connection.username.as_ref().or(user.as_ref()) {
            config.user(user);
        }
        if let Some(password) = connection.password.as_ref().or(password.as_ref()) {
            config.password(password);
        }
        let place = url.place();
        let connected = config.connect(NoTls).await;
        let (client, connection) =
            connected.map_err(|error| postgres_error(&format!("{place} cannot be connected to"), &error))?;
        Ok(Self { place, client, connection: Box::pin(connection), types: BTreeMap::new() })
    }

    /// Asks something of the session while its bytes are moved.
    async fn drive<T>(
        connection: &mut Connection,
        what: &str,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        let result = match select(&mut work, connection).await {
            Either::Left((result, _)) => result,
            Either::Right((Err(error), _)) => Err(error),
            // Whatever is asked of it from now on fails.
            Either::Right((Ok(()), _)) => work.await,
        };
        result.map_err(|error| postgres_error(what, &error))
    }

    async fn query(
        &mut self,
        what: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>> {
        Self::drive(&mut self.connection, what, self.client.query(sql, parameters)).await
    }

    /// The types of the columns of a table.
    async fn types(&mut self, table: &TableColumns) -> Result<&BTreeMap<String, String>> {
        if !self.types.contains_key(&table.table) {
            let what = format!("table '{}' in {}", table.table, self.place);
            // With -1 CHAR(n) is `bpchar`, of any length; without, `character`, which is of one.
            let sql = "SELECT attname::text, format_type(atttypid, -1) FROM pg_attribute \
                       WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
            let name = table.quoted_table();
            let rows = self.query(&what, sql, &[&name]).await?;
            let types = rows.iter().map(|row| {
                let failed = |error| postgres_error(&what, &error);
                Ok((row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?))
            });
            let types: BTreeMap<String, String> = types.collect::<Result<_>>()?;
            let known: Vec<String> = types.keys().cloned().collect();
            missing_column(&table.table, &self.place, &table.columns, &known)?;
            self.types.insert(table.table.clone(), types);
        }
        let types = self.types.entry(table.table.clone()).or_default();
        let known: Vec<String> = types.keys().cloned().collect();
        missing_column(&table.table, &self.place, &table.columns, &known)?;
        Ok(types)
    }

    pub(super) async fn check(&mut self, table: &TableColumns) -> Result<()> {
        self.types(table).await.map(drop)
    }

    /// Columns in the form in which they are read, and whether that is bytes.
    async fn selection(&mut self, table: &TableColumns, prefix: &str) -> Result<(String, Vec<bool>)> {
        let types = self.types(table).await?;
        let columns = table.columns.iter().map(|name| {
            let is_bytes = types.get(name).is_some_and(|data_type| data_type == BYTES);
            let cast = if is_bytes { "" } else { "::text" };
            (format!("{prefix}{}{cast}", quote_identifier(name)), is_bytes)
        });
        let (texts, are_bytes): (Vec<_>, Vec<_>) = columns.unzip();
        Ok((texts.join(", "), are_bytes))
    }

    pub(super) async fn scan(&mut self, query: &ScanQuery) -> Result<Vec<Row>> {
        let (columns, are_bytes) = self.selection(&query.table, "").await?;
        let what = format!("table '{}' in {} cannot be read", query.table.table, self.place);
        let sql = format!("SELECT {columns} FROM {}{}", query.table.quoted_table(), query.clauses());
        let rows = self.query(&what, &sql, &[]).await?;
        rows.iter().map(|row| values(row, 0, &are_bytes, &what)).collect()
    }

    pub(super) async fn lookup(&mut self, query: &LookupQuery, keys: &[Row]) -> Result<Vec<(u32, Row)>> {
        let (columns, are_bytes) = self.selection(&query.table, "t.").await?;
        let what = format!("table '{}' in {} cannot be looked up in", query.table.table, self.place);
        let named = TableColumns { columns: query.keys.clone(), ..query.table.clone() };
        let types = self.types(&named).await?;
        let equal = query.keys.iter().zip(1..).map(|(key, number)| {
            let value = parameter(&format!("k.c{number}"), types.get(key));
            format!("t.{} = {value}", quote_identifier(key))
        });
        let equal: Vec<_> = equal.collect();
        let sql = format!(
            "SELECT k.i, {columns} FROM {} WITH ORDINALITY AS k({}, i) JOIN {} AS t ON {} ORDER BY k.i",
            unnest(query.keys.len()),
            names(query.keys.len()),
            query.table.quoted_table(),
            equal.join(" AND ")
        );
        let parameters = columns_of(keys, query.keys.len());
        let parameters: Vec<_> = parameters.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        let rows = self.query(&what, &sql, &parameters).await?;
        let found = rows.iter().map(|row| {
            let number: i64 = row.try_get(0).map_err(|error| postgres_error(&what, &error))?;
            let number = u32::try_from(number.saturating_sub(1)).unwrap_or(u32::MAX);
            Ok((number, values(row, 1, &are_bytes, &what)?))
        });
        found.collect()
    }

    pub(super) async fn create_marks(&mut self) -> Result<()> {
        let what = format!("table '{}' in {} cannot be made", mark::TABLE, self.place);
        // Two that make it at a time would be in each other's way.
        let sql = format!("SELECT pg_advisory_xact_lock(7022417); {}", mark::CREATE);
        Self::drive(&mut self.connection, &what, self.client.batch_execute(&sql)).await
    }

    pub(super) async fn write(
        &mut self,
        target: &WriteTarget,
        changes: &[Change],
        mark: Option<&Mark>,
    ) -> Result<()> {
        let types = self.types(&target.table).await?.clone();
        let what = format!("table '{}' in {} cannot be written", target.table.table, self.place);
        let columns: Vec<_> = target.table.columns.iter().map(|name| types.get(name)).collect();
        let cast = |columns: &[Option<&String>]| -> Vec<String> {
            let numbered = (1..).zip(columns);
            numbered.map(|(number, data_type)| parameter(&format!("k.c{number}"), *data_type)).collect()
        };
        let insert = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} AS k({}){}",
            target.table.quoted_table(),
            target.table.quoted_columns(),
            cast(&columns).join(", "),
            unnest(columns.len()),
            names(columns.len()),
            target.on_conflict()
        );
        let key_names = target.key_names();
        let key_types: Vec<_> = key_names.iter().map(|name| types.get(name)).collect();
        let equal = key_names.iter().zip(cast(&key_types));
        let equal: Vec<_> =
            equal.map(|(name, value)| format!("t.{} = {value}", quote_identifier(name))).collect();
        let delete = format!(
            "DELETE FROM {} AS t USING {} AS k({}) WHERE {}",
            target.table.quoted_table(),
            unnest(key_names.len()),
            names(key_names.len()),
            equal.join(" AND ")
        );
        let Self { client, connection, .. } = self;
        let work = async {
            let transaction = client.transaction().await?;
            if let Some(mark) = mark {
                let statement = mark::statement(["$1", "$2", "$3"]);
                let marked =
                    transaction.execute(&statement, &[&mark.sink, &mark.writer, &mark.number()]).await?;
                if marked == 0 {
                    return transaction.rollback().await;
                }
            }
            // A statement may change a row once: changes of one kind that stand together are one.
            for run in runs(changes) {
                let (sql, width) = match run.first() {
                    Some(Change::Delete(_)) => (&delete, key_names.len()),
                    _ => (&insert, columns.len()),
                };
                let rows: Vec<&Row> = run.iter().map(Change::values).collect();
                let parameters = columns_of(&rows, width);
                let parameters: Vec<_> =
                    parameters.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                transaction.execute(sql.as_str(), &parameters).await?;
            }
            transaction.commit().await
        };
        Self::drive(connection, &what, work).await
    }
}

/// Changes of one kind that stand next to each other.
fn runs(changes: &[Change]) -> impl Iterator<Item = &[Change]> {
    let same = |one: &Change, other: &Change| std::mem::discriminant(one) == std::mem::discriminant(other);
    changes.chunk_by(same).flat_map(|run| run.chunks(ROWS))
}

/// `unnest($1::text[], $2::text[])`
fn unnest(columns: usize) -> String {
    let arrays: Vec<_> = (1..=columns).map(|number| format!("${number}::text[]")).collect();
    format!("unnest({})", arrays.join(", "))
}

/// `c1, c2`
fn names(columns: usize) -> String {
    (1..=columns).map(|number| format!("c{number}")).collect::<Vec<_>>().join(", ")
}

/// A text as a value of a column.
fn parameter(text: &str, data_type: Option<&String>) -> String {
    match data_type.map(String::as_str) {
        Some(BYTES) => format!("decode({text}, 'hex')"),
        Some(data_type) => format!("CAST({text} AS {data_type})"),
        None => text.to_owned(),
    }
}

/// The texts of each column.
fn columns_of<R: std::borrow::Borrow<Row>>(rows: &[R], columns: usize) -> Vec<Vec<Option<String>>> {
    let column = |index: usize| rows.iter().map(|row| row.borrow().get(index).and_then(text)).collect();
    (0..columns).map(column).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(value) => Some(value.to_string()),
        Value::Float(value) => Some(value.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

fn values(row: &tokio_postgres::Row, first: usize, are_bytes: &[bool], what: &str) -> Result<Row> {
    let failed = |error: tokio_postgres::Error| postgres_error(what, &error);
    let value = |(index, is_bytes): (usize, &bool)| {
        Ok(match is_bytes {
            true => row.try_get::<_, Option<Vec<u8>>>(index).map_err(failed)?.into(),
            false => row.try_get::<_, Option<String>>(index).map_err(failed)?.into(),
        })
    };
    (first..).zip(are_bytes).map(value).collect()
}
