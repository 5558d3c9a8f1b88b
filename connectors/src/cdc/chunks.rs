//! Ranges of rows, and what is read of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use millstream_runtime::{Error, ErrorKind, Result};
use tokio::sync::mpsc;

use super::key::Key;
use super::progress::{Part, TableProgress};
use super::record::{CapturedTable, ChangeKind, ChangeRecord, ColumnValue};

/// So many rows come at a time.
const BATCH_ROWS: usize = 1_000;

/// A part of a table that is to be read.
pub struct Chunk<T> {
    /// Which table, and which part of it.
    table: usize,
    part: usize,
    pub(crate) captured: Arc<CapturedTable<T>>,
    pub(crate) sql: String,
}

/// Rows of a chunk, in the order of their keys.
pub struct ChunkRows<T, P> {
    pub(super) table: usize,
    pub(super) part: usize,
    /// The rows are as they were at this point.
    pub(super) read_at: P,
    pub(super) rows: Vec<ChangeRecord<T, P>>,
    pub(super) bytes: u64,
    /// There are no more.
    pub(super) is_last: bool,
}

/// Chunks that nobody reads yet.
pub type Chunks<T> = Arc<Mutex<VecDeque<Chunk<T>>>>;

/// The next chunk to read.
pub(crate) fn take_chunk<T>(chunks: &Chunks<T>) -> Option<Chunk<T>> {
    // Nothing panics while it is held.
    chunks.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// What is still to be read of tables, with the query that `sql` makes of the number of a table and the keys of a range.
pub(crate) fn unread_chunks<T: Clone, P>(
    tables: &[TableProgress<T, P>],
    sql: impl Fn(usize, &TableProgress<T, P>, Option<&Key>, Option<&Key>) -> String,
) -> VecDeque<Chunk<T>> {
    let mut chunks = VecDeque::new();
    for (index, table) in tables.iter().enumerate() {
        let captured = Arc::new(table.table.clone());
        let mut from = None;
        for (part, Part { to, read_at, last }) in table.parts.iter().enumerate() {
            if read_at.is_none() {
                let last = last.as_ref().map(|(key, _)| key);
                let sql = sql(index, table, last.or(from), to.as_ref());
                chunks.push_back(Chunk { table: index, part, captured: captured.clone(), sql });
            }
            from = to.as_ref();
        }
    }
    chunks
}

/// Where the rows of a chunk go.
pub(crate) struct ChunkSender<'a, T, P> {
    chunk: &'a Chunk<T>,
    read_at: P,
    rows: &'a mpsc::Sender<ChunkRows<T, P>>,
    waker: &'a Waker,
    pending: Vec<ChangeRecord<T, P>>,
    bytes: u64,
}

impl<'a, T, P: Clone> ChunkSender<'a, T, P> {
    /// For the rows of a chunk as they were at a point.
    pub(crate) fn new(
        chunk: &'a Chunk<T>,
        read_at: P,
        rows: &'a mpsc::Sender<ChunkRows<T, P>>,
        waker: &'a Waker,
    ) -> Self {
        Self { chunk, read_at, rows, waker, pending: Vec::with_capacity(BATCH_ROWS), bytes: 0 }
    }

    /// Takes a row.
    pub(crate) fn push(&mut self, values: Vec<ColumnValue>) {
        let table = self.chunk.captured.clone();
        self.pending.push(ChangeRecord {
            table,
            kind: ChangeKind::Insert,
            values,
            position: self.read_at.clone(),
            commit_time: None,
        });
    }

    /// So many bytes have come.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Passes rows on if there are many.
    pub(crate) async fn pass_on(&mut self) -> Result<()> {
        if self.pending.len() < BATCH_ROWS {
            return Ok(());
        }
        let rows = std::mem::replace(&mut self.pending, Vec::with_capacity(BATCH_ROWS));
        self.send(rows, false).await
    }

    /// Passes on what is left.
    pub(crate) async fn finish(mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.pending);
        self.send(rows, true).await
    }

    async fn send(&mut self, rows: Vec<ChangeRecord<T, P>>, is_last: bool) -> Result<()> {
        let rows = ChunkRows {
            table: self.chunk.table,
            part: self.chunk.part,
            read_at: self.read_at.clone(),
            rows,
            bytes: std::mem::take(&mut self.bytes),
            is_last,
        };
        let sent = self.rows.send(rows).await;
        self.waker.wake_by_ref();
        sent.map_err(|_| Error::new(ErrorKind::Cancelled, "nobody takes the rows"))
    }
}
