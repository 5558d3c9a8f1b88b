//! Tells the group of a source how far it has got.

use std::sync::Arc;

use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use tracing::warn;

use crate::kafka::TopicPartition;
use crate::kafka::client::Client;

/// Commits offsets to a group, the latest known ones, one time after another. That it fails is no failure of the job,
/// which does not depend on them.
pub(super) struct GroupOffsets {
    client: Arc<Client>,
    group: String,
    committing: Option<IoHandle<()>>,
    next: Option<Vec<(TopicPartition, i64)>>,
}

impl GroupOffsets {
    pub(super) const fn new(client: Arc<Client>, group: String) -> Self {
        Self { client, group, committing: None, next: None }
    }

    /// Commits these offsets, instead of those that wait.
    pub(super) fn commit(&mut self, offsets: Vec<(TopicPartition, i64)>, cx: &TaskContext) {
        self.next = Some(offsets).filter(|offsets| !offsets.is_empty());
        self.go_on(cx);
    }

    /// Sees to what is under way.
    pub(super) fn go_on(&mut self, cx: &TaskContext) {
        if let Some(committed) = self.committing.as_ref().and_then(IoHandle::take) {
            self.committing = None;
            if let Err(error) = committed {
                warn!(%error, "the group's offsets are not committed; the next checkpoint's will be");
            }
        }
        if self.committing.is_some() {
            return;
        }
        let Some(offsets) = self.next.take() else { return };
        let (client, group) = (self.client.clone(), self.group.clone());
        self.committing =
            Some(cx.spawn_io(async move { client.commit_group_offsets(&group, offsets).await }));
    }
}
