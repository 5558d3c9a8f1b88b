//! The rows that are there.

use std::sync::{Arc, Mutex};
use std::vec::IntoIter;

use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use tokio::sync::mpsc;

use super::RecordOf;
use crate::cdc::chunks::{ChunkRows, unread_chunks};
use crate::cdc::database::{Database, SplitOf};
use crate::cdc::deserialize::{ChangeDeserializer, emit, emit_gathered};

/// Reads what is left of tables, over several sessions.
pub(super) struct SnapshotReading<D: Database> {
    /// Kept until all are read.
    _export: D::Export,
    sessions: Vec<IoHandle<()>>,
    rows: mpsc::Receiver<ChunkRows<D::ColumnType, D::Position>>,
    current: Option<Current<D>>,
}

/// Rows that are being emitted.
struct Current<D: Database> {
    table: usize,
    part: usize,
    read_at: D::Position,
    rows: IntoIter<RecordOf<D>>,
    is_last: bool,
}

impl<D: Database> SnapshotReading<D> {
    pub(super) fn begin(
        settings: &D::Settings,
        split: &SplitOf<D>,
        tables: &D::Tables,
        export: D::Export,
        cx: &TaskContext,
    ) -> Self {
        let chunks = unread_chunks(&split.tables, |index, table, from, to| {
            D::chunk_sql(tables, index, table, from, to)
        });
        let count = D::connections(settings).min(chunks.len());
        let chunks = Arc::new(Mutex::new(chunks));
        let (sender, rows) = mpsc::channel(2 * count.max(1));
        let session = |_| {
            let (settings, waker) = (settings.clone(), cx.waker().clone());
            cx.spawn_io(D::read_chunks(settings, tables, &export, chunks.clone(), sender.clone(), waker))
        };
        let sessions = (0..count).map(session).collect();
        Self { _export: export, sessions, rows, current: None }
    }

    /// Emits rows; ended when there are no more.
    pub(super) fn next<T: Record>(
        &mut self,
        split: &mut SplitOf<D>,
        deserializer: &mut dyn ChangeDeserializer<RecordOf<D>, T>,
        output: &mut Output<'_, T>,
    ) -> Result<SourceStatus> {
        let Some(current) = &mut self.current else {
            // In this order: sessions that are done have sent everything.
            let (mut running, mut failed) = (Vec::new(), None);
            for session in self.sessions.drain(..) {
                match session.take() {
                    None => running.push(session),
                    Some(result) => failed = failed.or(result.err()),
                }
            }
            self.sessions = running;
            if let Some(error) = failed {
                return Err(error);
            }
            let Ok(ChunkRows { table, part, read_at, rows, bytes, is_last }) = self.rows.try_recv() else {
                let is_done = self.sessions.is_empty();
                return Ok(if is_done { SourceStatus::Ended } else { SourceStatus::Waiting });
            };
            output.counters().bytes.add(bytes);
            self.current = Some(Current { table, part, read_at, rows: rows.into_iter(), is_last });
            return Ok(SourceStatus::More);
        };
        let Some(progress) = split.tables.get_mut(current.table) else { return Ok(SourceStatus::More) };
        let count = output.batch_records().min(current.rows.len());
        let last = count.checked_sub(1).and_then(|index| current.rows.as_slice().get(index));
        let last = last.map(|record| {
            let key = progress.key_of(&record.table, &record.values);
            key.ok_or_else(|| {
                Error::new(ErrorKind::External, format!("a row of table {} has no key", record.table))
            })
        });
        let is_end = current.is_last && count == current.rows.len();
        progress.advance(current.part, last.transpose()?, &current.read_at, is_end)?;
        current.rows.by_ref().take(count).try_for_each(|record| emit(deserializer, record, output))?;
        emit_gathered(deserializer, output)?;
        if current.rows.len() == 0 {
            self.current = None;
        }
        Ok(SourceStatus::More)
    }
}
