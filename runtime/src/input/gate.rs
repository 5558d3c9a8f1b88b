//! The channels through which one logical input of a task comes.

use millstream_state::Record;

use super::{Inlet, Recording};
use crate::batch::Batch;
use crate::error::Result;
use crate::event::Event;
use crate::input::Alignment;

/// Takes events from several channels in turn, leaving out those that are blocked.
pub struct InputGate<T> {
    inlets: Vec<Inlet<T>>,
    /// The index of the first channel among all channels of the task.
    first: usize,
    next: usize,
}

impl<T> InputGate<T> {
    /// A gate over `inlets`, the first of which is the task's input number `first`.
    pub const fn new(inlets: Vec<Inlet<T>>, first: usize) -> Self {
        Self { inlets, first, next: 0 }
    }

    /// The number of channels.
    pub const fn len(&self) -> usize {
        self.inlets.len()
    }

    /// Whether there is no channel.
    pub const fn is_empty(&self) -> bool {
        self.inlets.is_empty()
    }

    /// Gives back a batch that came from the task's input `input`.
    pub fn give_back(&self, input: usize, batch: Batch<T>) {
        if let Some(inlet) = self.inlets.get(input.wrapping_sub(self.first)) {
            inlet.receiver().give_back(batch);
        }
    }

    /// The next event of any channel that is not blocked, with the number of the task's input.
    pub fn poll(&mut self, alignment: &Alignment) -> Option<(usize, Event<T>)> {
        for _ in 0..self.inlets.len() {
            let position = self.next;
            self.next = if position + 1 == self.inlets.len() { 0 } else { position + 1 };
            let input = self.first + position;
            if alignment.is_blocked(input) {
                continue;
            }
            if let Some(event) = self.inlets.get_mut(position).and_then(Inlet::next) {
                return Some((input, event));
            }
        }
        None
    }

    /// Which channels may be unaligned.
    pub(crate) fn can_unalign(&self) -> impl Iterator<Item = bool> {
        self.inlets.iter().map(Inlet::can_unalign)
    }
}

impl<T: Record> InputGate<T> {
    /// From now on what comes before the barriers is recorded before it is worked off.
    ///
    /// # Errors
    /// If records of this type cannot be kept in a snapshot.
    pub(crate) fn begin_recording(&mut self, recording: &mut Recording) -> Result<()> {
        for (input, inlet) in (self.first..).zip(&mut self.inlets) {
            if recording.awaits(input) {
                recording.declare::<T>(inlet.edge())?;
                inlet.begin_recording(recording.checkpoint());
                // What an earlier checkpoint has recorded may still wait for its turn.
                inlet.stashed().try_for_each(|event| recording.note(input, inlet.edge(), event))?;
            }
        }
        Ok(())
    }

    /// Records what has come, up to the barriers.
    ///
    /// # Errors
    /// If a record cannot be encoded.
    pub(crate) fn record(&mut self, recording: &mut Recording) -> Result<()> {
        for (input, inlet) in (self.first..).zip(&mut self.inlets) {
            while recording.awaits(input) {
                let Some(event) = inlet.next_to_record(recording.checkpoint()) else { break };
                recording.note(input, inlet.edge(), &event)?;
                inlet.stash(event);
            }
            if !recording.awaits(input) {
                inlet.end_recording();
            }
        }
        Ok(())
    }

    /// The checkpoint will never be.
    pub(crate) fn end_recording(&mut self) {
        self.inlets.iter_mut().for_each(Inlet::end_recording);
    }
}
