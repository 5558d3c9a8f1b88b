//! A snapshot that did not wait for all barriers: the state of the task, until the records in flight are there, too.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;

use crate::chain::{NamedSnapshot, TaskContext};
use crate::checkpoint::Barrier;
use crate::error::Result;
use crate::input::Recording;

/// A snapshot that lacks some of what was in flight when it was taken.
pub(super) struct UnalignedSnapshot {
    barrier: Arc<Barrier>,
    alignment: Duration,
    recording: Recording,
    /// What the operators of the task have handed over.
    operators: Vec<NamedSnapshot>,
}

impl UnalignedSnapshot {
    pub(super) const fn new(
        barrier: Arc<Barrier>,
        alignment: Duration,
        recording: Recording,
        operators: Vec<NamedSnapshot>,
    ) -> Self {
        Self { barrier, alignment, recording, operators }
    }

    pub(super) fn is_of(&self, checkpoint: CheckpointId) -> bool {
        self.barrier.checkpoint == checkpoint
    }

    pub(super) const fn recording(&mut self) -> &mut Recording {
        &mut self.recording
    }

    /// All that was in flight is there: writes the snapshot.
    ///
    /// # Errors
    /// If what was recorded cannot be encoded.
    pub(super) fn upload(self, cx: &mut TaskContext) -> Result<()> {
        cx.hand_over(self.operators);
        let (head, states) = self.recording.into_states()?;
        cx.hand_over_lists(head, states);
        cx.upload(&self.barrier, self.alignment);
        Ok(())
    }
}
