//! Commits transactions, any number of times with the same outcome.

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::service::TransactionService;
use crate::kafka::client::{Backoff, EndAnswer, TransactionName};

/// A transaction whose records are all with the brokers, and which waits to be committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KafkaCommittable {
    pub(in crate::kafka) name: TransactionName,
    /// The topic of its commit log.
    pub(in crate::kafka) log: String,
    /// The timestamp of its entry there.
    pub(in crate::kafka) prepared_at: Timestamp,
}

/// Commits a transaction, whose producer may be long gone.
///
/// The coordinator alone cannot always tell. Once the id is in use again it refuses, whether the transaction had been
/// committed or aborted; then the commit log decides.
///
/// # Errors
/// If the transaction was aborted, or if it cannot be told that it was not; with `ignores_lost` neither is an error.
pub(in crate::kafka) async fn settle(
    service: &impl TransactionService,
    committable: &KafkaCommittable,
    ignores_lost: bool,
) -> Result<()> {
    let mut backoff = Backoff::default();
    let refusal = loop {
        match service.commit(&committable.name).await {
            EndAnswer::Committed => return Ok(()),
            EndAnswer::Refused(refusal) => break refusal,
            EndAnswer::Retry(error) => {
                warn!(%error, "a transaction is not committed yet; trying again");
                backoff.wait().await;
            }
        }
    };
    let was_committed = service.lists(committable).await?;
    if was_committed || ignores_lost {
        // The id was used again after the restored snapshot, by an attempt that is over. Readers of committed records would
        // wait behind what it has left open, and nobody else aborts it: the snapshot has the id among those that must be
        // left alone. No writer of this attempt uses it.
        service.abort(&committable.name.id).await?;
    }
    if was_committed {
        return Ok(());
    }
    let KafkaCommittable { name, log, .. } = committable;
    let what = format!(
        "data is lost: a complete checkpoint counts on the transaction of `{}` (producer {}, epoch {}), which is not \
         committed and cannot be any more ({refusal}); the commit log `{log}` does not list it either",
        name.id, name.producer, name.epoch
    );
    if ignores_lost {
        warn!("{what}; going on, as the sink is told to");
        return Ok(());
    }
    let problem = format!(
        "{what}. The job was down for longer than `transaction.timeout.ms`, another job uses the same \
         `transactional_id_prefix`, or the snapshot is older than what the commit log keeps. Start from a snapshot \
         before that one, which may write records a second time, or let the sink `ignore_lost_transactions`"
    );
    Err(Error::new(ErrorKind::Restore, problem))
}
