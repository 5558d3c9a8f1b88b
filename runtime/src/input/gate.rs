//! The channels through which one logical input of a task comes.

use crate::batch::Batch;
use crate::channel::ChannelReceiver;
use crate::event::Event;
use crate::input::Alignment;

/// Takes events from several channels in turn, leaving out those that are blocked.
pub struct InputGate<T> {
    channels: Vec<ChannelReceiver<T>>,
    /// The index of the first channel among all channels of the task.
    first: usize,
    next: usize,
}

impl<T> InputGate<T> {
    /// A gate over `channels`, the first of which is the task's input number `first`.
    pub const fn new(channels: Vec<ChannelReceiver<T>>, first: usize) -> Self {
        Self { channels, first, next: 0 }
    }

    /// The number of channels.
    pub const fn len(&self) -> usize {
        self.channels.len()
    }

    /// Whether there is no channel.
    pub const fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// Gives back a batch that came from the task's input `input`.
    pub fn give_back(&self, input: usize, batch: Batch<T>) {
        if let Some(channel) = self.channels.get(input.wrapping_sub(self.first)) {
            channel.give_back(batch);
        }
    }

    /// The next event of any channel that is not blocked, with the number of the task's input.
    pub fn poll(&mut self, alignment: &Alignment) -> Option<(usize, Event<T>)> {
        for _ in 0..self.channels.len() {
            let position = self.next;
            self.next = if position + 1 == self.channels.len() { 0 } else { position + 1 };
            let input = self.first + position;
            if alignment.is_blocked(input) {
                continue;
            }
            if let Some(event) = self.channels.get(position).and_then(ChannelReceiver::try_receive) {
                return Some((input, event));
            }
        }
        None
    }
}
