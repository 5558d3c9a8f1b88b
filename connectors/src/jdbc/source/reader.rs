//! Reads parts of a table, a page at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use millstream_operators::source::SourceReader;
use millstream_runtime::chain::{Output, SourceStatus};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};

use super::{FromRows, JdbcSource, JdbcSplit};
use crate::jdbc::pool::Pool;
use crate::jdbc::value::Row;

/// Reads parts of a table.
pub struct JdbcReader<D: FromRows> {
    source: Arc<JdbcSource<D>>,
    pool: Pool,
    /// What is left to read after everything that was emitted; the first is being read.
    splits: VecDeque<JdbcSplit>,
    page: Option<IoHandle<Vec<Row>>>,
}

impl<D: FromRows> JdbcReader<D> {
    pub(super) const fn new(source: Arc<JdbcSource<D>>, pool: Pool) -> Self {
        Self { source, pool, splits: VecDeque::new(), page: None }
    }
}

impl<D: FromRows> SourceReader for JdbcReader<D> {
    type Record = D::Record;
    type Split = JdbcSplit;

    fn add_splits(&mut self, splits: Vec<JdbcSplit>) {
        self.splits.extend(splits);
    }

    fn next(&mut self, output: &mut Output<'_, D::Record>) -> Result<SourceStatus> {
        let Some(split) = self.splits.front_mut() else { return Ok(SourceStatus::Ended) };
        let Some(page) = &self.page else {
            let (pool, query) = (self.pool.clone(), self.source.query(split));
            let read = async move { pool.ask(&query).await };
            self.page = Some(output.context().spawn_io(read));
            return Ok(SourceStatus::Waiting);
        };
        let Some(rows) = page.take() else { return Ok(SourceStatus::Waiting) };
        self.page = None;
        let rows = rows?;
        let (count, table) = (rows.len() as u64, &self.source.table.table);
        let mut records = self.source.rows.records(rows).map_err(|problem| {
            Error::new(ErrorKind::InvalidInput, format!("table '{table}' cannot be read: {problem}"))
        })?;
        split.read += count;
        if count < self.source.fetch_size {
            self.splits.pop_front();
        }
        output.forward(&mut records)?;
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<JdbcSplit> {
        self.splits.iter().cloned().collect()
    }
}
