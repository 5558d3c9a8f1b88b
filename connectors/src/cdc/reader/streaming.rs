//! The changes.

use std::collections::VecDeque;
use std::time::Duration;
use std::vec::IntoIter;

use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use tokio::sync::{mpsc, watch};

use super::RecordOf;
use super::metrics::ReaderMetrics;
use crate::cdc::changes::Item;
use crate::cdc::database::{Database, SplitOf};
use crate::cdc::deserialize::{ChangeDeserializer, emit, emit_gathered};
use crate::cdc::heartbeat::Heartbeat;
use crate::cdc::progress::Position;

/// How often it is tried to get a stream that another session holds.
const RETRY: Duration = Duration::from_millis(500);
/// How long. A server of Postgres needs up to `wal_sender_timeout`, by default a minute, to find that a client is gone.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many batches wait at most.
const BATCHES_AHEAD: usize = 4;

/// What has come of the stream, in order.
pub struct Items<T, P> {
    pub(crate) items: Vec<Item<T, P>>,
    pub(crate) bytes: u64,
    /// How far the server has sent its log.
    pub(crate) sent: P,
}

/// How a stream has ended.
pub enum Ended {
    /// Another session holds it. That may be the one of an attempt that has just ended.
    Held {
        /// What the server says.
        error: Error,
        /// What holds it, and what to do if that lasts.
        problem: String,
    },
}

/// Reads the stream of changes.
pub(super) struct StreamReading<D: Database> {
    stage: Stage<D>,
    /// The positions of completed checkpoints that are not confirmed yet.
    completed: VecDeque<Position<D::Position>>,
    confirmation_delay: usize,
    confirmed: watch::Sender<D::Position>,
    current: IntoIter<Item<D::ColumnType, D::Position>>,
    heartbeat: Heartbeat,
    /// Until when it is tried to get a stream that another session holds, on the monotonic clock.
    give_up: Option<Duration>,
}

enum Stage<D: Database> {
    /// It begins now, or when it is time to.
    Idle(Option<Duration>),
    Reading {
        stream: IoHandle<Ended>,
        items: mpsc::Receiver<Items<D::ColumnType, D::Position>>,
    },
}

impl<D: Database> StreamReading<D> {
    pub(super) fn new(settings: &D::Settings, split: &SplitOf<D>) -> Self {
        // What a split says when it is begun is as good as a completed checkpoint: it was restored from one, or there is none
        // that needs more. Where older ones are kept, too, the server keeps what it has been told before.
        let confirmation_delay = D::confirmation_delay(settings);
        let start = split.position.as_ref().filter(|_| confirmation_delay == 0);
        Self {
            stage: Stage::Idle(None),
            completed: VecDeque::new(),
            confirmation_delay,
            confirmed: watch::Sender::new(start.map(|position| position.log.clone()).unwrap_or_default()),
            current: Vec::new().into_iter(),
            heartbeat: Heartbeat::default(),
            give_up: None,
        }
    }

    /// A checkpoint holds this position: the server need not keep what is before, now or some checkpoints later.
    pub(super) fn confirm(&mut self, position: Position<D::Position>) {
        self.completed.push_back(position);
        if self.completed.len() <= self.confirmation_delay {
            return;
        }
        let Some(position) = self.completed.pop_front() else { return };
        self.confirmed.send_if_modified(|confirmed| {
            let has_risen = position.log > *confirmed;
            if has_risen {
                *confirmed = position.log;
            }
            has_risen
        });
    }

    fn start(
        &self,
        settings: &D::Settings,
        split: &SplitOf<D>,
        tables: &D::Tables,
        cx: &TaskContext,
    ) -> Stage<D> {
        let (sender, items) = mpsc::channel(BATCHES_AHEAD);
        let (confirmed, waker) = (self.confirmed.subscribe(), cx.waker().clone());
        let stream = D::read_stream(settings.clone(), split, tables, confirmed, sender, waker);
        Stage::Reading { stream: cx.spawn_io(stream), items }
    }

    /// Emits changes.
    pub(super) fn next<T: Record>(
        &mut self,
        settings: &D::Settings,
        split: &mut SplitOf<D>,
        tables: &D::Tables,
        deserializer: &mut dyn ChangeDeserializer<RecordOf<D>, T>,
        metrics: &ReaderMetrics,
        output: &mut Output<'_, T>,
    ) -> Result<SourceStatus> {
        if self.current.len() > 0 {
            return self.emit(split, deserializer, metrics, output);
        }
        self.heartbeat.beat::<D>(settings, output.context());
        let now = output.context().monotonic();
        match &mut self.stage {
            Stage::Idle(Some(due)) if now < *due => {
                output.context().wake_after(due.saturating_sub(now));
                Ok(SourceStatus::Waiting)
            }
            Stage::Idle(_) => {
                self.stage = self.start(settings, split, tables, output.context());
                Ok(SourceStatus::Waiting)
            }
            Stage::Reading { stream, items } => {
                // In this order: a stream that has ended has sent everything.
                let ended = stream.take();
                if let Ok(Items { items, bytes, sent }) = items.try_recv() {
                    output.counters().bytes.add(bytes);
                    metrics.set_unconfirmed(D::bytes_between(&self.confirmed.borrow(), &sent));
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
        let Ended::Held { error, problem } = ended?;
        let give_up = *self.give_up.get_or_insert(now.saturating_add(PATIENCE));
        if now >= give_up {
            return Err(error.wrapped(ErrorKind::External, problem));
        }
        tracing::info!(%error, "the stream is held by another session; it is tried again");
        self.stage = Stage::Idle(Some(now.saturating_add(RETRY)));
        Ok(())
    }

    fn emit<T: Record>(
        &mut self,
        split: &mut SplitOf<D>,
        deserializer: &mut dyn ChangeDeserializer<RecordOf<D>, T>,
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

#[cfg(all(test, feature = "postgres-cdc"))]
mod tests;
