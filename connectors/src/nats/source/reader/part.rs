//! A stream or filter that is read, with what has been fetched of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;

use super::metrics::PartMetrics;
use crate::nats::client::{FetchedMessage, OnLost, Pulled, Puller, Session, Wanted};
use crate::nats::source::split::NatsSplit;

/// How many runs of messages may wait before no more are asked for.
const RUNS: usize = 2;

/// A stream or filter that is read.
pub(super) struct Part {
    pub(super) split: NatsSplit,
    /// Whether its end has been seen to.
    pub(super) has_ended: bool,
    /// What has been fetched of it, in its order.
    runs: VecDeque<std::vec::IntoIter<FetchedMessage>>,
    /// Where reading goes on after all of that.
    position: u64,
    /// What asks the server, where it does not.
    puller: Option<Puller>,
    fetching: Option<IoHandle<(Puller, Pulled)>>,
    /// How many messages there were behind all that has been fetched.
    pending: u64,
    metrics: PartMetrics,
}

impl Part {
    pub(super) fn new(split: NatsSplit, metrics: PartMetrics) -> Self {
        Self {
            has_ended: split.is_done(),
            position: split.next,
            split,
            runs: VecDeque::new(),
            puller: None,
            fetching: None,
            pending: 0,
            metrics,
        }
    }

    /// Takes in what has come, and asks for more if there is room for it.
    pub(super) fn fetch_ahead(
        &mut self,
        session: &Arc<Session>,
        on_lost: OnLost,
        wait: Duration,
        cx: &TaskContext,
    ) -> Result<()> {
        if let Some(fetched) = self.fetching.as_ref().and_then(IoHandle::take) {
            self.fetching = None;
            let (puller, pulled) = fetched?;
            self.puller = Some(puller);
            self.position = pulled.next;
            self.pending = pulled.pending;
            if !pulled.messages.is_empty() {
                self.runs.push_back(pulled.messages.into_iter());
            }
            self.show_progress();
        }
        let is_enough = self.runs.len() >= RUNS || self.split.stop.is_some_and(|stop| self.position >= stop);
        if self.fetching.is_some() || is_enough {
            return Ok(());
        }
        let mut puller = self.puller.take().unwrap_or_else(|| {
            let wanted = Wanted {
                stream: self.split.part.stream.clone(),
                filter: self.split.part.filter.clone(),
                created: self.split.created,
                headers_only: false,
                on_lost,
            };
            Puller::new(session.clone(), wanted, self.position)
        });
        self.fetching = Some(cx.spawn_io(async move {
            let pulled = puller.pull(wait).await?;
            Ok((puller, pulled))
        }));
        Ok(())
    }

    /// The next message.
    pub(super) fn pop(&mut self) -> Option<FetchedMessage> {
        loop {
            if let Some(message) = self.runs.front_mut()?.next() {
                return Some(message);
            }
            self.runs.pop_front();
        }
    }

    /// Whether no message waits. What lies behind the last one has been passed then.
    pub(super) fn is_drained(&mut self) -> bool {
        while self.runs.front().is_some_and(|run| run.len() == 0) {
            self.runs.pop_front();
        }
        if self.runs.is_empty() {
            self.split.next = self.split.next.max(self.position);
        }
        self.runs.is_empty()
    }

    /// Shows how far it has been read.
    pub(super) fn show_progress(&self) {
        let waiting: usize = self.runs.iter().map(ExactSizeIterator::len).sum();
        self.metrics.update(self.split.next, self.pending + waiting as u64);
    }
}
