//! Records whose answers are awaited, and which of them may leave next.
//!
//! Watermarks and statuses divide the queue into segments. Ordered, only what is at the front leaves; unordered, whatever
//! is answered of the first segment, as in Flink's `UnorderedStreamElementQueue`.

use std::collections::{BTreeMap, VecDeque};

use millstream_runtime::event::StreamStatus;
use millstream_state::Timestamp;

use super::settings::OutputOrder;

/// A record, its timestamp, and the watermark that it came behind.
pub(super) type Input<I> = (I, Timestamp, Timestamp);

/// What divides segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Watermark(Timestamp),
    Status(StreamStatus),
}

impl Marker {
    /// Takes the place of one right before it: of two watermarks the later one counts.
    pub(super) fn replaces(self, before: Self) -> bool {
        matches!((self, before), (Self::Watermark(_), Self::Watermark(_)))
    }
}

/// What leaves the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Departure<O> {
    Answers(Vec<O>, Timestamp),
    Marker(Marker),
}

enum Entry<I, O> {
    Record { input: Input<I>, answer: Option<Answer<O>> },
    Marker(Marker),
}

struct Answer<O> {
    records: Vec<O>,
    /// How many answers there were before it.
    rank: u64,
}

/// Records whose answers are awaited, each known by a number that grows with the order in which they came.
pub(super) struct Queue<I, O> {
    order: OutputOrder,
    entries: BTreeMap<u64, Entry<I, O>>,
    /// The number of the next entry.
    next: u64,
    /// Of the first segment, unordered: those that are answered, in the order of the answers.
    ready: VecDeque<u64>,
    /// Where segments end.
    markers: VecDeque<u64>,
    answers: u64,
}

impl<I, O> Queue<I, O> {
    pub(super) const fn new(order: OutputOrder) -> Self {
        Self {
            order,
            entries: BTreeMap::new(),
            next: 0,
            ready: VecDeque::new(),
            markers: VecDeque::new(),
            answers: 0,
        }
    }

    /// How many records there are, answered or not.
    pub(super) fn records(&self) -> usize {
        self.entries.len() - self.markers.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a record; returns its number.
    pub(super) fn push(&mut self, input: Input<I>) -> u64 {
        self.append(Entry::Record { input, answer: None })
    }

    /// Adds a watermark or a status.
    pub(super) fn push_marker(&mut self, marker: Marker) {
        if let Some(mut last) = self.entries.last_entry()
            && let Entry::Marker(before) = last.get_mut()
            && marker.replaces(*before)
        {
            *before = marker;
            return;
        }
        let number = self.append(Entry::Marker(marker));
        self.markers.push_back(number);
    }

    fn append(&mut self, entry: Entry<I, O>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.entries.insert(number, entry);
        number
    }

    /// The record of this number.
    pub(super) fn get(&self, number: u64) -> Option<&I> {
        match self.entries.get(&number) {
            Some(Entry::Record { input, .. }) => Some(&input.0),
            _ => None,
        }
    }

    /// The record of this number has been answered.
    pub(super) fn answer(&mut self, number: u64, records: Vec<O>) {
        let Some(Entry::Record { answer, .. }) = self.entries.get_mut(&number) else { return };
        *answer = Some(Answer { records, rank: self.answers });
        self.answers += 1;
        let is_in_first_segment = self.markers.front().is_none_or(|end| number < *end);
        if self.order == OutputOrder::Unordered && is_in_first_segment {
            self.ready.push_back(number);
        }
    }

    /// Takes what may leave next.
    pub(super) fn pop(&mut self) -> Option<Departure<O>> {
        let front = self.entries.first_entry()?;
        let number = match (self.order, front.get()) {
            (_, Entry::Marker(marker)) => {
                let marker = *marker;
                front.remove();
                self.markers.pop_front();
                self.begin_segment();
                return Some(Departure::Marker(marker));
            }
            (OutputOrder::Ordered, Entry::Record { answer: None, .. }) => return None,
            (OutputOrder::Ordered, Entry::Record { .. }) => *front.key(),
            (OutputOrder::Unordered, Entry::Record { .. }) => self.ready.pop_front()?,
        };
        match self.entries.remove(&number)? {
            Entry::Record { input: (_, timestamp, _), answer: Some(answer) } => {
                Some(Departure::Answers(answer.records, timestamp))
            }
            // Only what is answered is ready.
            Entry::Record { .. } | Entry::Marker(_) => None,
        }
    }

    /// What has been answered of the segment that is the first one from now on may leave.
    fn begin_segment(&mut self) {
        if self.order == OutputOrder::Ordered {
            return;
        }
        let end = self.markers.front().copied().unwrap_or(u64::MAX);
        let answered = self.entries.range(..end).filter_map(|(number, entry)| match entry {
            Entry::Record { answer: Some(answer), .. } => Some((answer.rank, *number)),
            _ => None,
        });
        let mut answered: Vec<_> = answered.collect();
        answered.sort_unstable();
        self.ready.extend(answered.into_iter().map(|(_, number)| number));
    }

    /// All records, in the order in which they came.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Input<I>> {
        self.entries.values().filter_map(|entry| match entry {
            Entry::Record { input, .. } => Some(input),
            Entry::Marker(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
