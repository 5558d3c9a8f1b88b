//! Sends records, with and without a transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use krafka::interceptor::{InterceptorResult, ProducerInterceptor, RecordContext};
use krafka::producer::{Producer, RecordMetadata, TransactionalProducer};
use krafka::{Headers, KrafkaError, PartitionId};
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use super::Client;
use super::coordinator::{EndAnswer, TransactionName};
use super::failure::failed;

/// A record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::kafka) struct Outgoing {
    pub(in crate::kafka) topic: Arc<str>,
    pub(in crate::kafka) partition: Option<i32>,
    pub(in crate::kafka) key: Option<Bytes>,
    pub(in crate::kafka) value: Option<Bytes>,
    pub(in crate::kafka) headers: Vec<(String, Option<Bytes>)>,
    /// In milliseconds; the time of sending where there is none.
    pub(in crate::kafka) timestamp: Option<i64>,
}

/// Chooses the partition of a record with this key and value, of so many.
pub(in crate::kafka) type PartitionFunction =
    Arc<dyn Fn(Option<&[u8]>, Option<&[u8]>, i32) -> i32 + Send + Sync>;

/// Sends records as they come.
pub(in crate::kafka) struct PlainProducer {
    producer: Producer,
    common: Common,
}

/// Sends records in transactions, one after another.
pub(in crate::kafka) struct TransactionProducer {
    producer: TransactionalProducer,
    common: Common,
}

/// What both kinds have.
struct Common {
    failure: FirstFailure,
    partition: Option<PartitionFunction>,
    /// How many partitions topics have, where somebody chooses among them.
    sizes: Mutex<BTreeMap<Arc<str>, i32>>,
}

/// The first failure to deliver a record.
#[derive(Clone, Debug, Default)]
struct FirstFailure(Arc<Mutex<Option<KrafkaError>>>);

impl ProducerInterceptor for FirstFailure {
    fn on_acknowledgement(
        &self,
        _topic: &str,
        _partition: PartitionId,
        result: std::result::Result<&RecordMetadata, &KrafkaError>,
        _headers: &Headers,
        _context: &mut RecordContext,
    ) -> InterceptorResult {
        if let Err(error) = result {
            self.0.lock().get_or_insert_with(|| error.clone());
        }
        Ok(())
    }
}

/// What the library's producers have in common.
trait Queue: Sync {
    /// Queues a record; waits while there is no room for it.
    fn queue(&self, record: krafka::Record) -> impl Future<Output = krafka::Result<()>> + Send;
    /// How many partitions a topic has.
    fn size(&self, topic: &str) -> impl Future<Output = krafka::Result<usize>> + Send;
    /// Waits for the outcomes of what is queued.
    fn deliver(&self) -> impl Future<Output = krafka::Result<()>> + Send;
}

impl Queue for Producer {
    async fn queue(&self, record: krafka::Record) -> krafka::Result<()> {
        self.enqueue(record).await.map(drop)
    }

    async fn size(&self, topic: &str) -> krafka::Result<usize> {
        Ok(self.partitions_for(topic).await?.len())
    }

    async fn deliver(&self) -> krafka::Result<()> {
        self.flush().await
    }
}

impl Queue for TransactionalProducer {
    async fn queue(&self, record: krafka::Record) -> krafka::Result<()> {
        self.enqueue(record).await.map(drop)
    }

    async fn size(&self, topic: &str) -> krafka::Result<usize> {
        Ok(self.partitions_for(topic).await?.len())
    }

    async fn deliver(&self) -> krafka::Result<()> {
        self.flush().await
    }
}

impl Common {
    fn new(partition: Option<PartitionFunction>) -> Self {
        Self { failure: FirstFailure::default(), partition, sizes: Mutex::default() }
    }

    /// What has gone wrong since the start.
    fn check(&self) -> Result<()> {
        match &*self.failure.0.lock() {
            None => Ok(()),
            Some(error) => Err(failed("deliver a record to Kafka", error.clone())),
        }
    }

    async fn send(&self, queue: &impl Queue, records: Vec<Outgoing>) -> Result<()> {
        self.check()?;
        for record in records {
            let partition = self.partition_of(queue, &record).await?;
            let topic = record.topic.clone();
            let queued = queue.queue(to_library(record, partition)).await;
            queued.map_err(|error| failed(format!("send a record to the topic `{topic}`"), error))?;
        }
        Ok(())
    }

    async fn flush(&self, queue: &impl Queue) -> Result<()> {
        queue.deliver().await.map_err(|error| failed("deliver records to Kafka", error))?;
        self.check()
    }

    /// The partition that is set for a record, or chosen for it. With none, the library chooses as Kafka's own
    /// client does.
    async fn partition_of(&self, queue: &impl Queue, record: &Outgoing) -> Result<Option<i32>> {
        let (None, Some(choose)) = (record.partition, &self.partition) else { return Ok(record.partition) };
        let known = self.sizes.lock().get(&record.topic).copied();
        let size = match known {
            Some(size) => size,
            None => {
                let what = || format!("find the partitions of the topic `{}`", record.topic);
                let size = queue.size(&record.topic).await.map_err(|error| failed(what(), error))?;
                let size = i32::try_from(size).unwrap_or(i32::MAX);
                self.sizes.lock().insert(record.topic.clone(), size);
                size
            }
        };
        let chosen = choose(record.key.as_deref(), record.value.as_deref(), size);
        if (0..size).contains(&chosen) {
            return Ok(Some(chosen));
        }
        let problem = format!(
            "the partitioner has chosen partition {chosen} of `{}`, which has the partitions from 0 to {}",
            record.topic,
            size - 1
        );
        Err(Error::new(ErrorKind::Function, problem))
    }
}

fn to_library(record: Outgoing, partition: Option<i32>) -> krafka::Record {
    let mut sent = krafka::Record::new(&*record.topic, Bytes::new());
    sent.partition = partition;
    sent.key = record.key;
    sent.value = record.value;
    sent.headers = record.headers;
    sent.timestamp = record.timestamp;
    sent
}

impl PlainProducer {
    /// A producer; what it sends is visible at once.
    pub(in crate::kafka) async fn open(
        client: &Client,
        partition: Option<PartitionFunction>,
    ) -> Result<Self> {
        let common = Common::new(partition);
        let builder = client.kafka().await?.producer().interceptor(common.failure.clone());
        let producer = client.cluster.properties.producer(builder)?.build().await;
        let producer = producer.map_err(|error| failed("set up a producer of Kafka", error))?;
        Ok(Self { producer, common })
    }

    /// Queues records, in this order; waits while there is no room for them.
    pub(in crate::kafka) async fn send(&self, records: Vec<Outgoing>) -> Result<()> {
        self.common.send(&self.producer, records).await
    }

    /// Waits until everything sent so far is with the brokers.
    pub(in crate::kafka) async fn flush(&self) -> Result<()> {
        self.common.flush(&self.producer).await
    }

    /// Delivers what there is, and ends.
    pub(in crate::kafka) async fn close(&self) -> Result<()> {
        self.producer.close().await.map_err(|error| failed("close a producer of Kafka", error))
    }
}

impl TransactionProducer {
    /// A producer of this transactional id. Whatever transaction the id had is aborted by that, and producers
    /// that used it before are fenced off.
    pub(in crate::kafka) async fn open(
        client: &Client,
        id: &str,
        partition: Option<PartitionFunction>,
    ) -> Result<Self> {
        let common = Common::new(partition);
        let timeout = client.cluster.properties.transaction_timeout()?;
        let builder = client.kafka().await?.producer().transaction_timeout(timeout);
        let builder = builder.interceptor(common.failure.clone());
        let producer = client.cluster.properties.producer(builder)?.build_transactional(id).await;
        let what = || format!("take over the transactional id `{id}`");
        let producer = producer.map_err(|error| failed(what(), error))?;
        if !producer.transaction_version().is_v2() {
            return Err(other_protocol(client.transaction_version().await));
        }
        Ok(Self { producer, common })
    }

    /// Begins a transaction. Nothing is said to Kafka before the first record.
    pub(in crate::kafka) fn begin(&self) -> Result<()> {
        self.producer.begin().map_err(|error| failed("begin a transaction", error))
    }

    /// Queues records, in this order; waits while there is no room for them.
    pub(in crate::kafka) async fn send(&self, records: Vec<Outgoing>) -> Result<()> {
        self.common.send(&self.producer, records).await
    }

    /// Waits until everything sent so far is with the brokers.
    pub(in crate::kafka) async fn flush(&self) -> Result<()> {
        self.common.flush(&self.producer).await
    }

    /// The name of the transaction that is open: by it, anyone can end it.
    pub(in crate::kafka) fn name(&self) -> TransactionName {
        TransactionName {
            id: self.producer.transactional_id().to_owned(),
            producer: self.producer.producer_id(),
            epoch: self.producer.producer_epoch(),
        }
    }

    /// Commits the open transaction. After anything but [`EndAnswer::Committed`] the producer must not be used
    /// for another one.
    pub(in crate::kafka) async fn commit(&self) -> EndAnswer {
        match self.producer.commit().await {
            Ok(()) => EndAnswer::Committed,
            Err(error) if error.is_retriable() => EndAnswer::Retry(failed("commit a transaction", error)),
            Err(error) => EndAnswer::Refused(error.to_string()),
        }
    }

    /// Ends it, without a transaction.
    pub(in crate::kafka) async fn close(&self) -> Result<()> {
        self.producer.close().await.map_err(|error| failed("close a producer of Kafka", error))
    }
}

/// The error of a producer that would use an older protocol of transactions, where the cluster speaks this version of it. The
/// library takes a broker for an old one that it cannot ask, for example because the network is cut in that moment.
fn other_protocol(of_cluster: Result<i16>) -> Error {
    match of_cluster {
        Ok(2..) => Error::new(
            ErrorKind::External,
            "a broker cannot be asked which protocol of transactions it speaks",
        ),
        // It has been downgraded since the sink was checked.
        Ok(_) => {
            let problem = "the Kafka cluster does not speak version 2 of the protocol of transactions with every broker, and \
                           the sink writes exactly once with no other";
            Error::new(ErrorKind::InvalidJob, problem)
        }
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_cannot_be_asked_is_no_old_one() {
        assert_eq!(other_protocol(Ok(2)).kind(), ErrorKind::External);
        assert_eq!(other_protocol(Ok(1)).kind(), ErrorKind::InvalidJob);
        let unreachable = Error::new(ErrorKind::External, "nobody is there");
        assert_eq!(other_protocol(Err(unreachable)).to_string(), "nobody is there");
    }
}
