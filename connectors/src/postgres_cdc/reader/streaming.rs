//! The changes.

use std::collections::VecDeque;
use std::time::Duration;
use std::vec::IntoIter;

use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use tokio::sync::{mpsc, watch};

use super::metrics::ReaderMetrics;
use crate::postgres_cdc::catalog::TableReading;
use crate::postgres_cdc::changes::{Changes, Item};
use crate::postgres_cdc::deserialize::{ChangeDeserializer, emit, emit_gathered};
use crate::postgres_cdc::heartbeat::Heartbeat;
use crate::postgres_cdc::lsn::Lsn;
use crate::postgres_cdc::progress::{Position, PostgresSplit};
use crate::postgres_cdc::settings::Settings;
use crate::postgres_cdc::stream::{Ended, Items, read_stream};

/// How often it is tried to get a slot that is in use.
const RETRY: Duration = Duration::from_millis(500);
/// How long. A server needs up to `wal_sender_timeout`, by default a minute, to find that a client is gone.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many batches wait at most.
const BATCHES_AHEAD: usize = 4;

/// Reads the stream of changes.
pub(super) struct StreamReading {
    stage: Stage,
    /// The positions of completed checkpoints that are not confirmed yet.
    completed: VecDeque<Position>,
    confirmation_delay: usize,
    confirmed: watch::Sender<Lsn>,
    current: IntoIter<Item>,
    /// Which tables have partitions, in the order of the split.
    partitioned: Vec<bool>,
    heartbeat: Heartbeat,
    /// Until when it is tried to get a slot that is in use, on the monotonic clock.
    give_up: Option<Duration>,
}

enum Stage {
    /// It begins now, or when it is time to.
    Idle(Option<Duration>),
    Reading {
        stream: IoHandle<Ended>,
        items: mpsc::Receiver<Items>,
    },
}

impl StreamReading {
    pub(super) fn new(settings: &Settings, split: &PostgresSplit, readings: &[TableReading]) -> Self {
        // What a split says when it is begun is as good as a completed checkpoint: it was restored from one, or there is none
        // that needs more. Where older ones are kept, too, the server keeps what it has been told before.
        let is_delayed = settings.confirmation_delay > 0;
        let start = split.position.filter(|_| !is_delayed).map_or(Lsn(0), |position| position.lsn);
        Self {
            stage: Stage::Idle(None),
            completed: VecDeque::new(),
            confirmation_delay: settings.confirmation_delay,
            confirmed: watch::Sender::new(start),
            current: Vec::new().into_iter(),
            partitioned: readings.iter().map(|reading| reading.is_partitioned).collect(),
            heartbeat: Heartbeat::default(),
            give_up: None,
        }
    }

    /// A checkpoint holds this position: the server need not keep what is before, now or some checkpoints later.
    pub(super) fn confirm(&mut self, position: Position) {
        self.completed.push_back(position);
        if self.completed.len() <= self.confirmation_delay {
            return;
        }
        let Some(position) = self.completed.pop_front() else { return };
        self.confirmed.send_if_modified(|confirmed| {
            let has_risen = position.lsn > *confirmed;
            *confirmed = position.lsn.max(*confirmed);
            has_risen
        });
    }

    fn start(&self, settings: &Settings, split: &PostgresSplit, cx: &TaskContext) -> Stage {
        let (sender, items) = mpsc::channel(BATCHES_AHEAD);
        let start = split.position.map_or(Lsn(0), |position| position.lsn);
        let stream = read_stream(
            settings.clone(),
            Changes::new(settings, split, &self.partitioned),
            start,
            self.confirmed.subscribe(),
            sender,
            cx.waker().clone(),
        );
        Stage::Reading { stream: cx.spawn_io(stream), items }
    }

    /// Emits changes.
    pub(super) fn next<T: Record>(
        &mut self,
        settings: &Settings,
        split: &mut PostgresSplit,
        deserializer: &mut dyn ChangeDeserializer<T>,
        metrics: &ReaderMetrics,
        output: &mut Output<'_, T>,
    ) -> Result<SourceStatus> {
        if self.current.len() > 0 {
            return self.emit(split, deserializer, metrics, output);
        }
        self.heartbeat.beat(settings, output.context());
        let now = output.context().monotonic();
        match &mut self.stage {
            Stage::Idle(Some(due)) if now < *due => {
                output.context().wake_after(due.saturating_sub(now));
                Ok(SourceStatus::Waiting)
            }
            Stage::Idle(_) => {
                self.stage = self.start(settings, split, output.context());
                Ok(SourceStatus::Waiting)
            }
            Stage::Reading { stream, items } => {
                // In this order: a stream that has ended has sent everything.
                let ended = stream.take();
                if let Ok(Items { items, bytes, sent }) = items.try_recv() {
                    output.counters().bytes.add(bytes);
                    metrics.set_unconfirmed(sent, *self.confirmed.borrow());
                    (self.current, self.give_up) = (items.into_iter(), None);
                    if let Some(ended) = ended {
                        self.end(ended, now)?;
                    }
                    return Ok(SourceStatus::More);
                }
                match ended {
                    Some(ended) => {
                        self.end(ended, now)?;
                        Ok(SourceStatus::More)
                    }
                    None => Ok(SourceStatus::Waiting),
                }
            }
        }
    }

    /// The stream has ended: it fails the job, or is begun again.
    fn end(&mut self, ended: Result<Ended>, now: Duration) -> Result<()> {
        let Ended::SlotInUse(error) = ended?;
        let give_up = *self.give_up.get_or_insert(now.saturating_add(PATIENCE));
        if now >= give_up {
            let remedy = "each job needs a slot of its own";
            return Err(
                error.wrapped(ErrorKind::External, format!("another session holds the slot, and {remedy}"))
            );
        }
        tracing::info!(%error, "the slot is in use; it is tried again");
        self.stage = Stage::Idle(Some(now.saturating_add(RETRY)));
        Ok(())
    }

    fn emit<T: Record>(
        &mut self,
        split: &mut PostgresSplit,
        deserializer: &mut dyn ChangeDeserializer<T>,
        metrics: &ReaderMetrics,
        output: &mut Output<'_, T>,
    ) -> Result<SourceStatus> {
        let mut budget = output.batch_records();
        let mut committed = None;
        while budget > 0
            && let Some(item) = self.current.next()
        {
            match item {
                Item::Change { first, second, position } => {
                    budget = budget.saturating_sub(1 + usize::from(second.is_some()));
                    committed = first.commit_time.or(committed);
                    emit(deserializer, first, output)?;
                    if let Some(second) = second {
                        emit(deserializer, second, output)?;
                    }
                    split.reach(position);
                }
                Item::Position(position) => split.reach(position),
                Item::Table(index, table) => {
                    let lost = || Error::new(ErrorKind::Internal, "a table has changed that is not read");
                    split.tables.get_mut(index).ok_or_else(lost)?.table = table;
                }
            }
        }
        emit_gathered(deserializer, output)?;
        if let Some(committed) = committed {
            metrics.show_lag(committed, output.context().now());
        }
        split.forget_parts();
        Ok(SourceStatus::More)
    }
}

#[cfg(test)]
mod tests;
