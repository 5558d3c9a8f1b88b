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

    /// The subtask that has an id, if this writer is the one to look after it: its own ids, and those of subtasks that there
    /// were only at another parallelism.
    fn subtask_of(&self, id: &str) -> Option<u32> {
        let numbers = id.strip_prefix(&self.prefix)?.strip_prefix('-')?;
        let (subtask, number) = numbers.split_once('-')?;
        number.parse::<u32>().ok()?;
        let subtask = subtask.parse::<u32>().ok()?;
        (subtask.checked_rem(self.parallelism) == Some(self.subtask)).then_some(subtask)
    }
}

/// Keeps attempts that are over from writing, for all ids of a share but those that the snapshot counts on. Returns the ids
/// of this subtask, which are the caller's to take over.
///
/// What such an attempt has open was begun after the snapshot, and is written again. It does not show while the last
/// requests of a process that was killed are on their way to the broker; so ids are taken from it whether they have an open
/// transaction or not.
pub(super) async fn fence_unknown(
    service: &impl TransactionService,
    share: &Share,
    in_doubt: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let mut own = Vec::new();
    for id in service.known(&share.prefix).await? {
        match share.subtask_of(&id) {
            Some(subtask) if !in_doubt.contains(&id) => {
                if subtask == share.subtask {
                    own.push(id);
                } else {
                    service.abort(&id).await?;
                }
            }
            _ => {}
        }
    }
    Ok(own)
}

/// Returns once none of the ids has an open transaction.
pub(super) async fn await_settled(
    service: &impl TransactionService,
    in_doubt: &BTreeSet<String>,
) -> Result<()> {
    let mut backoff = Backoff::default();
    while service.is_any_open(in_doubt).await? {
        backoff.wait().await;
    }
    Ok(())
}
