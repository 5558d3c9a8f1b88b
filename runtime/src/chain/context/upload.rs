//! The upload of what a chain hands over at a barrier.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;
use millstream_state::snapshot::part::{ListStateSnapshot, OperatorSnapshot, SubtaskPart};
use millstream_state::snapshot::write::write_subtask;

use super::TaskContext;
use crate::chain::snapshot_context::NamedSnapshot;
use crate::checkpoint::{Barrier, Report, SnapshotTarget};
use crate::guard::guarded;
use crate::input::HeadOperator;

impl TaskContext {
    /// Knows what the checkpoint holds of the subtask that it was restored from.
    pub(crate) fn with_base(self, checkpoint: CheckpointId, part: SubtaskPart) -> Self {
        self.written.lock().insert(checkpoint, Arc::new(part));
        self
    }

    /// What the operators have handed over at the barrier, for callers that do not upload it.
    pub(crate) fn take_snapshots(&mut self) -> Vec<OperatorSnapshot> {
        std::mem::take(&mut self.snapshots).into_iter().map(|named| named.snapshot).collect()
    }

    /// The same, for a snapshot that is not complete yet.
    pub(crate) fn take_handed_over(&mut self) -> Vec<NamedSnapshot> {
        std::mem::take(&mut self.snapshots)
    }

    /// Gives it back, to be uploaded.
    pub(crate) fn hand_over(&mut self, snapshots: Vec<NamedSnapshot>) {
        self.snapshots = snapshots;
    }

    /// Adds operator states to what an operator has handed over.
    pub(crate) fn hand_over_lists(&mut self, operator: HeadOperator, lists: Vec<ListStateSnapshot>) {
        if lists.is_empty() {
            return;
        }
        let HeadOperator { id, name } = operator;
        match self.snapshots.iter_mut().find(|named| named.snapshot.operator == id) {
            Some(named) => named.snapshot.lists.extend(lists),
            None => {
                let snapshot = OperatorSnapshot { operator: id, keyed: Vec::new(), lists };
                self.snapshots.push(NamedSnapshot { operator: name, snapshot });
            }
        }
    }

    pub(crate) fn report(&self, report: Report) {
        self.services.reporter.report(self.subtask, report);
    }

    /// Uploads in the background what the chain has handed over, and reports when it is there.
    pub(crate) fn upload(&mut self, barrier: &Barrier, alignment: Duration) {
        let snapshots = std::mem::take(&mut self.snapshots);
        let (checkpoint, target) = (barrier.checkpoint, barrier.target.clone());
        let (services, subtask, written) = (self.services.clone(), self.subtask, self.written.clone());
        // A name of its own: a write that a dead process has left on its way may arrive at any time,
        // and must not replace the file of the same checkpoint number in the next life.
        let file = format!("{subtask}-{}-{:016x}.state", services.attempt, self.random.next());
        let base = match &target {
            SnapshotTarget::Checkpoint { base: Some(base) } => {
                let mut written = written.lock();
                // No later checkpoint has an earlier base.
                *written = written.split_off(base);
                written.get(base).map(|part| (*base, part.clone()))
            }
            _ => None,
        };
        self.services.io.spawn(Box::pin(async move {
            let snapshots = snapshots.into_iter().map(NamedSnapshot::guarded).collect();
            let write = guarded(async {
                let (home, file) = services.folders.locate(&target, checkpoint, &file)?;
                let base = base.as_ref().map(|(base, part)| (*base, part.as_ref()));
                Ok(write_subtask(services.cpu.as_ref(), &home, &file, snapshots, base).await?)
            });
            let report = match write.await {
                Ok(part) => {
                    if matches!(target, SnapshotTarget::Checkpoint { .. }) {
                        written.lock().insert(checkpoint, Arc::new(part.clone()));
                    }
                    Report::Acknowledged { checkpoint, part, alignment }
                }
                Err(error) => Report::Declined { checkpoint, error: error.in_subtask(subtask.index) },
            };
            services.reporter.report(subtask, report);
        }));
    }
}
