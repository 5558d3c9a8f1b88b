//! One channel of an input gate, and what has been taken out of it before its turn.

use std::collections::VecDeque;

use millstream_state::CheckpointId;

use crate::channel::ChannelReceiver;
use crate::event::Event;

/// One channel into a task.
pub struct Inlet<T> {
    receiver: ChannelReceiver<T>,
    /// Which of the edges that lead to the operator it belongs to.
    edge: u32,
    /// Whether an unaligned checkpoint may record what is in the channel.
    can_unalign: bool,
    /// Events that were taken out of the channel while they were recorded, and wait for their turn.
    stash: VecDeque<Event<T>>,
    /// Everything before the barrier is part of a snapshot: it has to be recorded before it is worked off.
    is_recorded: bool,
    /// Events do not come straight out of the channel.
    detour: bool,
}

impl<T> Inlet<T> {
    /// The channel of an edge that is the operator's `edge`th.
    pub const fn new(receiver: ChannelReceiver<T>, edge: u32, can_unalign: bool) -> Self {
        Self { receiver, edge, can_unalign, stash: VecDeque::new(), is_recorded: false, detour: false }
    }

    pub(super) const fn edge(&self) -> u32 {
        self.edge
    }

    pub(super) const fn can_unalign(&self) -> bool {
        self.can_unalign
    }

    pub(super) const fn receiver(&self) -> &ChannelReceiver<T> {
        &self.receiver
    }

    /// The next event whose turn it is.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Event<T>> {
        if self.detour { self.next_of_stash() } else { self.receiver.try_receive() }
    }

    #[cold]
    fn next_of_stash(&mut self) -> Option<Event<T>> {
        if let Some(event) = self.stash.pop_front() {
            self.receiver.work_off();
            return Some(event);
        }
        if self.is_recorded {
            return None;
        }
        self.detour = false;
        self.receiver.try_receive()
    }

    /// From now on events are recorded before their turn.
    pub(super) fn begin_recording(&mut self, checkpoint: CheckpointId) {
        self.is_recorded = true;
        self.detour = true;
        self.receiver.record_until(checkpoint.number());
    }

    pub(super) const fn end_recording(&mut self) {
        self.is_recorded = false;
    }

    /// The next event to be recorded. Where the producer has sent the barrier of the checkpoint, all that comes before
    /// it is taken out of the channel; otherwise what there is no end of yet comes when it is its turn.
    pub(super) fn next_to_record(&self, checkpoint: CheckpointId) -> Option<Event<T>> {
        let has_end = self.receiver.announced_barrier() >= checkpoint.number();
        if self.is_recorded && (has_end || self.stash.is_empty()) { self.receiver.stash() } else { None }
    }

    /// The events that wait for their turn.
    pub(super) fn stashed(&self) -> impl Iterator<Item = &Event<T>> {
        self.stash.iter()
    }

    /// Lets an event that was recorded wait for its turn.
    pub(super) fn stash(&mut self, event: Event<T>) {
        self.stash.push_back(event);
    }
}
