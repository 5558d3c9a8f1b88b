//! A task's share of time, and how many records its source emits at a time.

use std::time::Duration;

use super::TaskContext;
use crate::chain::pacer::FIRST_PIECE;
use crate::task::Budget;

/// The clock is read once for so many batches that operators hand on.
const BATCHES_PER_READING: u32 = 16;

/// What a task may use up in one run.
#[derive(Default)]
pub(super) struct Share {
    /// What the clock said when it was read last.
    now: Duration,
    end: Duration,
    /// How many batches its operators may hand on.
    batches: u32,
}

/// How many records a source should emit at a time, so that no operator of its chain needs long for them.
pub(super) struct Pace {
    now: usize,
    /// What the operators have needed since the source was asked last.
    next: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { now: FIRST_PIECE, next: FIRST_PIECE }
    }
}

impl TaskContext {
    /// A run begins, with this share of time and batches.
    pub(crate) fn begin_run(&mut self, budget: Budget) {
        (self.blocked, self.pausing, self.input_held) = (false, false, false);
        let now = self.monotonic();
        self.share = Share { now, end: now.saturating_add(budget.time), batches: budget.emitted };
    }

    /// Notes that an operator has handed a batch on.
    #[inline]
    pub(in crate::chain) fn spend_batch(&mut self) {
        self.share.batches = self.share.batches.saturating_sub(1);
        self.pausing |= self.share.batches == 0;
        if self.share.batches.is_multiple_of(BATCHES_PER_READING) {
            self.read_clock();
        }
    }

    /// Reads the clock, and notes whether the task's share of time is over.
    #[inline]
    pub(crate) fn read_clock(&mut self) -> Duration {
        self.share.now = self.services.clock.monotonic();
        self.pausing |= self.share.now >= self.share.end;
        self.share.now
    }

    /// How many records a source should emit at a time at most.
    #[inline]
    pub(in crate::chain) const fn source_pace(&self) -> usize {
        self.pace.now
    }

    /// A source is asked for records: what the operators of its chain have needed counts from now on.
    #[inline]
    pub(in crate::chain) const fn begin_source_batch(&mut self) {
        self.pace = Pace { now: self.pace.next, next: usize::MAX };
    }

    /// An operator of the chain takes so many records at a time.
    #[inline]
    pub(in crate::chain) const fn note_piece(&mut self, piece: usize) {
        if piece < self.pace.next {
            self.pace.next = piece;
        }
    }
}
