//! Writes the records of one subtask.

use std::mem;
use std::sync::Arc;

use futures::future::Either;
use millstream_operators::sink::{Committer, SinkOutput, SinkWriter};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::metrics::{Counter, MetricGroup};
use millstream_runtime::{Error, ErrorKind, Result};

use super::commit::{NatsCommittable, NatsCommitter, Unpublished};
use super::message::{MessageSerializer, NatsMessage};
use super::publisher::Publisher;
use super::{DeliveryGuarantee, Writing};
use crate::commit_order::CommitOrder;
use crate::lane::Lane;
use crate::nats::client::{Outgoing, Session};

/// How many messages are handed over at a time.
const CHUNK: usize = 1024;

/// Writes the records of one subtask.
pub struct NatsWriter<S: MessageSerializer> {
    writing: Arc<Writing<S>>,
    serializer: S,
    session: Arc<Session>,
    /// What the last record has become.
    serialized: Vec<NatsMessage>,
    /// Messages that have not been handed over, or that wait for their checkpoint.
    pending: Vec<Outgoing>,
    lane: Lane,
    /// The last acknowledgement, once no record follows.
    ending: Option<IoHandle<()>>,
    has_ended: bool,
    /// The name of this writer in ids, and the number of what it writes next.
    name: Option<String>,
    number: u64,
    unpublished: Arc<Unpublished>,
    commits: CommitOrder,
    failed: Arc<Counter>,
}

impl<S: MessageSerializer> NatsWriter<S> {
    pub(super) fn new(writing: Arc<Writing<S>>) -> Self {
        Self {
            serializer: writing.serializer.clone(),
            session: Arc::new(Session::new(writing.connection.clone())),
            writing,
            serialized: Vec::new(),
            pending: Vec::new(),
            lane: Lane::default(),
            ending: None,
            has_ended: false,
            name: None,
            number: 0,
            unpublished: Arc::default(),
            commits: CommitOrder::default(),
            failed: Arc::default(),
        }
    }

    fn is_exactly_once(&self) -> bool {
        self.writing.guarantee == DeliveryGuarantee::ExactlyOnce
    }

    fn publisher(&self) -> Publisher {
        Publisher {
            session: self.session.clone(),
            stream: self.writing.stream.clone(),
            republishes_unknown: self.writing.republishes_unknown,
            failed: self.failed.clone(),
        }
    }

    /// Hands the pending messages over; with exactly once they wait for their checkpoint.
    fn ship(&mut self, cx: &TaskContext) {
        if self.pending.is_empty() || self.is_exactly_once() {
            return;
        }
        let (messages, publisher) = (mem::take(&mut self.pending), self.publisher());
        drop(self.lane.push(cx, async move { publisher.deliver(messages).await }));
    }

    fn block_if_behind(&mut self, cx: &mut TaskContext) -> Result<()> {
        if self.lane.is_too_long()? {
            cx.set_blocked();
        }
        Ok(())
    }

    /// What has come since the last checkpoint, under a name by which it is known again.
    fn take_committable(&mut self, cx: &mut TaskContext) -> Option<(String, u64, Vec<Outgoing>)> {
        if self.pending.is_empty() {
            return None;
        }
        let random = || format!("{:016x}{:016x}", cx.random().next(), cx.random().next());
        let writer = self.name.get_or_insert_with(random).clone();
        self.number += 1;
        self.unpublished.add(&writer, self.number);
        Some((writer, self.number, mem::take(&mut self.pending)))
    }
}

impl<S: MessageSerializer> SinkWriter for NatsWriter<S> {
    type Record = S::Record;
    type State = ();
    type Committable = NatsCommittable;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.failed = metrics.counter("numRecordsSendErrors");
    }

    fn write(&mut self, batch: &mut Batch<S::Record>, output: &mut SinkOutput<'_>) -> Result<()> {
        let mut bytes = 0;
        for record in batch.drain() {
            self.serializer.serialize(record, &mut self.serialized).map_err(|problem| {
                let stream = &self.writing.stream;
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("a record cannot be written to the stream `{stream}` of NATS: {problem}"),
                )
            })?;
            for message in self.serialized.drain(..) {
                let message = message.outgoing(&self.writing.subject, self.writing.guarantee)?;
                bytes += message.payload.len() as u64;
                self.pending.push(message);
            }
            if self.pending.len() >= CHUNK {
                self.ship(output.context());
            }
        }
        output.counters().bytes.add(bytes);
        self.block_if_behind(output.context())
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.block_if_behind(output.context())
    }

    fn flush(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.ship(output.context());
        Ok(())
    }

    /// The job ends only when the stream has everything that is published as it comes, also where no checkpoint waits for that.
    fn end_of_data(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        if self.has_ended || self.is_exactly_once() {
            return Ok(());
        }
        self.ship(output.context());
        if self.ending.is_none() {
            let ended = self.lane.push(output.context(), async { Ok(()) });
            self.ending = Some(output.context().spawn_io(ended));
        }
        match self.ending.as_ref().and_then(IoHandle::take) {
            Some(ended) => {
                self.has_ended = true;
                ended
            }
            None => {
                output.context().hold_end();
                Ok(())
            }
        }
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<NatsCommittable>>> + Send + 'static {
        if !self.is_exactly_once() {
            self.ship(cx);
            let waits = self.writing.guarantee != DeliveryGuarantee::None;
            let acknowledged = waits.then(|| self.lane.push(cx, async { Ok(()) }));
            return Either::Left(async move {
                if let Some(acknowledged) = acknowledged {
                    acknowledged.await?;
                }
                Ok(Vec::new())
            });
        }
        let (committable, publisher) = (self.take_committable(cx), self.publisher());
        // What comes now may come to another subtask after a restore: what was committed before must be in the stream before
        // that is, and all subtasks take part in this checkpoint.
        let earlier = self.commits.begun();
        Either::Right(async move {
            earlier.done().await?;
            let Some((writer, number, messages)) = committable else { return Ok(Vec::new()) };
            let before = publisher.prepare(&messages).await?;
            let stream = publisher.stream;
            Ok(vec![NatsCommittable { writer, number, stream, before, messages }])
        })
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<NatsCommittable> {
        NatsCommitter {
            publisher: self.publisher(),
            unpublished: self.unpublished.clone(),
            turn: self.commits.next(),
        }
    }
}
