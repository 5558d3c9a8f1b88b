//! The events of all partial matches, each kept once.

use millstream_state::{Timestamp, prefetch};
use serde::{Deserialize, Serialize};

use super::spec::StageId;

/// The number of an event in its sequence, from 0.
pub(super) type EventNumber = u64;
/// Where an event is.
pub(super) type Slot = u32;
/// Where the last event of a partial match is, and which came before.
pub(super) type NodeId = u32;

/// Stands for no node.
pub(super) const NO_NODE: NodeId = NodeId::MAX;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored<E> {
    /// `None` if the place is free.
    event: Option<E>,
    number: EventNumber,
    timestamp: Timestamp,
    /// How many nodes refer to it.
    references: u32,
}

/// An event that was taken for a stage, and the partial match before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Node {
    slot: Slot,
    stage: StageId,
    previous: NodeId,
    /// How many nodes and runs refer to it; 0 if the place is free.
    references: u32,
}

/// Events, and nodes that refer to them: what is referred to by none is removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SharedBuffer<E> {
    events: Vec<Stored<E>>,
    free_events: Vec<Slot>,
    nodes: Vec<Node>,
    free_nodes: Vec<NodeId>,
}

impl<E> Default for SharedBuffer<E> {
    fn default() -> Self {
        Self { events: Vec::new(), free_events: Vec::new(), nodes: Vec::new(), free_nodes: Vec::new() }
    }
}

/// An event of a partial match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) stage: StageId,
    pub(super) slot: Slot,
}

impl<E> SharedBuffer<E> {
    /// Asks for its memory.
    #[inline]
    pub(super) fn prefetch(&self) {
        self.events.first().into_iter().for_each(prefetch);
        self.nodes.first().into_iter().for_each(prefetch);
        self.free_events.first().into_iter().for_each(prefetch);
        self.free_nodes.first().into_iter().for_each(prefetch);
    }

    /// Adds an event, to which one reference is held until [`release_event`](Self::release_event).
    pub(super) fn add_event(&mut self, event: E, number: EventNumber, timestamp: Timestamp) -> Slot {
        let stored = Stored { event: Some(event), number, timestamp, references: 1 };
        let free = self.free_events.pop();
        match free.and_then(|slot| Some((slot, self.events.get_mut(slot as usize)?))) {
            Some((slot, place)) => {
                *place = stored;
                slot
            }
            None => {
                self.events.push(stored);
                slot_of(self.events.len() - 1)
            }
        }
    }

    /// The event in a slot.
    #[inline]
    pub(super) fn event(&self, slot: Slot) -> Option<&E> {
        self.events.get(slot as usize)?.event.as_ref()
    }

    /// Number and timestamp of the event in a slot.
    #[inline]
    pub(super) fn place_of(&self, slot: Slot) -> Option<(EventNumber, Timestamp)> {
        self.events.get(slot as usize).map(|stored| (stored.number, stored.timestamp))
    }

    /// Takes an event for a stage after what `previous` stands for, which gets another reference. One reference is
    /// held to the node until [`release`](Self::release).
    pub(super) fn take(&mut self, slot: Slot, stage: StageId, previous: NodeId) -> NodeId {
        if let Some(stored) = self.events.get_mut(slot as usize) {
            stored.references += 1;
        }
        self.retain(previous);
        let node = Node { slot, stage, previous, references: 1 };
        let free = self.free_nodes.pop();
        match free.and_then(|id| Some((id, self.nodes.get_mut(id as usize)?))) {
            Some((id, place)) => {
                *place = node;
                id
            }
            None => {
                self.nodes.push(node);
                slot_of(self.nodes.len() - 1)
            }
        }
    }

    /// Holds another reference to a node.
    pub(super) fn retain(&mut self, node: NodeId) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.references += 1;
        }
    }

    /// Gives a reference to a node back.
    pub(super) fn release(&mut self, mut id: NodeId) {
        while let Some(node) = self.nodes.get_mut(id as usize) {
            node.references = node.references.saturating_sub(1);
            if node.references > 0 {
                return;
            }
            let (slot, previous) = (node.slot, node.previous);
            self.free_nodes.push(id);
            self.release_event(slot);
            id = previous;
        }
    }

    /// Gives a reference to an event back.
    pub(super) fn release_event(&mut self, slot: Slot) {
        let Some(stored) = self.events.get_mut(slot as usize) else { return };
        stored.references = stored.references.saturating_sub(1);
        if stored.references == 0 && stored.event.take().is_some() {
            self.free_events.push(slot);
        }
    }

    /// The events of a partial match, in order; replaces what is in `taken`.
    pub(super) fn trace(&self, mut id: NodeId, taken: &mut Vec<Taken>) {
        taken.clear();
        while let Some(node) = self.nodes.get(id as usize) {
            // More there cannot be, whatever a snapshot holds.
            if taken.len() > self.nodes.len() {
                break;
            }
            taken.push(Taken { stage: node.stage, slot: node.slot });
            id = node.previous;
        }
        taken.reverse();
    }

    /// Forgets how many places there have been, if all are free.
    pub(super) fn shrink(&mut self) {
        if self.free_events.len() == self.events.len() && self.free_nodes.len() == self.nodes.len() {
            self.clear();
        }
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.free_events.clear();
        self.nodes.clear();
        self.free_nodes.clear();
    }

    /// How many events and nodes are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        (self.events.len() - self.free_events.len(), self.nodes.len() - self.free_nodes.len())
    }
}

/// No more fit into memory than a slot can count.
fn slot_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1)
}
