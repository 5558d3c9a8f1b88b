//! Ends transactions whose producer is gone, and finds those that nobody has ended.
//!
//! The library has no call for the first: a producer commits what it has begun itself. What the coordinator
//! needs is one request, though, `EndTxn` with the name of the transaction, and anyone may send it.

use std::sync::Arc;

use krafka::__private::network::BrokerConnection;
use krafka::__private::protocol::{
    ApiKey, EndTxnRequest, EndTxnResponse, FindCoordinatorRequest, FindCoordinatorResponse, VersionedDecode,
    VersionedEncode, versions,
};
use krafka::__private::{kafka_metadata, kafka_pool};
use krafka::admin::ListTransactionsOptions;
use krafka::error::ErrorCode;
use krafka::{Kafka, KrafkaError};
use millstream_runtime::{Error, Result};
use serde::{Deserialize, Serialize};

use super::Client;
use super::failure::failed;

/// The version of `EndTxn` with which every transaction has an epoch of its own. Repeated in another version, the
/// request gets another answer.
const END_VERSION: i16 = 5;

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

    /// The transactional ids that begin with `prefix` and have an open transaction.
    pub(in crate::kafka) async fn open_transactions(&self, prefix: &str) -> Result<Vec<String>> {
        self.transactional_ids(prefix, vec!["Ongoing".to_owned()]).await
    }

    /// All transactional ids that begin with `prefix`: the brokers know an id from its first producer on until nobody has
    /// used it for `transactional.id.expiration.ms` (a week unless set).
    pub(in crate::kafka) async fn known_transactional_ids(&self, prefix: &str) -> Result<Vec<String>> {
        self.transactional_ids(prefix, Vec::new()).await
    }

    /// The ids that begin with `prefix` and whose transactions are in one of these states, or in any.
    async fn transactional_ids(&self, prefix: &str, states: Vec<String>) -> Result<Vec<String>> {
        let options = ListTransactionsOptions::default().states(states);
        let listed = self.kafka().await?.admin().list_transactions(options).await;
        let what = || "list the transactions";
        let mut ids = Vec::new();
        for (_, listing) in listed.map_err(|error| failed(what(), error))? {
            let listing = listing.map_err(|error| failed(what(), error))?;
            ids.extend(
                listing.into_iter().map(|found| found.transactional_id).filter(|id| id.starts_with(prefix)),
            );
        }
        Ok(ids)
    }
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
