//! Ends transactions whose producer is gone, and finds those that nobody has ended.
//!
//! The library has no call for the first: a producer commits what it has begun itself. What the coordinator
//! needs is one request, though, `EndTxn` with the name of the transaction, and anyone may send it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use krafka::__private::network::BrokerConnection;
use krafka::__private::protocol::{
    ApiKey, EndTxnRequest, EndTxnResponse, FindCoordinatorRequest, FindCoordinatorResponse, VersionedDecode,
    VersionedEncode, versions,
};
use krafka::__private::{kafka_metadata, kafka_pool};
use krafka::admin::{DescribeTransactionsOptions, ListTransactionsOptions};
use krafka::error::ErrorCode;
use krafka::{Kafka, KrafkaError};
use millstream_runtime::{Error, Result};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::failure::failed;
use super::{Backoff, Client};

/// The version of `EndTxn` with which every transaction has an epoch of its own. Repeated in another version, the
/// request gets another answer.
const END_VERSION: i16 = 5;

/// How long a broker may take to list the transactions that it coordinates. The library would ask one that has died until this is
/// over, also where it has left the cluster meanwhile.
const LISTING_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the brokers are asked again: for about a minute and a half.
const LISTING_TRIES: u32 = 30;

/// What names one transaction: with version 2 of the protocol, no other ever has the same id, producer and
/// epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::kafka) struct TransactionName {
    /// The transactional id.
    pub(in crate::kafka) id: String,
    /// The id of the producer.
    pub(in crate::kafka) producer: i64,
    /// The epoch of the producer.
    pub(in crate::kafka) epoch: i16,
}

/// What became of a request to commit.
#[derive(Clone, Debug)]
pub(in crate::kafka) enum EndAnswer {
    /// The transaction is committed, now or since an earlier request.
    Committed,
    /// Nothing is known: to be asked again.
    Retry(Error),
    /// The coordinator knows no such transaction that could be committed: it was committed long ago and its id is
    /// in use again, or it was aborted.
    Refused(String),
}

impl Client {
    /// Asks once that a transaction be committed, whoever began it.
    pub(in crate::kafka) async fn commit_transaction(&self, name: &TransactionName) -> EndAnswer {
        let kafka = match self.kafka().await {
            Ok(kafka) => kafka,
            Err(error) => return EndAnswer::Retry(error),
        };
        match end(kafka, name).await {
            Ok(()) => EndAnswer::Committed,
            Err(KrafkaError::Broker { code, message }) if !code.is_retriable() => {
                EndAnswer::Refused(format!("{message}: {code:?}"))
            }
            Err(error) => EndAnswer::Retry(failed(format!("commit the transaction of `{}`", name.id), error)),
        }
    }

    /// Whether any of these transactional ids has an open transaction. Each id's coordinator is asked: one that has just
    /// become it, and does not know its ids yet, says so, while its list of transactions would be empty.
    pub(in crate::kafka) async fn is_any_open(&self, ids: &BTreeSet<String>) -> Result<bool> {
        let options = DescribeTransactionsOptions::default();
        let described = self.kafka().await?.admin().describe_transactions(ids, options).await;
        let what = || "describe the transactions";
        let mut is_any_open = false;
        for (_, described) in described.map_err(|error| failed(what(), error))? {
            match described {
                Ok(transaction) => is_any_open |= transaction.state == "Ongoing",
                // Nobody has used it, or not for long.
                Err(KrafkaError::Broker { code: ErrorCode::TransactionalIdNotFound, .. }) => {}
                Err(error) => return Err(failed(what(), error)),
            }
        }
        Ok(is_any_open)
    }

    /// All transactional ids that begin with `prefix`: the brokers know an id from its first producer on until nobody has
    /// used it for `transactional.id.expiration.ms` (a week unless set).
    pub(in crate::kafka) async fn known_transactional_ids(&self, prefix: &str) -> Result<Vec<String>> {
        let kafka = self.kafka().await?;
        let (mut tries, mut backoff) = (0, Backoff::default());
        loop {
            match list(kafka, prefix).await {
                Err(error) if may_pass(&error) && tries < LISTING_TRIES => {
                    warn!(%error, "the transactions are not listed yet; trying again");
                    tries += 1;
                    // A broker that has died leaves the cluster a while later, and others coordinate its transactions then.
                    if let Err(error) = kafka_metadata(kafka).force_refresh(Some(&[])).await {
                        warn!(%error, "the brokers of the cluster are not known yet; trying again");
                    }
                    backoff.wait().await;
                }
                listed => return listed.map_err(|error| failed("list the transactions", error)),
            }
        }
    }
}

fn may_pass(error: &KrafkaError) -> bool {
    // One that has left the cluster since the others were asked for it.
    error.is_retriable() || matches!(error, KrafkaError::Broker { code: ErrorCode::BrokerNotAvailable, .. })
}

/// Asks all brokers of the cluster once for the transactional ids that begin with `prefix`.
async fn list(kafka: &Kafka, prefix: &str) -> krafka::Result<Vec<String>> {
    let options = ListTransactionsOptions::default().timeout(LISTING_TIMEOUT);
    let mut ids = Vec::new();
    // Each knows those that it coordinates: without one of them the list is not whole.
    for listing in kafka.admin().list_transactions(options).await?.into_values() {
        let found = listing?.into_iter().map(|found| found.transactional_id);
        ids.extend(found.filter(|id| id.starts_with(prefix)));
    }
    Ok(ids)
}

async fn end(kafka: &Kafka, name: &TransactionName) -> krafka::Result<()> {
    let connection = coordinator(kafka, &name.id).await?;
    let supported = connection.negotiate_api_version(ApiKey::EndTxn, END_VERSION, END_VERSION);
    supported.ok_or_else(|| {
        KrafkaError::broker(ErrorCode::UnsupportedVersion, "the broker does not know version 5 of EndTxn")
    })?;
    let request = EndTxnRequest::commit(&name.id, name.producer, name.epoch);
    let answer = connection
        .send_request(ApiKey::EndTxn, END_VERSION, |buffer| request.encode_versioned(END_VERSION, buffer));
    let answer = EndTxnResponse::decode_versioned(END_VERSION, &mut answer.await?)?;
    check(answer.error_code, "the coordinator does not commit the transaction")
}

/// A connection to the broker that coordinates a transactional id.
async fn coordinator(kafka: &Kafka, id: &str) -> krafka::Result<Arc<BrokerConnection>> {
    let (metadata, pool) = (kafka_metadata(kafka), kafka_pool(kafka));
    let mut failure = KrafkaError::broker(ErrorCode::CoordinatorNotAvailable, "no broker is known");
    for broker in metadata.brokers() {
        let found = async {
            let connection = pool.get_connection_by_id(broker.id(), broker.address()).await?;
            let (most, least) = (versions::FIND_COORDINATOR_MAX, versions::FIND_COORDINATOR_MIN);
            let version = connection.negotiate_api_version(ApiKey::FindCoordinator, most, least);
            let version = version.ok_or_else(|| {
                KrafkaError::broker(
                    ErrorCode::UnsupportedVersion,
                    "the broker knows no FindCoordinator of ours",
                )
            })?;
            let request = FindCoordinatorRequest::for_transaction(id);
            let answer = connection.send_request(ApiKey::FindCoordinator, version, |buffer| {
                request.encode_versioned(version, buffer)
            });
            let answer = FindCoordinatorResponse::decode_versioned(version, &mut answer.await?)?;
            check(answer.error_code, "the coordinator of the transaction is not known")?;
            Ok(answer.node_id)
        };
        match found.await {
            Ok(node) => {
                if metadata.broker(node).is_none() {
                    metadata.refresh().await?;
                }
                let broker = metadata.broker(node).ok_or_else(|| {
                    KrafkaError::broker(
                        ErrorCode::CoordinatorNotAvailable,
                        "the coordinator is not in the cluster",
                    )
                })?;
                return pool.get_connection_by_id(broker.id(), broker.address()).await;
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn check(code: ErrorCode, problem: &str) -> krafka::Result<()> {
    if code.is_ok() { Ok(()) } else { Err(KrafkaError::broker(code, problem)) }
}
