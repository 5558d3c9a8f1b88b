//! Whether a sink can work, before anything runs.

use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};

use super::{DeliveryGuarantee, Writing};

/// The version of the protocol of transactions in which each has an epoch of its own.
const TRANSACTION_VERSION: i16 = 2;

impl<S> Writing<S> {
    /// Checks what can be known before the first record.
    pub(super) async fn check(&self) -> Result<()> {
        let client = self.client();
        client.check().await?;
        let timeout = self.cluster.properties.transaction_timeout()?;
        let transactions = self.transactions();
        if self.guarantee == DeliveryGuarantee::ExactlyOnce
            && transactions.as_ref().is_none_or(|(prefix, _)| prefix.is_empty())
        {
            return Err(invalid(
                "a Kafka sink that writes exactly once needs a prefix for its transactional ids: set \
                 `transactional_id_prefix`"
                    .to_owned(),
            ));
        }
        client.partitions(&[self.topic.to_string()]).await?;
        let Some((_, log)) = transactions else { return Ok(()) };
        check_version(client.transaction_version().await?)?;
        if let Some(longest) = client.longest_transaction().await? {
            check_timeout(timeout, longest)?;
        }
        log.ensure(&client).await
    }
}

pub(super) fn check_version(version: i16) -> Result<()> {
    if version >= TRANSACTION_VERSION {
        return Ok(());
    }
    Err(invalid(format!(
        "the Kafka sink cannot write exactly once: the cluster has `transaction.version` {version}, and a transaction \
         has an epoch of its own only from version {TRANSACTION_VERSION} on. Raise it (with brokers of Kafka 4.0 or \
         later), or write at least once"
    )))
}

pub(super) fn check_timeout(timeout: Duration, longest: Duration) -> Result<()> {
    if timeout <= longest {
        return Ok(());
    }
    Err(invalid(format!(
        "the Kafka sink wants transactions to last up to {} ms, and the brokers allow {} ms: set the property \
         `transaction.timeout.ms` of the sink to no more than that, which is then the longest time that the job may \
         be down without losing data, or raise `transaction.max.timeout.ms` of the brokers",
        timeout.as_millis(),
        longest.as_millis()
    )))
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}
