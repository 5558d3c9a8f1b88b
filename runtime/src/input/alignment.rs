//! Barrier alignment over a task's inputs: which may be read, and when a snapshot is due.
//!
//! Exactly-once: an input whose barrier has come is blocked until the others' have come too, so at
//! most one checkpoint aligns at a time. Unaligned: the task takes its snapshot without waiting, and what
//! comes before the other barriers becomes part of it. At-least-once: nothing is blocked, and several may be
//! under way. An input that has ended still carries barriers (see [`Event::EndOfData`](crate::event::Event)).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;

use crate::checkpoint::{Barrier, CheckpointMode};

/// What becomes of a task that is not to wait for barriers any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unalignment {
    /// Its snapshot has been taken, or never will be.
    Settled,
    /// It is not possible yet.
    Later,
    /// It takes its snapshot now; the records that come through some inputs before the barrier belong to it.
    Now {
        /// The inputs whose barriers are still to come.
        awaited: Vec<bool>,
        /// How long after the first barrier that has come.
        alignment: Duration,
    },
}

/// What a barrier's arrival asks of the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BarrierAction {
    /// Wait for the barriers of the other inputs.
    Wait,
    /// All have come: take the snapshot now.
    Snapshot {
        /// Of which checkpoint.
        barrier: Arc<Barrier>,
        /// How long after the first.
        alignment: Duration,
    },
}

struct Pending {
    barrier: Arc<Barrier>,
    arrived: Vec<bool>,
    since: Duration,
}

/// The alignment of one task.
pub struct Alignment {
    inputs: usize,
    /// Oldest first.
    pending: VecDeque<Pending>,
    /// All inputs have had the barrier of this checkpoint, and so none is left of an earlier one.
    settled: Option<CheckpointId>,
    /// Later ones whose barriers are ignored. An earlier checkpoint may go on beside them.
    aborted: BTreeSet<CheckpointId>,
    /// While records that were in flight are sent again: how many rounds each input has been through.
    replay: Option<Vec<Rounds>>,
}

/// How far an input has come in what is sent again after a restore.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rounds {
    complete: u32,
    /// There are no more.
    all: bool,
}

impl Alignment {
    /// For a task with `inputs` inputs.
    pub const fn new(inputs: usize) -> Self {
        Self { inputs, pending: VecDeque::new(), settled: None, aborted: BTreeSet::new(), replay: None }
    }

    /// The same, where records that were in flight come first through all inputs, in rounds.
    pub(crate) fn expecting_replay(self) -> Self {
        Self { replay: Some(vec![Rounds::default(); self.inputs]), ..self }
    }

    /// Whether input `index` must not be read for now.
    #[inline]
    pub fn is_blocked(&self, index: usize) -> bool {
        // While nothing aligns, which is nearly always, this is all.
        (!self.pending.is_empty() || self.replay.is_some()) && self.blocks(index)
    }

    #[cold]
    fn blocks(&self, index: usize) -> bool {
        let is_ahead = |rounds: &Vec<Rounds>| rounds.get(index) > rounds.iter().min();
        self.replay.as_ref().is_some_and(is_ahead)
            || self.pending.iter().any(|pending| {
                pending.barrier.mode == CheckpointMode::ExactlyOnce
                    && pending.arrived.get(index).copied() == Some(true)
            })
    }

    /// A round of the records that were in flight has come to its end on input `index`.
    pub(crate) fn replayed(&mut self, index: usize, last: bool) {
        let Some(rounds) = &mut self.replay else { return };
        if let Some(rounds) = rounds.get_mut(index) {
            rounds.complete += 1;
            rounds.all |= last;
        }
        if rounds.iter().all(|rounds| rounds.all) {
            self.replay = None;
        }
    }

    /// The task is not to wait for the barriers of a checkpoint any longer, but for those of inputs that cannot be
    /// unaligned.
    pub(crate) fn unalign(
        &mut self,
        checkpoint: CheckpointId,
        can: impl Iterator<Item = bool>,
        now: Duration,
    ) -> Unalignment {
        if self.settled >= Some(checkpoint) || self.aborted.contains(&checkpoint) {
            return Unalignment::Settled;
        }
        // What is sent again must not be mixed with what comes after it; and snapshots keep their order.
        if self.replay.is_some() || self.pending.iter().any(|it| it.barrier.checkpoint != checkpoint) {
            return Unalignment::Later;
        }
        let first = self.pending.front();
        let has_come = |index| first.is_some_and(|pending| pending.arrived.get(index) == Some(&true));
        let awaited: Vec<bool> = (0..self.inputs).map(|index| !has_come(index)).collect();
        if awaited.iter().zip(can).any(|(awaited, can)| *awaited && !can) {
            return Unalignment::Later;
        }
        let alignment = first.map_or(Duration::ZERO, |pending| now.saturating_sub(pending.since));
        self.settle(checkpoint);
        Unalignment::Now { awaited, alignment }
    }

    /// A barrier has come through input `index`, at `now` on the monotonic clock.
    pub fn barrier(&mut self, index: usize, barrier: Arc<Barrier>, now: Duration) -> BarrierAction {
        let checkpoint = barrier.checkpoint;
        if self.settled >= Some(checkpoint) || self.aborted.contains(&checkpoint) {
            return BarrierAction::Wait;
        }
        // A barrier of a later checkpoint on an input that has not had the earlier one's: upstream
        // has dropped the earlier one, and so do we.
        let (inputs, overtaken) = (self.inputs, |pending: &Pending| {
            pending.barrier.checkpoint < checkpoint && pending.arrived.get(index).copied() == Some(false)
        });
        self.pending.retain(|pending| !overtaken(pending));
        let position = self.pending.iter().position(|pending| pending.barrier.checkpoint == checkpoint);
        let position = match position {
            Some(position) => position,
            // Where a later barrier has come through, this one was dropped or has been settled: it
            // would block its input, and with it the later checkpoint, for nothing.
            None if self.pending.iter().any(|pending| pending.barrier.checkpoint > checkpoint) => {
                return BarrierAction::Wait;
            }
            None => {
                self.pending.push_back(Pending { barrier, arrived: vec![false; inputs], since: now });
                self.pending.len() - 1
            }
        };
        let Some(pending) = self.pending.get_mut(position) else { return BarrierAction::Wait };
        if let Some(arrived) = pending.arrived.get_mut(index) {
            *arrived = true;
        }
        if !pending.arrived.iter().all(|arrived| *arrived) {
            return BarrierAction::Wait;
        }
        let (barrier, alignment) = (pending.barrier.clone(), now.saturating_sub(pending.since));
        self.settle(checkpoint);
        BarrierAction::Snapshot { barrier, alignment }
    }

    /// Whether a barrier is the first of its checkpoint: what a task that does not align acts upon.
    pub(crate) fn is_first(&mut self, barrier: &Barrier) -> bool {
        let is_first = self.settled.is_none_or(|settled| settled < barrier.checkpoint);
        self.settle(barrier.checkpoint);
        is_first
    }

    /// The checkpoint will never be: what waits for it may go on.
    pub fn abort(&mut self, checkpoint: CheckpointId) {
        self.pending.retain(|pending| pending.barrier.checkpoint != checkpoint);
        if self.settled < Some(checkpoint) {
            self.aborted.insert(checkpoint);
        }
    }

    fn settle(&mut self, checkpoint: CheckpointId) {
        self.settled = self.settled.max(Some(checkpoint));
        self.pending.retain(|pending| pending.barrier.checkpoint > checkpoint);
        self.aborted.retain(|aborted| *aborted > checkpoint);
    }
}

#[cfg(test)]
mod tests;
