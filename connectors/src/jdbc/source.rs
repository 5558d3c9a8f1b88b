//! Reads tables to their end: as Flink's `JdbcSource`.

mod reader;

use std::marker::PhantomData;
use std::sync::Arc;

use millstream_operators::source::{Boundedness, Source};
use millstream_runtime::batch::Batch;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use serde::{Deserialize, Serialize};

use super::connection::JdbcConnection;
use super::pool::Pool;
use super::session::Check;
use super::statement::{ScanQuery, TableColumns};
use super::value::Row;
pub use reader::JdbcReader;

/// Makes records of rows.
pub trait FromRows: Clone + Send + Sync + 'static {
    /// What it makes.
    type Record: Record;

    /// Makes records of rows that follow each other.
    ///
    /// # Errors
    /// What is wrong with a row, and which.
    fn records(&self, rows: Vec<Row>) -> Result<Batch<Self::Record>, String>;
}

/// A function of a row, as [`FromRows`].
pub struct RowFunction<T, F> {
    function: F,
    record: PhantomData<fn() -> T>,
}

impl<T, F: Clone> Clone for RowFunction<T, F> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), record: PhantomData }
    }
}

impl<T: Record, F: Fn(Row) -> Result<T, String> + Clone + Send + Sync + 'static> FromRows
    for RowFunction<T, F>
{
    type Record = T;

    fn records(&self, rows: Vec<Row>) -> Result<Batch<T>, String> {
        rows.into_iter().map(&self.function).collect::<Result<Vec<_>, _>>().map(Batch::from)
    }
}

/// Reads a table to its end, once. With a column of whole numbers to [cut it by](Self::partitioned), subtasks share it.
///
/// A part is read in the order of the key, or of all columns, so that after a restore it goes on where it was: rows that come
/// or go meanwhile may be read or not, as in any reading of a table that is written.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::connectors::jdbc::{JdbcConnection, JdbcSource, Row};
///
/// let folder = tempfile::tempdir().unwrap();
/// let file = folder.path().join("shop.db");
/// let database = rusqlite::Connection::open(&file).unwrap();
/// database.execute_batch("CREATE TABLE users (id, name); INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob')").unwrap();
///
/// let shop = JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()));
/// let name = |row: Row| row[0].as_text().map(str::to_owned).ok_or_else(|| "no name".to_owned());
/// let env = Environment::new().parallelism(1);
/// let users = env.from_source(JdbcSource::new(shop, "users", ["name"], name)).collect();
/// env.execute("users")?;
/// assert_eq!(users.sorted(), ["Ann", "Bob"]);
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct JdbcSource<D> {
    connection: JdbcConnection,
    table: TableColumns,
    key: Vec<String>,
    partition: Option<Partitioning>,
    fetch_size: u64,
    rows: D,
}

/// How a table is cut.
#[derive(Clone, Debug)]
struct Partitioning {
    column: String,
    count: u32,
    lower: i64,
    upper: i64,
}

/// A part of a table, and how much of it has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JdbcSplit {
    least: Option<i64>,
    greatest: Option<i64>,
    /// How many rows have been read.
    read: u64,
}

/// How many rows are fetched at a time.
const FETCH_SIZE: u64 = 4096;

impl JdbcSource<()> {
    /// Reads columns of a table, and makes a record of each row.
    pub fn new<
        T: Record,
        C: Into<String>,
        F: Fn(Row) -> Result<T, String> + Clone + Send + Sync + 'static,
    >(
        connection: JdbcConnection,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        function: F,
    ) -> JdbcSource<RowFunction<T, F>> {
        JdbcSource::with_rows(connection, table, columns, RowFunction { function, record: PhantomData })
    }
}

impl<D: FromRows> JdbcSource<D> {
    /// Reads columns of a table, and makes records of its rows.
    pub fn with_rows<C: Into<String>>(
        connection: JdbcConnection,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        rows: D,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        let table = TableColumns { table: table.into(), columns };
        Self { connection, table, key: Vec::new(), partition: None, fetch_size: FETCH_SIZE, rows }
    }

    /// The columns of the table's key: reading in their order is what a database does best.
    #[must_use]
    pub fn key<K: Into<String>>(mut self, key: impl IntoIterator<Item = K>) -> Self {
        self.key = key.into_iter().map(Into::into).collect();
        self
    }

    /// Cuts the table into `count` parts by the values of a column of whole numbers, which are thought to be between `lower`
    /// and `upper`. All rows are read, also those outside; those where the column is NULL are not.
    #[must_use]
    pub fn partitioned(mut self, column: impl Into<String>, count: u32, lower: i64, upper: i64) -> Self {
        self.partition = Some(Partitioning { column: column.into(), count, lower, upper });
        self
    }

    /// How many rows are fetched at a time, 4096 unless set.
    #[must_use]
    pub const fn fetch_size(mut self, rows: u64) -> Self {
        self.fetch_size = if rows == 0 { FETCH_SIZE } else { rows };
        self
    }

    /// What is asked for a part.
    fn query(&self, split: &JdbcSplit) -> ScanQuery {
        let mut order = self.key.clone();
        if order.is_empty() {
            order.clone_from(&self.table.columns);
        }
        if let Some(partition) = &self.partition {
            order.insert(0, partition.column.clone());
        }
        let range = self.partition.as_ref();
        let range = range.map(|partition| (partition.column.clone(), split.least, split.greatest));
        ScanQuery { table: self.table.clone(), order, range, offset: split.read, limit: self.fetch_size }
    }
}

impl Partitioning {
    /// The parts: of equal size, but the first and the last have no end.
    fn splits(&self) -> Vec<JdbcSplit> {
        let span = (i128::from(self.upper) - i128::from(self.lower) + 1).max(1);
        // No part without a number.
        let count = i128::from(self.count.max(1)).min(span);
        let start = |part: i128| i64::try_from(i128::from(self.lower) + span * part / count).ok();
        let parts = (0..count).map(|part| JdbcSplit {
            least: if part == 0 { None } else { start(part) },
            greatest: if part + 1 == count { None } else { start(part + 1).map(|next| next - 1) },
            read: 0,
        });
        parts.collect()
    }
}

impl<D: FromRows> Source for JdbcSource<D> {
    type Record = D::Record;
    type Split = JdbcSplit;
    type Reader = JdbcReader<D>;

    fn kind(&self) -> &'static str {
        "a table of a database"
    }

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    async fn discover(&self) -> Result<Vec<JdbcSplit>> {
        let mut read = self.table.clone();
        read.columns.extend(self.key.iter().cloned());
        read.columns.extend(self.partition.iter().map(|partition| partition.column.clone()));
        if read.columns.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidJob,
                format!("no column of table '{}' is to be read", self.table.table),
            ));
        }
        Pool::new(self.connection.clone()).ask(&Check(&read)).await?;
        Ok(match &self.partition {
            Some(partition) => partition.splits(),
            None => vec![JdbcSplit { least: None, greatest: None, read: 0 }],
        })
    }

    fn reader(&self) -> JdbcReader<D> {
        JdbcReader::new(Arc::new(self.clone()), Pool::new(self.connection.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(count: u32, lower: i64, upper: i64) -> Vec<(Option<i64>, Option<i64>)> {
        let partitioning = Partitioning { column: "id".to_owned(), count, lower, upper };
        partitioning.splits().into_iter().map(|split| (split.least, split.greatest)).collect()
    }

    #[test]
    fn parts_have_each_number_once() {
        assert_eq!(parts(1, 0, 9), [(None, None)]);
        assert_eq!(parts(2, 0, 9), [(None, Some(4)), (Some(5), None)]);
        assert_eq!(parts(3, 1, 10), [(None, Some(3)), (Some(4), Some(6)), (Some(7), None)]);
        // No more parts than numbers.
        assert_eq!(parts(5, 7, 8), [(None, Some(7)), (Some(8), None)]);
        assert_eq!(parts(2, i64::MIN, i64::MAX), [(None, Some(-1)), (Some(0), None)]);
    }
}
