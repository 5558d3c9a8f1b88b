//! Writes the records of one subtask.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::FutureExt;
use futures::future::Either;
use millstream_operators::sink::{Committer, SinkOutput, SinkWriter};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::metrics::{Counter, MetricGroup};
use millstream_runtime::{Error, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use tracing::warn;

use super::commit::{KafkaCommittable, settle};
use super::lane::{Plain, Transactions};
use super::pool::Pool;
use super::record::RecordSerializer;
use super::recover::{Share, await_settled, fence_unknown};
use super::serializing::Serializing;
use super::service::Service;
use super::{DeliveryGuarantee, Writing};
use crate::kafka::client::{Backoff, Client, Cluster, EndAnswer, Outgoing};
use crate::lane::Lane;

/// How many records are handed over at a time.
const CHUNK: usize = 1024;

/// Writes the records of one subtask.
pub struct KafkaWriter<S: RecordSerializer> {
    writing: Writing<S>,
    client: Arc<Client>,
    delivery: Delivery,
    lane: Lane,
    serializing: Serializing<S>,
    /// Records that have not been handed over.
    pending: Vec<Outgoing>,
    /// The last flush, once no record follows.
    ending: Option<IoHandle<()>>,
    has_ended: bool,
    /// How often a commit had to be tried again.
    retried: Arc<Counter>,
}

enum Delivery {
    Plain(Arc<Plain>),
    Transactions {
        transactions: Arc<Transactions>,
        /// The id of the open transaction, which has at least one record.
        open: Option<String>,
        is_recovered: bool,
        /// Looks whether the transactions are committed that the restored snapshot counts on.
        watch: Option<IoHandle<()>>,
    },
}

/// What a writer must know after a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KafkaWriterState {
    /// The transactional ids that wait for a commit.
    in_doubt: Vec<String>,
}

impl<S: RecordSerializer> KafkaWriter<S> {
    pub(super) fn new(writing: &Writing<S>, subtask: u32, parallelism: u32) -> Self {
        let (writing, client) = (writing.clone(), Arc::new(writing.client()));
        let partition = writing.partitioner.of_subtask(subtask);
        let delivery = match writing.transactions() {
            None => Delivery::Plain(Arc::new(Plain {
                client: client.clone(),
                partition,
                producer: OnceCell::new(),
                is_closed: AtomicBool::new(false),
            })),
            Some((prefix, log)) => {
                let share = Share { prefix: prefix.to_string(), subtask, parallelism };
                let (pool, current) = (Arc::new(Pool::new(share)), Mutex::new(None));
                let transactions = Transactions { client: client.clone(), partition, log, pool, current };
                Delivery::Transactions {
                    transactions: Arc::new(transactions),
                    open: None,
                    is_recovered: false,
                    watch: None,
                }
            }
        };
        Self {
            serializing: Serializing::new(writing.serializer.clone(), writing.topic.clone()),
            writing,
            client,
            delivery,
            lane: Lane::default(),
            pending: Vec::new(),
            ending: None,
            has_ended: false,
            retried: Arc::default(),
        }
    }

    /// Before anything else is done: ends the transactions of earlier attempts that no snapshot counts on.
    fn recover(&mut self, cx: &TaskContext) {
        let Delivery::Transactions { transactions, is_recovered, watch, .. } = &mut self.delivery else {
            return;
        };
        if std::mem::replace(is_recovered, true) {
            return;
        }
        let (cluster, client) = (self.writing.cluster.clone(), self.client.clone());
        let (transactions, pool) = (transactions.clone(), transactions.pool.clone());
        let in_doubt = pool.in_doubt();
        let known = in_doubt.clone();
        let recovered = self.lane.push(cx, async move {
            // A sink that is restored was not checked, and may be on another cluster.
            transactions.log.ensure(&client).await?;
            let (service, share) =
                (Service { cluster: &cluster, client: &client }, transactions.pool.share());
            let own = fence_unknown(&service, share, &known).await?;
            transactions.take_over(own).await
        });
        if in_doubt.is_empty() {
            return;
        }
        let (cluster, client) = (self.writing.cluster.clone(), self.client.clone());
        *watch = Some(cx.spawn_io(async move {
            recovered.await?;
            await_settled(&Service { cluster: &cluster, client: &client }, &in_doubt).await?;
            pool.settled(&in_doubt);
            Ok(())
        }));
    }

    /// Hands the pending records over.
    fn ship(&mut self, cx: &TaskContext) {
        self.recover(cx);
        let early = self.serializing.take_early();
        if early.is_none() && self.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let records = async move {
            let Some(early) = early else { return Ok(pending) };
            let mut records = early.await?;
            records.extend(pending);
            Ok::<_, Error>(records)
        };
        match &mut self.delivery {
            Delivery::Plain(plain) => {
                let plain = plain.clone();
                drop(self.lane.push(cx, async move { plain.send(records.await?).await }));
            }
            Delivery::Transactions { transactions, open, .. } => {
                let id = open.get_or_insert_with(|| transactions.pool.take(cx.monotonic())).clone();
                let transactions = transactions.clone();
                drop(self.lane.push(cx, async move { transactions.send(&id, records.await?).await }));
            }
        }
    }

    fn block_if_behind(&mut self, cx: &mut TaskContext) -> Result<()> {
        if self.lane.is_too_long()? {
            cx.set_blocked();
        }
        Ok(())
    }
}

impl<S: RecordSerializer> SinkWriter for KafkaWriter<S> {
    type Record = S::Record;
    type State = KafkaWriterState;
    type Committable = KafkaCommittable;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.retried = metrics.counter("retriedCommittables");
        if let Delivery::Transactions { transactions, .. } = &self.delivery {
            let (pool, clock) = (transactions.pool.clone(), metrics.clock());
            metrics.computed_gauge("currentTransactionAge", move || {
                let age = pool.oldest().map(|begun| clock.monotonic().saturating_sub(begun));
                age.unwrap_or_default().as_secs_f64() * 1000.0
            });
        }
    }

    fn restore(&mut self, states: Vec<KafkaWriterState>) -> Result<()> {
        if let Delivery::Transactions { transactions, .. } = &self.delivery {
            transactions.pool.restore(states.into_iter().flat_map(|state| state.in_doubt));
        }
        Ok(())
    }

    fn write(&mut self, batch: &mut Batch<S::Record>, output: &mut SinkOutput<'_>) -> Result<()> {
        if !self.serializing.is_ready(output.context())? {
            batch.drain_timed().for_each(|(record, timestamp)| self.serializing.keep(record, timestamp));
            output.context().set_blocked();
            return Ok(());
        }
        let mut bytes = 0;
        for (record, timestamp) in batch.drain_timed() {
            bytes += self.serializing.serialize(record, timestamp, &mut self.pending)?;
            if self.pending.len() >= CHUNK {
                self.ship(output.context());
            }
        }
        output.counters().bytes.add(bytes as u64);
        self.block_if_behind(output.context())
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.recover(output.context());
        if let Delivery::Transactions { watch, .. } = &mut self.delivery
            && let Some(settled) = watch.as_ref().and_then(IoHandle::take)
        {
            *watch = None;
            settled?;
        }
        if !self.serializing.is_ready(output.context())? {
            output.context().set_blocked();
        }
        self.block_if_behind(output.context())
    }

    fn flush(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.ship(output.context());
        Ok(())
    }

    /// Without transactions, the job ends only when everything is with the brokers, also where no checkpoint waits
    /// for that.
    fn end_of_data(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.ship(output.context());
        if self.ending.is_none() {
            let ended = match &self.delivery {
                Delivery::Plain(plain) => {
                    let plain = plain.clone();
                    self.lane.push(output.context(), async move { plain.close().await })
                }
                Delivery::Transactions { transactions, .. } => {
                    let transactions = transactions.clone();
                    self.lane.push(output.context(), async move { transactions.close().await })
                }
            };
            self.ending = Some(output.context().spawn_io(ended));
        }
        if self.has_ended {
            return Ok(());
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
    ) -> impl Future<Output = Result<Vec<KafkaCommittable>>> + Send + 'static {
        self.ship(cx);
        let now = cx.now();
        match &mut self.delivery {
            Delivery::Plain(plain) => {
                let plain = plain.clone();
                let waits = self.writing.guarantee != DeliveryGuarantee::None;
                let flushed = waits.then(|| self.lane.push(cx, async move { plain.flush().await }));
                Either::Left(async move {
                    if let Some(flushed) = flushed {
                        flushed.await?;
                    }
                    Ok(Vec::new())
                })
            }
            Delivery::Transactions { transactions, open, .. } => {
                // Without a record there is no transaction.
                let prepared = open.take().map(|id| {
                    transactions.pool.doubt(&id);
                    let transactions = transactions.clone();
                    self.lane.push(cx, async move { transactions.prepare(now).await })
                });
                Either::Right(async move {
                    match prepared {
                        None => Ok(Vec::new()),
                        Some(prepared) => prepared.map(|prepared| prepared.map(|it| vec![it])).await,
                    }
                })
            }
        }
    }

    fn committed(&mut self, committables: &[KafkaCommittable]) {
        if let Delivery::Transactions { transactions, .. } = &self.delivery {
            transactions.pool.settled(committables.iter().map(|committable| &committable.name.id));
        }
    }

    fn state(&self) -> KafkaWriterState {
        let in_doubt = match &self.delivery {
            Delivery::Plain(_) => Vec::new(),
            Delivery::Transactions { transactions, .. } => transactions.pool.in_doubt().into_iter().collect(),
        };
        KafkaWriterState { in_doubt }
    }

    fn committer(&self) -> impl Committer<KafkaCommittable> {
        let pool = match &self.delivery {
            Delivery::Plain(_) => None,
            Delivery::Transactions { transactions, .. } => Some(transactions.pool.clone()),
        };
        KafkaCommitter {
            cluster: self.writing.cluster.clone(),
            client: self.client.clone(),
            pool,
            ignores_lost: self.writing.ignores_lost,
            retried: self.retried.clone(),
        }
    }
}

/// Commits transactions: with the producers that began them, or without.
struct KafkaCommitter {
    cluster: Cluster,
    client: Arc<Client>,
    pool: Option<Arc<Pool>>,
    ignores_lost: bool,
    retried: Arc<Counter>,
}

impl KafkaCommitter {
    async fn commit_one(&self, committable: &KafkaCommittable) -> Result<()> {
        let name = &committable.name;
        if let Some((pool, producer)) =
            self.pool.as_ref().and_then(|pool| Some((pool, pool.producer_of(name)?)))
        {
            let mut backoff = Backoff::default();
            loop {
                match producer.commit().await {
                    EndAnswer::Committed => {
                        return match pool.committed(&name.id, producer) {
                            Some(producer) => producer.close().await,
                            None => Ok(()),
                        };
                    }
                    EndAnswer::Retry(error) => {
                        warn!(%error, "a transaction is not committed yet; trying again");
                        self.retried.add_concurrently(1);
                        backoff.wait().await;
                    }
                    // Its producer may be wrong about it.
                    EndAnswer::Refused(_) => break,
                }
            }
        }
        settle(&Service { cluster: &self.cluster, client: &self.client }, committable, self.ignores_lost)
            .await
    }
}

impl Committer<KafkaCommittable> for KafkaCommitter {
    async fn commit(&self, committables: Vec<KafkaCommittable>) -> Result<()> {
        for committable in &committables {
            self.commit_one(committable).await?;
        }
        Ok(())
    }
}
