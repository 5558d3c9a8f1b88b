//! Sends the records of one subtask.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use millstream_operators::sink::{Committer, SinkOutput, SinkWriter};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::guard::guarded;
use millstream_runtime::metrics::MetricGroup;
use millstream_runtime::{Error, ErrorKind, Result};

use super::batch::{Body, Gathering};
use super::commit::{WebhookCommittable, WebhookCommitter};
use super::delivery::{Delivery, DeliveryMetrics, Request};
use super::serializer::RecordSerializer;
use super::{DeliveryGuarantee, Writing};
use crate::commit_order::CommitOrder;
use crate::http::client::shown;
use crate::under_way::UnderWay;

/// A request, and all before it that it waits for.
type Sent = Shared<BoxFuture<'static, Result<()>>>;

/// Sends the records of one subtask.
pub struct WebhookWriter<S: RecordSerializer> {
    writing: Arc<Writing<S>>,
    serializer: S,
    delivery: Arc<Delivery>,
    gathering: Gathering,
    /// When the first record came that is gathered.
    since: Option<Duration>,
    /// The last request of each lane: the next one of the lane waits for it, so that no more are under way than there are
    /// lanes, and with one lane they are in order.
    lanes: Vec<Option<Sent>>,
    next_lane: usize,
    under_way: UnderWay,
    /// The name of this writer in keys, and the number of what it sends next.
    name: Option<String>,
    sequence: u64,
    /// What is sent when the next checkpoint is complete.
    held: Vec<Request>,
    commits: CommitOrder,
}

impl<S: RecordSerializer> WebhookWriter<S> {
    pub(super) fn new(writing: Arc<Writing<S>>) -> Self {
        let metrics = DeliveryMetrics::default();
        Self {
            serializer: writing.serializer.clone(),
            delivery: Arc::new(Delivery::new(writing.target.clone(), writing.content_type(), metrics)),
            gathering: Gathering::default(),
            since: None,
            lanes: vec![None; writing.in_flight],
            next_lane: 0,
            under_way: UnderWay::default(),
            name: None,
            sequence: 0,
            held: Vec::new(),
            commits: CommitOrder::default(),
            writing,
        }
    }

    fn is_exactly_once(&self) -> bool {
        self.writing.guarantee == DeliveryGuarantee::ExactlyOnce
    }

    fn name(&mut self, cx: &mut TaskContext) -> &str {
        self.name.get_or_insert_with(|| {
            let random = cx.random();
            format!("{:016x}{:016x}", random.next(), random.next())
        })
    }

    /// Sends a body, behind the last one of its lane; or keeps it for the next checkpoint.
    fn send(&mut self, (body, records): Body, cx: &mut TaskContext) {
        let sequence = self.sequence;
        self.sequence += 1;
        let request = Request { key: format!("{}-{sequence}", self.name(cx)), body: body.into(), records };
        if self.is_exactly_once() {
            self.held.push(request);
            return;
        }
        let count = self.lanes.len();
        let Some(lane) = self.lanes.get_mut(self.next_lane) else { return };
        self.next_lane = (self.next_lane + 1) % count;
        let (before, delivery) = (lane.take(), self.delivery.clone());
        let sent = guarded(async move {
            if let Some(before) = before {
                before.await?;
            }
            delivery.deliver(&request).await
        });
        let sent = sent.boxed().shared();
        self.under_way.push(cx.spawn_io(sent.clone()));
        *lane = Some(sent);
    }

    /// Sends what is gathered, full or not.
    fn flush_gathered(&mut self, cx: &mut TaskContext) {
        self.since = None;
        if let Some(body) = self.gathering.take(&self.writing.batching) {
            self.send(body, cx);
        }
    }

    /// Sends what has waited for long enough, and asks to be woken when the rest has.
    fn flush_if_due(&mut self, cx: &mut TaskContext) -> Result<()> {
        let interval = self.writing.batching.interval;
        if let Some(since) = self.since.filter(|_| !self.is_exactly_once() && !interval.is_zero()) {
            let left = since.saturating_add(interval).saturating_sub(cx.monotonic());
            if left.is_zero() {
                self.flush_gathered(cx);
            } else {
                cx.wake_after(left);
            }
        }
        if self.under_way.is_at_least(self.lanes.len())? {
            cx.set_blocked();
        }
        Ok(())
    }
}

impl<S: RecordSerializer> SinkWriter for WebhookWriter<S> {
    type Record = S::Record;
    type State = ();
    type Committable = WebhookCommittable;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        let metrics = DeliveryMetrics::register(metrics);
        let writing = &self.writing;
        self.delivery = Arc::new(Delivery::new(writing.target.clone(), writing.content_type(), metrics));
    }

    fn write(&mut self, batch: &mut Batch<S::Record>, output: &mut SinkOutput<'_>) -> Result<()> {
        let (mut serialized, mut full, mut bytes) = (Vec::new(), Vec::new(), 0);
        for record in batch.drain() {
            self.serializer.serialize(record, &mut serialized).map_err(|problem| {
                let url = shown(&self.writing.target.url);
                let problem = format!("a record cannot be sent to `{url}`: {problem}");
                Error::new(ErrorKind::InvalidInput, problem)
            })?;
            for record in serialized.drain(..) {
                bytes += record.len() as u64;
                self.gathering.add(&record, &self.writing.batching, &mut full);
            }
            for body in full.drain(..) {
                self.since = None;
                self.send(body, output.context());
            }
        }
        output.counters().bytes.add(bytes);
        if self.since.is_none() && !self.gathering.is_empty() {
            self.since = Some(output.context().monotonic());
        }
        self.flush_if_due(output.context())
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.flush_if_due(output.context())
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<WebhookCommittable>>> + Send + 'static {
        self.flush_gathered(cx);
        let mut committables = Vec::new();
        if !self.held.is_empty() {
            let (requests, sequence) = (std::mem::take(&mut self.held), self.sequence);
            committables.push(WebhookCommittable { writer: self.name(cx).to_owned(), sequence, requests });
        }
        // What was committed before must have been sent before anything that comes now is: this subtask's successor may be
        // another one.
        let (sent, earlier) = (self.lanes.clone(), self.commits.begun());
        async move {
            earlier.done().await?;
            for sent in sent.into_iter().flatten() {
                sent.await?;
            }
            Ok(committables)
        }
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<WebhookCommittable> {
        WebhookCommitter {
            delivery: self.delivery.clone(),
            in_flight: self.writing.in_flight,
            turn: self.commits.next(),
        }
    }
}
