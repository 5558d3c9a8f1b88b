//! Sends what checkpoints cover, any number of times under the same keys.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use millstream_operators::sink::Committer;
use millstream_runtime::Result;
use serde::{Deserialize, Serialize};

use super::delivery::{Delivery, Request};
use crate::commit_order::Turn;

/// The requests of a subtask between two checkpoints, which are sent when the second is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCommittable {
    pub(super) writer: String,
    /// Above that of what the writer has prepared before.
    pub(super) sequence: u64,
    pub(super) requests: Vec<Request>,
}

/// Sends requests whose checkpoint is complete.
pub(super) struct WebhookCommitter {
    pub(super) delivery: Arc<Delivery>,
    pub(super) in_flight: usize,
    pub(super) turn: Turn,
}

impl Committer<WebhookCommittable> for WebhookCommitter {
    async fn commit(&self, mut committables: Vec<WebhookCommittable>) -> Result<()> {
        // Of several writers, after a restore; each in its order.
        committables.sort_by(|one, other| (&one.writer, one.sequence).cmp(&(&other.writer, other.sequence)));
        let requests = committables.into_iter().flat_map(|committable| committable.requests);
        let sent = stream::iter(requests)
            .map(|request| async move { self.delivery.deliver(&request).await })
            .buffer_unordered(self.in_flight)
            .try_collect();
        self.turn.take(sent).await
    }
}
