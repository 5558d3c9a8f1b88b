//! The commit log of a sink: a topic in which every transaction leaves its name.
//!
//! The name is a record of the transaction itself. So whoever reads committed records finds it if, and only if, the
//! transaction was committed, also when the coordinator has long forgotten.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::coordinator::TransactionName;
use super::records::{Changes, PartitionConsumer};
use super::{At, Client, Cluster, Outgoing, Role};
use crate::kafka::TopicPartition;

/// How long names are kept: as long as a coordinator keeps an id that is not used, unless set otherwise.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many times the log is looked at while nothing more of it can be read: what is behind an entry whose transaction is
/// open.
const TRIES: u32 = 60;

/// How long to wait for records each time.
const WAIT: Duration = Duration::from_millis(500);

/// The topic with the names of committed transactions.
#[derive(Clone)]
pub(in crate::kafka) struct CommitLog {
    topic: Arc<str>,
}

impl CommitLog {
    pub(in crate::kafka) fn new(topic: &str) -> Self {
        Self { topic: topic.into() }
    }

    pub(in crate::kafka) fn topic(&self) -> &str {
        &self.topic
    }

    /// Creates the topic, unless it is there.
    pub(in crate::kafka) async fn ensure(&self, client: &Client) -> Result<()> {
        let settings = [
            // Not compacted: every name is a key of its own, and is in doubt as long as a snapshot lists it.
            ("cleanup.policy", "delete".to_owned()),
            ("retention.ms", RETENTION.as_millis().to_string()),
            // Looking begins at the time that stands in the record.
            ("message.timestamp.type", "CreateTime".to_owned()),
        ];
        client.ensure_topic(&self.topic, &settings).await
    }

    /// The record that says that a transaction was committed, once that is true.
    pub(in crate::kafka) fn entry(&self, name: &TransactionName, at: Timestamp) -> Outgoing {
        Outgoing {
            topic: self.topic.clone(),
            partition: Some(0),
            key: Some(key(name)),
            value: Some(Bytes::new()),
            headers: Vec::new(),
            timestamp: Some(at.as_millis().max(0)),
        }
    }

    /// Whether the log says that a transaction was committed whose entry has this time.
    ///
    /// The answer does not wait for what stands behind the entry: it may be a transaction that is aborted only once the
    /// answer is there.
    ///
    /// # Errors
    /// If that cannot be told, because the log cannot be read up to its end.
    pub(in crate::kafka) async fn lists(
        &self,
        cluster: &Cluster,
        name: &TransactionName,
        at: Timestamp,
    ) -> Result<bool> {
        // Its own client: what is set for writing says nothing about reading.
        let cluster =
            Cluster { servers: cluster.servers.clone(), properties: cluster.properties.of_connection() };
        let client = Arc::new(Client::new(cluster, Role::Consumer));
        let partition = TopicPartition::new(&*self.topic, 0);
        let partitions = std::slice::from_ref(&partition);
        let offset = |found: std::collections::BTreeMap<TopicPartition, Option<i64>>| {
            found.get(&partition).copied().flatten()
        };
        let end = offset(client.offsets(partitions, At::End, false).await?).unwrap_or(0);
        let Some(mut next) = offset(client.offsets(partitions, At::Time(at), false).await?) else {
            return Ok(false);
        };
        let reader = PartitionConsumer::new(client);
        reader.change(&Changes { added: vec![(partition.clone(), next)], ..Changes::default() }).await?;
        let wanted = key(name);
        let mut idle = 0;
        while next < end {
            let fetched = reader.fetch(WAIT).await?;
            let mut records = fetched.runs.iter().flat_map(|(_, records)| records);
            if records.any(|record| record.key.as_ref() == Some(&wanted)) {
                return Ok(true);
            }
            let before = next;
            next = fetched.positions.iter().map(|(_, position)| *position).fold(next, i64::max);
            idle = if next == before { idle + 1 } else { 0 };
            if idle > TRIES {
                return Err(self.undecided());
            }
        }
        Ok(false)
    }

    fn undecided(&self) -> Error {
        let problem = format!(
            "whether a transaction was committed cannot be told yet: the topic `{}` holds transactions that are still \
             open",
            self.topic
        );
        Error::new(ErrorKind::External, problem)
    }
}

fn key(name: &TransactionName) -> Bytes {
    let TransactionName { id, producer, epoch } = name;
    Bytes::from(format!("{id}/{producer}/{epoch}"))
}
