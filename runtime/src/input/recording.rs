//! What an unaligned checkpoint holds of the channels into a task: the records that come after the task's snapshot
//! and before the barriers.
//!
//! Each goes with the watermark that the task would have reached when it took it. After a restore they are sent
//! again in the order of these watermarks, behind them: a record that was late is late again, whichever subtask it
//! comes to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use millstream_state::codec::{encode, encode_into};
use millstream_state::snapshot::part::{ListItems, ListStateSnapshot, Redistribution, SubtaskPart};
use millstream_state::{CheckpointId, OperatorId, Record, Shape, StateError, Timestamp};

use super::WatermarkMerger;
use crate::batch::Batch;
use crate::chain::item_shape;
use crate::checkpoint::Barrier;
use crate::error::Result;
use crate::event::Event;

/// Records in flight, as they are kept in snapshots: the watermark that they come after, and each with its timestamp
/// ([`Timestamp::MIN`] where it has none).
pub(crate) type InFlight<T> = (Timestamp, Vec<(T, Timestamp)>);

/// How the names of the states begin that hold records in flight.
const STATE: &str = "_in_flight_";

/// The name of the state that holds the records in flight of an operator's `edge`th edge.
pub(crate) fn in_flight_state(edge: u32) -> String {
    format!("{STATE}{edge}")
}

/// The edge whose records in flight a state holds, if it is such a state.
pub(crate) fn edge_of_state(name: &str) -> Option<u32> {
    name.strip_prefix(STATE)?.parse().ok()
}

/// How many bytes of records in flight are part of what a subtask has written.
pub(crate) fn in_flight_bytes(part: &SubtaskPart) -> u64 {
    let lists = part.operators.iter().flat_map(|operator| &operator.lists);
    lists.filter(|list| edge_of_state(&list.name).is_some()).map(|list| list.block.length).sum()
}

/// Records of one channel that come after the same watermark.
#[derive(Default)]
struct Segment {
    records: u64,
    encoded: Vec<u8>,
}

/// The operator at the head of a task: what is in flight to it is kept with its state.
#[derive(Clone, Debug)]
pub(crate) struct HeadOperator {
    pub(crate) id: OperatorId,
    pub(crate) name: Arc<str>,
}

/// What is recorded for one checkpoint.
pub(crate) struct Recording {
    checkpoint: CheckpointId,
    head: HeadOperator,
    /// The inputs whose barriers are still to come.
    awaited: Vec<bool>,
    /// The watermark that the task had reached.
    reached: Timestamp,
    /// What it would have come to, had it worked off all that is recorded.
    watermarks: WatermarkMerger,
    /// By edge, watermark and channel.
    segments: BTreeMap<(u32, Timestamp, usize), Segment>,
    shapes: BTreeMap<u32, Shape>,
    /// Another barrier has come where this one was awaited: upstream has dropped the checkpoint.
    is_abandoned: bool,
    /// A test wants the records to be lost.
    loses_records: bool,
}

impl Recording {
    pub(crate) fn new(
        barrier: &Barrier,
        head: HeadOperator,
        awaited: Vec<bool>,
        watermarks: WatermarkMerger,
        loses_records: bool,
    ) -> Self {
        Self {
            checkpoint: barrier.checkpoint,
            head,
            awaited,
            reached: watermarks.current(),
            watermarks,
            segments: BTreeMap::new(),
            shapes: BTreeMap::new(),
            is_abandoned: false,
            loses_records,
        }
    }

    pub(super) const fn checkpoint(&self) -> CheckpointId {
        self.checkpoint
    }

    /// Whether what comes through an input is to be recorded.
    pub(crate) fn awaits(&self, input: usize) -> bool {
        !self.is_abandoned && self.awaited.get(input) == Some(&true)
    }

    /// Whether all barriers have come.
    pub(crate) fn is_complete(&self) -> bool {
        !self.awaited.contains(&true)
    }

    /// Whether they never will.
    pub(crate) const fn is_abandoned(&self) -> bool {
        self.is_abandoned
    }

    pub(super) fn declare<T: Record>(&mut self, edge: u32) -> Result<()> {
        if let Entry::Vacant(shape) = self.shapes.entry(edge) {
            shape.insert(item_shape::<InFlight<T>>(&in_flight_state(edge))?);
        }
        Ok(())
    }

    /// Takes note of an event of an input that is awaited.
    pub(super) fn note<T: Record>(&mut self, input: usize, edge: u32, event: &Event<T>) -> Result<()> {
        match event {
            Event::Batch(batch) => self.add(input, edge, batch)?,
            Event::Watermark(watermark) => drop(self.watermarks.watermark(input, *watermark)),
            Event::Status(status) => drop(self.watermarks.status(input, *status)),
            Event::EndOfData => drop(self.watermarks.end(input)),
            Event::Barrier(barrier) if barrier.checkpoint == self.checkpoint => {
                if let Some(awaited) = self.awaited.get_mut(input) {
                    *awaited = false;
                }
            }
            Event::Barrier(barrier) => self.is_abandoned |= barrier.checkpoint > self.checkpoint,
            Event::Replayed { .. } | Event::LatencyMarker(_) => {}
        }
        Ok(())
    }

    fn add<T: Record>(&mut self, input: usize, edge: u32, batch: &Batch<T>) -> Result<()> {
        if self.loses_records {
            return Ok(());
        }
        let place = (edge, self.watermarks.current(), input);
        let segment = self.segments.entry(place).or_default();
        for record in batch.iter_timed() {
            encode_into(&record, &mut segment.encoded).map_err(|source| failed(edge, source))?;
            segment.records += 1;
        }
        Ok(())
    }

    /// The states to be kept, and with which operator's. A restored task comes to the watermark behind all that is recorded even where no
    /// record does.
    pub(crate) fn into_states(mut self) -> Result<(HeadOperator, Vec<ListStateSnapshot>)> {
        let comes_to = self.watermarks.current();
        let is_known = self.segments.keys().any(|(_, watermark, _)| *watermark == comes_to);
        if let Some(edge) = self.shapes.keys().next().filter(|_| comes_to > self.reached && !is_known) {
            self.segments.entry((*edge, comes_to, usize::MAX)).or_default();
        }
        let mut items: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
        for ((edge, watermark, _), segment) in self.segments {
            // As an `InFlight` is encoded: a sequence is its length, and its elements.
            let encoded = encode(&(watermark, segment.records)).map_err(|source| failed(edge, source));
            let mut item = encoded?;
            item.extend(segment.encoded);
            items.entry(edge).or_default().push(item);
        }
        let state = |(edge, items): (u32, Vec<Vec<u8>>)| {
            Some(ListStateSnapshot {
                name: in_flight_state(edge),
                redistribution: Redistribution::Union,
                item: self.shapes.get(&edge)?.clone(),
                items: ListItems::Ready(items),
            })
        };
        Ok((self.head, items.into_iter().filter_map(state).collect()))
    }
}

fn failed(edge: u32, source: postcard::Error) -> StateError {
    StateError::Codec { state: in_flight_state(edge), action: "encode", source }
}

#[cfg(test)]
mod tests;
