//! Writes tables: as Flink's `JdbcSink`, and exactly once if that is wanted.

mod commit;
mod options;
mod writer;

use std::marker::PhantomData;
use std::sync::Arc;

use millstream_operators::sink::Sink;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use serde::{Deserialize, Serialize};

use super::connection::JdbcConnection;
use super::pool::Pool;
use super::session::{Check, CreateMarks};
use super::statement::{TableColumns, WriteTarget};
use super::value::Row;
pub use commit::JdbcCommittable;
pub use options::DeliveryGuarantee;
use options::Flushing;
pub use writer::JdbcWriter;

/// What becomes of a row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// It is there, with the values of all columns that are written; where the sink has a key, it takes the place of the one
    /// that has the same.
    Upsert(Row),
    /// The row with these values of the columns of the key is gone.
    Delete(Row),
}

impl Change {
    /// The values of all columns, or of those of the key.
    pub(super) const fn values(&self) -> &Row {
        match self {
            Self::Upsert(row) | Self::Delete(row) => row,
        }
    }
}

/// Makes changes of records.
pub trait ToChanges: Clone + Send + Sync + 'static {
    /// What is written.
    type Record: Record;

    /// Adds the changes of a record, in order.
    ///
    /// # Errors
    /// Why there are none.
    fn changes(&self, record: Self::Record, into: &mut Vec<Change>) -> Result<(), String>;
}

/// A function of a record, as [`ToChanges`].
pub struct ChangeFunction<T, F> {
    function: F,
    record: PhantomData<fn(T)>,
}

impl<T, F: Clone> Clone for ChangeFunction<T, F> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), record: PhantomData }
    }
}

impl<T: Record, F: Fn(T) -> Change + Clone + Send + Sync + 'static> ToChanges for ChangeFunction<T, F> {
    type Record = T;

    fn changes(&self, record: T, into: &mut Vec<Change>) -> Result<(), String> {
        into.push((self.function)(record));
        Ok(())
    }
}

/// Writes rows to a table, which must be there.
///
/// Without a [key](Self::key) rows are inserted. With one, a row takes the place of the one that has its key, and rows can be
/// deleted; the table needs a PRIMARY KEY or a UNIQUE constraint of these columns.
///
/// At least once, unless [it is said otherwise](Self::delivery_guarantee): rows are written when there are enough of them or
/// when the oldest has waited for long enough, and in any case before a checkpoint is complete. After a failure, rows that
/// came after it are written again. With a key that makes no difference in the end; without one, they are there twice.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::connectors::jdbc::{Change, JdbcConnection, JdbcSink, Value};
///
/// let folder = tempfile::tempdir().unwrap();
/// let file = folder.path().join("counts.db");
/// let database = rusqlite::Connection::open(&file).unwrap();
/// database.execute_batch("CREATE TABLE counts (word TEXT PRIMARY KEY, n INTEGER)").unwrap();
///
/// let connection = JdbcConnection::new(format!("jdbc:sqlite:{}", file.display()));
/// let sink = JdbcSink::new(connection, "counts", ["word", "n"], |(word, n): (String, i64)| {
///     Change::Upsert(vec![Value::from(word), Value::from(n)])
/// });
/// let env = Environment::new().parallelism(1);
/// let counts = [("a", 1), ("b", 1), ("a", 2)].map(|(word, n)| (word.to_owned(), n));
/// env.from_collection(counts).sink_to(sink.key(["word"]));
/// env.execute("counts")?;
///
/// let written = database.query_row("SELECT group_concat(word || n) FROM counts", [], |row| row.get::<_, String>(0));
/// assert_eq!(written.unwrap(), "a2,b1");
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct JdbcSink<S> {
    writing: Arc<Writing<S>>,
}

/// What writers must know.
#[derive(Clone)]
struct Writing<S> {
    connection: JdbcConnection,
    target: WriteTarget,
    key: Vec<String>,
    flushing: Flushing,
    guarantee: DeliveryGuarantee,
    name: Option<String>,
    records: S,
}

impl JdbcSink<()> {
    /// Writes what a function makes of each record.
    pub fn new<T: Record, C: Into<String>, F: Fn(T) -> Change + Clone + Send + Sync + 'static>(
        connection: JdbcConnection,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        function: F,
    ) -> JdbcSink<ChangeFunction<T, F>> {
        JdbcSink::with_changes(connection, table, columns, ChangeFunction { function, record: PhantomData })
    }
}

impl<S: ToChanges> JdbcSink<S> {
    /// Writes the changes of records, to these columns of a table.
    pub fn with_changes<C: Into<String>>(
        connection: JdbcConnection,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        records: S,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        let target = WriteTarget { table: TableColumns { table: table.into(), columns }, key: Vec::new() };
        let (flushing, guarantee) = (Flushing::default(), DeliveryGuarantee::AtLeastOnce);
        let writing =
            Writing { connection, target, key: Vec::new(), flushing, guarantee, name: None, records };
        Self { writing: Arc::new(writing) }
    }

    fn set(mut self, set: impl FnOnce(&mut Writing<S>)) -> Self {
        set(Arc::make_mut(&mut self.writing));
        self
    }

    /// The columns by which rows take each other's place.
    #[must_use]
    pub fn key<K: Into<String>>(self, key: impl IntoIterator<Item = K>) -> Self {
        self.set(|writing| {
            writing.key = key.into_iter().map(Into::into).collect();
            let place = |name: &String| writing.target.table.columns.iter().position(|column| column == name);
            writing.target.key = writing.key.iter().filter_map(place).collect();
        })
    }

    /// How many changes are written at a time at most, 100 unless set; 0 for no limit. Only with
    /// [`DeliveryGuarantee::AtLeastOnce`].
    #[must_use]
    pub fn flush_max_rows(self, rows: usize) -> Self {
        self.set(|writing| writing.flushing.max_rows = rows)
    }

    /// How long a change may wait for others, a second unless set; zero for as long as there is no checkpoint. Only with
    /// [`DeliveryGuarantee::AtLeastOnce`].
    #[must_use]
    pub fn flush_interval(self, interval: std::time::Duration) -> Self {
        self.set(|writing| writing.flushing.interval = interval)
    }

    /// How often a row may be there after failures; at least once unless set.
    #[must_use]
    pub fn delivery_guarantee(self, guarantee: DeliveryGuarantee) -> Self {
        self.set(|writing| writing.guarantee = guarantee)
    }

    /// What the sink is called in the table `millstream_checkpoints` of the database, in which it notes what it has written
    /// exactly once; the name of its table unless set.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.set(|writing| writing.name = Some(name.into()))
    }
}

impl<S> Writing<S> {
    /// What the sink is called in the table of marks.
    fn sink(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.target.table.table)
    }
}

impl<S: ToChanges> Sink for JdbcSink<S> {
    type Record = S::Record;
    type Writer = JdbcWriter<S>;

    fn kind(&self) -> &'static str {
        "a table of a database"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        let writing = &self.writing;
        let columns = &writing.target.table.columns;
        if let Some(unknown) = writing.key.iter().find(|key| !columns.contains(key)) {
            return Err(Error::new(
                ErrorKind::InvalidJob,
                format!(
                    "the key column '{unknown}' of table '{}' is not written",
                    writing.target.table.table
                ),
            ));
        }
        let pool = Pool::new(writing.connection.clone());
        pool.ask(&Check(&writing.target.table)).await?;
        if writing.guarantee == DeliveryGuarantee::ExactlyOnce {
            pool.ask(&CreateMarks).await?;
        }
        Ok(Vec::new())
    }

    fn writer(&self, _subtask: u32) -> JdbcWriter<S> {
        JdbcWriter::new(self.writing.clone())
    }
}
