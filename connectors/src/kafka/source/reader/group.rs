//! Tells the group of a source how far it has got.

use std::sync::Arc;

use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::metrics::{Counter, MetricGroup};
use tracing::warn;

use crate::kafka::TopicPartition;
use crate::kafka::client::Client;

type Offsets = Vec<(TopicPartition, i64)>;

/// Commits offsets to a group, the latest known ones, one time after another. That it fails is no failure of the job,
/// which does not depend on them.
pub(super) struct GroupOffsets {
    client: Arc<Client>,
    group: String,
    /// What is being committed, and that.
    committing: Option<(Offsets, IoHandle<()>)>,
    next: Option<Offsets>,
    succeeded: Arc<Counter>,
    failed: Arc<Counter>,
}

impl GroupOffsets {
    pub(super) fn new(client: Arc<Client>, group: String) -> Self {
        let (succeeded, failed) = Default::default();
        Self { client, group, committing: None, next: None, succeeded, failed }
    }

    pub(super) fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.succeeded = metrics.counter("commitsSucceeded");
        self.failed = metrics.counter("commitsFailed");
    }

    /// Commits these offsets, instead of those that wait.
    pub(super) fn commit(&mut self, offsets: Offsets, cx: &TaskContext) {
        self.next = Some(offsets).filter(|offsets| !offsets.is_empty());
        self.begin_next(cx);
    }

    /// Sees to what is under way. Answers what the group has been told, if that has just been done.
    pub(super) fn go_on(&mut self, cx: &TaskContext) -> Option<Offsets> {
        let outcome = self.committing.as_ref().and_then(|(_, committed)| committed.take());
        let told = outcome.and_then(|outcome| {
            let (offsets, _) = self.committing.take()?;
            match outcome {
                Ok(()) => {
                    self.succeeded.add(1);
                    Some(offsets)
                }
                Err(error) => {
                    self.failed.add(1);
                    warn!(%error, "the group's offsets are not committed; the next checkpoint's will be");
                    None
                }
            }
        });
        self.begin_next(cx);
        told
    }

    fn begin_next(&mut self, cx: &TaskContext) {
        if self.committing.is_some() {
            return;
        }
        let Some(offsets) = self.next.take() else { return };
        let (client, group, told) = (self.client.clone(), self.group.clone(), offsets.clone());
        let committed = cx.spawn_io(async move { client.commit_group_offsets(&group, told).await });
        self.committing = Some((offsets, committed));
    }
}
