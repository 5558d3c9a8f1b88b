//! What test tables hold: rows to read, and what was written.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use millstream_operators::sink::Collected;
use parking_lot::Mutex;

use crate::catalog::ObjectPath;
use crate::chunk::{Chunk, RowKind, RowText, write_value};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// The rows of a table of connector `values`: a line each, as the connector's `data-file` has them.
///
/// A line is a JSON array of the values of the columns, with the kind of the row in front if it is not `+I`; or
/// `{"watermark": "2020-10-10 00:00:05"}`, or `{"advance": "10 s"}`.
///
/// ```
/// use millstream_sql::TableEnvironment;
/// use millstream_sql::connectors::TestRows;
///
/// let mut tables = TableEnvironment::new();
/// tables.execute_sql("CREATE TABLE s (id INT, name STRING) WITH ('connector' = 'values', 'changelog-mode' = 'I,D')")?;
/// let path = tables.table("s").unwrap().path.clone();
/// tables.session.register_rows(path, TestRows::new([r#"[1, "Hi"]"#, r#"["-D", 1, "Hi"]"#]));
/// # Ok::<(), millstream_sql::SqlError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestRows {
    lines: Arc<[String]>,
    open: bool,
    /// The file, if they come from one.
    file: Option<Arc<str>>,
}

impl TestRows {
    /// These lines.
    pub fn new<L: Into<String>>(lines: impl IntoIterator<Item = L>) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), open: false, file: None }
    }

    /// The same lines, behind which more may follow: the source does not end.
    #[must_use]
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The lines of a file.
    pub(super) fn read(file: &Path) -> SqlResult<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            SqlError::validation(format!(
                "the file '{}' of option 'data-file' cannot be read: {error}",
                file.display()
            ))
        })?;
        let file = Some(Arc::from(file.to_string_lossy()));
        Ok(Self { lines: text.lines().map(str::to_owned).collect(), open: false, file })
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Where the lines come from, for errors.
    pub(super) fn origin(&self) -> &str {
        self.file.as_deref().unwrap_or("registered rows")
    }
}

/// What jobs have written into a table of connector `values`.
///
/// Rows appear as [`Collected`] records do: exactly once, when the checkpoint that covers them is complete or the job
/// ends.
#[derive(Clone, Debug)]
pub struct TableContents {
    /// One for each sink that was built for the table.
    written: Vec<Collected<Chunk>>,
    schema: Schema,
    primary_key: Vec<usize>,
}

impl TableContents {
    /// The columns that were written.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// All chunks, in the order in which they appeared.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.written.iter().flat_map(Collected::by_commit).collect()
    }

    /// All changes, as rows are printed: `+I[1, Hi]`. Those of one subtask are in their order.
    pub fn changelog(&self) -> Vec<String> {
        let text = RowText::new(&self.schema);
        self.rows(|chunk, row| {
            let mut line = String::new();
            text.write(chunk, row, &mut line);
            line
        })
    }

    /// What the table holds behind all changes: by its primary key, or all rows there are; sorted by their text.
    ///
    /// # Errors
    /// If a row is taken back that is not there.
    pub fn table(&self) -> Result<Vec<String>, String> {
        let text = RowText::new(&self.schema);
        let changes = self.rows(|chunk, row| {
            let (mut key, mut line) = (String::new(), String::new());
            for column in &self.primary_key {
                if let Ok(values) = chunk.column(*column) {
                    write_value(values, row, &self.schema.field(*column).data_type, &mut key);
                    key.push('\0');
                }
            }
            text.write(chunk, row, &mut line);
            // Behind its kind, a row is as if it were inserted.
            let line = format!("{}{}", RowKind::Insert, line.get(2..).unwrap_or_default());
            (chunk.kinds().get(row), key, line)
        });
        if self.primary_key.is_empty() { bag(changes) } else { Ok(by_key(changes)) }
    }

    fn rows<T>(&self, make: impl Fn(&Chunk, usize) -> T) -> Vec<T> {
        let chunks = self.chunks();
        chunks.iter().flat_map(|chunk| (0..chunk.rows()).map(|row| make(chunk, row))).collect()
    }
}

fn by_key(changes: Vec<(RowKind, String, String)>) -> Vec<String> {
    let mut rows = BTreeMap::new();
    for (kind, key, line) in changes {
        match kind {
            RowKind::Insert | RowKind::UpdateAfter => drop(rows.insert(key, line)),
            // The row after an update follows; it may have another key.
            RowKind::UpdateBefore | RowKind::Delete => drop(rows.remove(&key)),
        }
    }
    let mut lines: Vec<_> = rows.into_values().collect();
    lines.sort_unstable();
    lines
}

fn bag(changes: Vec<(RowKind, String, String)>) -> Result<Vec<String>, String> {
    let mut counts = BTreeMap::<String, i64>::new();
    for (kind, _, line) in changes {
        *counts.entry(line).or_default() += if kind.is_accumulation() { 1 } else { -1 };
    }
    // Only at the end: subtasks' changes have no order among each other.
    if let Some((line, _)) = counts.iter().find(|(_, count)| **count < 0) {
        return Err(format!("a row was taken back more often than it was inserted: {line}"));
    }
    let lines = counts
        .into_iter()
        .flat_map(|(line, count)| std::iter::repeat_n(line, usize::try_from(count).unwrap_or_default()));
    Ok(lines.collect())
}

/// The test tables of a session. Copies share what is written, not what is to be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestTables {
    rows: BTreeMap<ObjectPath, TestRows>,
    written: Arc<Mutex<BTreeMap<ObjectPath, TableContents>>>,
    rebuilt: Arc<Mutex<Option<Rebuilt>>>,
}

/// Sinks of a job that is built several times, for processes that follow each other: each has its rows once.
#[derive(Debug, Default)]
struct Rebuilt {
    /// How many sinks of other jobs a table had before.
    others: BTreeMap<ObjectPath, usize>,
    /// How many sinks of a table have been built since the job was begun.
    built: BTreeMap<ObjectPath, usize>,
}

impl TestTables {
    pub(crate) fn register(&mut self, path: ObjectPath, rows: TestRows) {
        self.rows.insert(path, rows);
    }

    pub(crate) fn contents(&self, path: &ObjectPath) -> Option<TableContents> {
        self.written.lock().get(path).cloned()
    }

    /// The job that is built next is the one that was built since this was called last, again: its sinks are known.
    #[cfg(feature = "testing")]
    pub(crate) fn rebuild(&self) {
        let mut rebuilt = self.rebuilt.lock();
        match &mut *rebuilt {
            Some(rebuilt) => rebuilt.built.clear(),
            None => {
                let others = self.written.lock();
                let others =
                    others.iter().map(|(path, contents)| (path.clone(), contents.written.len())).collect();
                *rebuilt = Some(Rebuilt { others, built: BTreeMap::new() });
            }
        }
    }

    /// Jobs that are built from now on are others.
    #[cfg(feature = "testing")]
    pub(crate) fn end_rebuilding(&self) {
        *self.rebuilt.lock() = None;
    }

    pub(super) fn rows(&self, path: &ObjectPath) -> Option<&TestRows> {
        self.rows.get(path)
    }

    /// Where another sink of a table writes to, and what is in the table with it.
    pub(super) fn collect(
        &self,
        path: &ObjectPath,
        schema: &Schema,
        primary_key: &[usize],
    ) -> (TableContents, Collected<Chunk>) {
        let collected = Collected::default();
        let mut written = self.written.lock();
        let contents = written.entry(path.clone()).or_insert_with(|| TableContents {
            written: Vec::new(),
            schema: schema.clone(),
            primary_key: primary_key.to_vec(),
        });
        if contents.schema != *schema {
            // The table was dropped and created anew.
            contents.written.clear();
            contents.schema = schema.clone();
            contents.primary_key = primary_key.to_vec();
        }
        if let Some(rebuilt) = &mut *self.rebuilt.lock() {
            let built = rebuilt.built.entry(path.clone()).or_default();
            let place = rebuilt.others.get(path).copied().unwrap_or_default() + *built;
            *built += 1;
            if let Some(known) = contents.written.get(place) {
                return (contents.clone(), known.clone());
            }
        }
        contents.written.push(collected.clone());
        (contents.clone(), collected)
    }
}
