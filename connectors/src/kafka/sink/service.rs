//! What committing and recovering ask of Kafka: so that both can be tested without one.

use std::collections::BTreeSet;

use millstream_runtime::Result;

use super::commit::KafkaCommittable;
use crate::kafka::client::{Client, Cluster, CommitLog, EndAnswer, TransactionName, TransactionProducer};

/// What the transactions of a sink need of Kafka.
pub(in crate::kafka) trait TransactionService: Sync {
    /// Asks once that a transaction be committed.
    fn commit(&self, name: &TransactionName) -> impl Future<Output = EndAnswer> + Send;

    /// Whether the commit log says that a transaction was committed.
    fn lists(&self, committable: &KafkaCommittable) -> impl Future<Output = Result<bool>> + Send;

    /// Whether any of these ids has an open transaction.
    fn is_any_open(&self, ids: &BTreeSet<String>) -> impl Future<Output = Result<bool>> + Send;

    /// All ids that begin like this and that any producer has used.
    fn known(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Aborts whatever transaction an id has, and keeps those from it that used it before.
    fn abort(&self, id: &str) -> impl Future<Output = Result<()>> + Send;
}

/// The real one.
pub(in crate::kafka) struct Service<'a> {
    pub(in crate::kafka) cluster: &'a Cluster,
    pub(in crate::kafka) client: &'a Client,
}

impl TransactionService for Service<'_> {
    async fn commit(&self, name: &TransactionName) -> EndAnswer {
        self.client.commit_transaction(name).await
    }

    async fn lists(&self, committable: &KafkaCommittable) -> Result<bool> {
        let log = CommitLog::new(&committable.log);
        log.lists(self.cluster, &committable.name, committable.prepared_at).await
    }

    async fn is_any_open(&self, ids: &BTreeSet<String>) -> Result<bool> {
        self.client.is_any_open(ids).await
    }

    async fn known(&self, prefix: &str) -> Result<Vec<String>> {
        self.client.known_transactional_ids(prefix).await
    }

    async fn abort(&self, id: &str) -> Result<()> {
        // Initialising the id does it.
        TransactionProducer::open(self.client, id, None).await?.close().await
    }
}
