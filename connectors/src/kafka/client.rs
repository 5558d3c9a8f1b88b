//! Everything that is said to Kafka: no other module knows the client library.
//!
//! The futures here run on the I/O pool of a job, which is a tokio runtime; what the library starts of its own runs
//! there too, and ends with the pool.

mod admin;
mod commit_log;
mod coordinator;
mod failure;
mod producer;
mod properties;
mod records;
mod security;
#[cfg(test)]
mod tests;

use krafka::Kafka;
use millstream_runtime::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;

pub(super) use crate::pause::{Backoff, pause};
pub(super) use admin::At;
pub(super) use commit_log::CommitLog;
pub(super) use coordinator::{EndAnswer, TransactionName};
pub(super) use producer::{Outgoing, PartitionFunction, PlainProducer, TransactionProducer};
pub(super) use properties::Properties;
pub use properties::{consumer_properties, producer_properties};
pub(super) use records::{Changes, Fetched, FetchedRecord, PartitionConsumer};

use failure::failed;

/// Where a cluster is, and how to speak to it.
#[derive(Clone)]
pub(super) struct Cluster {
    /// `host:port`, several with commas between.
    pub(super) servers: String,
    /// What was given by Kafka's names, for whatever the client is.
    pub(super) properties: Properties,
}

/// The connections to a cluster, made when they are needed first.
pub(super) struct Client {
    cluster: Cluster,
    role: Role,
    kafka: OnceCell<Kafka>,
}

/// What a client is there for: which properties it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It reads.
    Consumer,
    /// It writes.
    Producer,
}

impl Client {
    pub(super) fn new(cluster: Cluster, role: Role) -> Self {
        Self { cluster, role, kafka: OnceCell::new() }
    }

    /// The library's handle, connected.
    async fn kafka(&self) -> Result<&Kafka> {
        self.kafka.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Kafka> {
        let Cluster { servers, properties } = &self.cluster;
        let settings = properties.connection(self.role, servers)?;
        let connected = settings.connect().await;
        connected.map_err(|error| {
            let mut what = format!("connect to Kafka at `{servers}`");
            // What a listener with TLS answers to somebody without it is read as the length of a message.
            if !properties.is_encrypted() && error.to_string().contains("InvalidLength") {
                what.push_str(
                    ", whose answer is none of Kafka's (does it want TLS? see `security.protocol`)",
                );
            }
            failed(what, error)
        })
    }

    /// Checks the properties, and that there is a cluster.
    pub(super) async fn check(&self) -> Result<()> {
        let (kafka, properties) = (self.kafka().await?, &self.cluster.properties);
        match self.role {
            Role::Consumer => properties.consumer(kafka.consumer_without_group()).map(drop),
            Role::Producer => properties.producer(kafka.producer()).map(drop),
        }
    }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::External, format!("Kafka's answer makes no sense: {what}"))
}
