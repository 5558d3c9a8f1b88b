//! What a statement gives.

use super::{InsertJob, QueryJob};

/// What a statement gives.
#[derive(Debug)]
pub enum TableResult {
    /// Nothing but that it is done.
    Ok,
    /// It is done, and there is something to say about it.
    Warning(String),
    /// A text of several lines: EXPLAIN.
    Text(String),
    /// Rows that are known at once: SHOW, DESCRIBE.
    Rows {
        /// The names of the columns.
        columns: Vec<String>,
        /// The rows, as text; `None` for NULL.
        rows: Vec<Vec<Option<String>>>,
    },
    /// A job whose rows are the result.
    Query(Box<QueryJob>),
    /// A job that writes tables.
    Insert(InsertJob),
}

impl TableResult {
    /// Rows without NULLs.
    pub(super) fn rows<const N: usize>(
        columns: [&str; N],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        let rows = rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect();
        Self::Rows { columns: columns.map(str::to_owned).to_vec(), rows }
    }
}
