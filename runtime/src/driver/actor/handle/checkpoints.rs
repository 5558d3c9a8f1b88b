//! The checkpoints of a job as they end, for those who report them.

use std::collections::BTreeSet;

use futures::Stream;
use millstream_state::CheckpointId;

use super::{JobHandle, JobView};
use crate::checkpoint::{CheckpointStatistics, CheckpointStatus};

impl JobView {
    /// The first checkpoint that has ended, is remembered and is none of these.
    fn ended_besides(&self, known: &BTreeSet<CheckpointId>) -> Option<&CheckpointStatistics> {
        let has_ended = |it: &&CheckpointStatistics| !matches!(it.status, CheckpointStatus::InProgress);
        self.checkpoints.recent().filter(has_ended).find(|it| !known.contains(&it.id))
    }
}

impl JobHandle {
    /// The checkpoints and savepoints of the job that have been completed or given up, as they end, until the job does:
    /// those that are remembered, and those to come. As few as ten are remembered, so a reader who is slow may miss some.
    pub fn ended_checkpoints(&self) -> impl Stream<Item = CheckpointStatistics> + Send + 'static + use<> {
        let known = BTreeSet::new();
        futures::stream::unfold((self.view.clone(), known), |(mut view, mut known)| async move {
            let ended = {
                let ends = |view: &JobView| view.ended_besides(&known).is_some() || view.result.is_some();
                let view = view.wait_for(|view| ends(view)).await.ok()?;
                known.retain(|id| view.checkpoints.recent().any(|it| it.id == *id));
                view.ended_besides(&known)?.clone()
            };
            known.insert(ended.id);
            Some((ended, (view, known)))
        })
    }
}
