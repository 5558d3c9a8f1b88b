//! Rows that are found by keys.

use millstream_runtime::Result;

use super::connection::JdbcConnection;
use super::pool::Pool;
use super::session::Find;
use super::statement::{LookupQuery, ScanQuery, TableColumns};
use super::value::Row;

/// A row, and the number of the key that it was found by.
pub type FoundRow = (u32, Row);

/// Finds rows of a table by keys. Cheap to clone; copies share their sessions.
///
/// ```
/// # fn run() -> millstream::Result<()> {
/// use millstream::connectors::jdbc::{JdbcConnection, JdbcLookup, Value};
///
/// let folder = tempfile::tempdir().unwrap();
/// let file = folder.path().join("shop.db");
/// let database = rusqlite::Connection::open(&file).unwrap();
/// database.execute_batch("CREATE TABLE users (id, name); INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob')").unwrap();
///
/// let shop = JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()));
/// let users = JdbcLookup::new(shop, "users", ["name"], ["id"]);
/// let keys = vec![vec![Value::from(2)], vec![Value::from(3)], vec![Value::from(1)]];
/// let found = futures::executor::block_on(users.lookup(keys))?;
/// assert_eq!(found, [(0, vec![Value::from("Bob")]), (2, vec![Value::from("Ann")])]);
/// # Ok(())
/// # }
/// # run().unwrap();
/// ```
#[derive(Clone)]
pub struct JdbcLookup {
    pool: Pool,
    query: LookupQuery,
}

/// How many rows of a whole table are asked for at a time.
const PAGE: u64 = 50_000;

impl JdbcLookup {
    /// Finds `columns` of the rows whose `keys` are equal to values.
    pub fn new<C: Into<String>, K: Into<String>>(
        connection: JdbcConnection,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        let table = TableColumns { table: table.into(), columns };
        let query = LookupQuery { table, keys: keys.into_iter().map(Into::into).collect() };
        Self { pool: Pool::new(connection), query }
    }

    /// The rows of keys, each with the number of its key among `keys`; those of a key stand together, and numbers never
    /// fall. A key with NULL in it has none.
    ///
    /// # Errors
    /// If the database fails more often than it may.
    pub async fn lookup(&self, keys: Vec<Row>) -> Result<Vec<FoundRow>> {
        self.pool.ask(&Find { query: &self.query, keys: &keys }).await
    }

    /// All rows of the table.
    ///
    /// # Errors
    /// If the database fails more often than it may.
    pub async fn all(&self) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        loop {
            let query = ScanQuery {
                table: self.query.table.clone(),
                order: self.query.keys.iter().chain(&self.query.table.columns).cloned().collect(),
                range: None,
                offset: all.len() as u64,
                limit: PAGE,
            };
            let page = self.pool.ask(&query).await?;
            let is_last = (page.len() as u64) < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}
