//! What a writer does first: ends the transactions that nobody will commit.

use std::collections::BTreeSet;

use millstream_runtime::Result;

use super::service::TransactionService;
use crate::kafka::client::Backoff;

/// Which of the ids of a sink are a writer's to look after.
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// What all ids of the sink begin with.
    pub(super) prefix: String,
    pub(super) subtask: u32,
    pub(super) parallelism: u32,
}

impl Share {
    /// The id with this number of this writer.
    pub(super) fn id(&self, number: u32) -> String {
        format!("{}-{}-{number}", self.prefix, self.subtask)
    }

    /// Whether an id is this writer's to look after: its own, and those of subtasks that there were only at another
    /// parallelism.
    fn holds(&self, id: &str) -> bool {
        let numbers = id.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let Some((subtask, number)) = numbers.and_then(|numbers| numbers.split_once('-')) else {
            return false;
        };
        let subtask = subtask.parse::<u32>().ok().filter(|_| number.parse::<u32>().is_ok());
        subtask.is_some_and(|subtask| subtask.checked_rem(self.parallelism) == Some(self.subtask))
    }
}

/// Aborts the open transactions of a share, but for those that the snapshot counts on.
///
/// Whatever else is open was begun after the snapshot by an attempt that is over, or that must be: what it wrote is
/// written again.
pub(super) async fn abort_unknown(
    service: &impl TransactionService,
    share: &Share,
    in_doubt: &BTreeSet<String>,
) -> Result<()> {
    for id in service.open(&share.prefix).await? {
        if share.holds(&id) && !in_doubt.contains(&id) {
            service.abort(&id).await?;
        }
    }
    Ok(())
}

/// Returns once none of the ids has an open transaction.
pub(super) async fn await_settled(
    service: &impl TransactionService,
    share: &Share,
    in_doubt: &BTreeSet<String>,
) -> Result<()> {
    let mut backoff = Backoff::default();
    while service.open(&share.prefix).await?.iter().any(|id| in_doubt.contains(id)) {
        backoff.wait().await;
    }
    Ok(())
}
