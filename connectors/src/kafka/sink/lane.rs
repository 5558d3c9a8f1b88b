//! Sends records, with and without transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::commit::KafkaCommittable;
use super::pool::Pool;
use crate::kafka::client::{
    Client, CommitLog, Outgoing, PartitionFunction, PlainProducer, TransactionProducer,
};

/// Sends records without transactions.
pub(super) struct Plain {
    pub(super) client: Arc<Client>,
    pub(super) partition: Option<PartitionFunction>,
    pub(super) producer: OnceCell<PlainProducer>,
    pub(super) is_closed: AtomicBool,
}

impl Plain {
    async fn producer(&self) -> Result<&PlainProducer> {
        self.producer.get_or_try_init(|| PlainProducer::open(&self.client, self.partition.clone())).await
    }

    pub(super) async fn send(&self, records: Vec<Outgoing>) -> Result<()> {
        self.producer().await?.send(records).await
    }

    /// Waits until everything is with the brokers.
    pub(super) async fn flush(&self) -> Result<()> {
        match self.producer.get() {
            Some(producer) if !self.is_closed.load(Ordering::Relaxed) => producer.flush().await,
            _ => Ok(()),
        }
    }

    /// Ends it, after everything is with the brokers.
    pub(super) async fn close(&self) -> Result<()> {
        self.flush().await?;
        match self.producer.get() {
            Some(producer) if !self.is_closed.swap(true, Ordering::Relaxed) => producer.close().await,
            _ => Ok(()),
        }
    }
}

/// Sends records in transactions.
pub(super) struct Transactions {
    pub(super) client: Arc<Client>,
    pub(super) partition: Option<PartitionFunction>,
    pub(super) log: CommitLog,
    pub(super) pool: Arc<Pool>,
    /// What has the open transaction.
    pub(super) current: Mutex<Option<Arc<TransactionProducer>>>,
}

impl Transactions {
    /// Sends records in the open transaction, or in a new one with this id.
    pub(super) async fn send(&self, id: &str, records: Vec<Outgoing>) -> Result<()> {
        let open = self.current.lock().clone();
        let producer = match open {
            Some(producer) => producer,
            None => self.begin(id).await?,
        };
        producer.send(records).await
    }

    /// Takes over ids that were in use before: what earlier users have open is aborted, and what they have on the way is
    /// refused.
    pub(super) async fn take_over(&self, ids: Vec<String>) -> Result<()> {
        for id in ids {
            let producer = TransactionProducer::open(&self.client, &id, self.partition.clone()).await?;
            self.pool.ready(id, Arc::new(producer));
        }
        Ok(())
    }

    async fn begin(&self, id: &str) -> Result<Arc<TransactionProducer>> {
        let idle = self.pool.idle(id);
        let producer = match idle {
            Some(producer) => producer,
            None => Arc::new(TransactionProducer::open(&self.client, id, self.partition.clone()).await?),
        };
        producer.begin()?;
        *self.current.lock() = Some(producer.clone());
        Ok(producer)
    }

    /// Ends the producers that have no transaction, and lets the others end with theirs.
    pub(super) async fn close(&self) -> Result<()> {
        for producer in self.pool.end() {
            producer.close().await?;
        }
        Ok(())
    }

    /// Brings the open transaction to where anyone can commit it: all of its records are with the brokers, and its
    /// name is among them.
    pub(super) async fn prepare(&self, at: Timestamp) -> Result<KafkaCommittable> {
        let open = self.current.lock().take();
        let producer =
            open.ok_or_else(|| Error::new(ErrorKind::Internal, "no transaction of Kafka is open"))?;
        let name = producer.name();
        producer.send(vec![self.log.entry(&name, at)]).await?;
        producer.flush().await?;
        if producer.name() != name {
            return Err(Error::new(
                ErrorKind::Internal,
                "a transaction of Kafka has changed its name while it was open",
            ));
        }
        self.pool.prepared(name.clone(), producer);
        Ok(KafkaCommittable { name, log: self.log.topic().to_owned(), prepared_at: at })
    }
}
