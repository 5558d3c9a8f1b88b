//! The rows that are there.

use std::sync::{Arc, Mutex};
use std::vec::IntoIter;

use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_state::Record;
use tokio::sync::mpsc;

use crate::postgres_cdc::catalog::TableReading;
use crate::postgres_cdc::chunks::{ChunkRows, read_chunks, unread_chunks};
use crate::postgres_cdc::deserialize::{ChangeDeserializer, emit, emit_gathered};
use crate::postgres_cdc::key::Key;
use crate::postgres_cdc::lsn::Lsn;
use crate::postgres_cdc::progress::{PostgresSplit, TableProgress};
use crate::postgres_cdc::record::ChangeRecord;
use crate::postgres_cdc::settings::Settings;
use crate::postgres_cdc::slot::Export;

/// Reads what is left of tables, over several sessions.
pub(super) struct SnapshotReading {
    export: Export,
    sessions: Vec<IoHandle<()>>,
    rows: mpsc::Receiver<ChunkRows>,
    current: Option<Current>,
}

/// Rows that are being emitted.
struct Current {
    table: usize,
    part: usize,
    rows: IntoIter<ChangeRecord>,
    is_last: bool,
}

impl SnapshotReading {
    pub(super) fn begin(
        settings: &Settings,
        split: &PostgresSplit,
        readings: &[TableReading],
        export: Export,
        cx: &TaskContext,
    ) -> Self {
        let chunks = unread_chunks(&split.tables, readings, export.lsn);
        let count = settings.connections.min(chunks.len());
        let chunks = Arc::new(Mutex::new(chunks));
        let (sender, rows) = mpsc::channel(2 * count.max(1));
        let session = |_| {
            let (settings, name) = (settings.clone(), export.name.clone());
            cx.spawn_io(read_chunks(settings, name, chunks.clone(), sender.clone(), cx.waker().clone()))
        };
        let sessions = (0..count).map(session).collect();
        Self { export, sessions, rows, current: None }
    }

    /// What was committed before this is in the rows.
    pub(super) const fn lsn(&self) -> Lsn {
        self.export.lsn
    }

    /// Emits rows; ended when there are no more.
    pub(super) fn next<T: Record>(
        &mut self,
        split: &mut PostgresSplit,
        deserializer: &mut dyn ChangeDeserializer<T>,
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
            let Ok(ChunkRows { table, part, rows, bytes, is_last }) = self.rows.try_recv() else {
                let is_done = self.sessions.is_empty();
                return Ok(if is_done { SourceStatus::Ended } else { SourceStatus::Waiting });
            };
            output.counters().bytes.add(bytes);
            self.current = Some(Current { table, part, rows: rows.into_iter(), is_last });
            return Ok(SourceStatus::More);
        };
        let Some(progress) = split.tables.get_mut(current.table) else { return Ok(SourceStatus::More) };
        let count = output.batch_records().min(current.rows.len());
        let last = count.checked_sub(1).and_then(|index| current.rows.as_slice().get(index));
        let last = last.map(|record| key_of(progress, record));
        let is_end = current.is_last && count == current.rows.len();
        progress.advance(current.part, last, is_end.then_some(self.export.lsn))?;
        current.rows.by_ref().take(count).try_for_each(|record| emit(deserializer, record, output))?;
        emit_gathered(deserializer, output)?;
        if current.rows.len() == 0 {
            self.current = None;
        }
        Ok(SourceStatus::More)
    }
}

/// The key of a row.
fn key_of(progress: &TableProgress, record: &ChangeRecord) -> Key {
    let value = |name: &String| record.text(name).unwrap_or_default().to_owned();
    Key(progress.key.iter().map(|column| value(&column.name)).collect())
}
