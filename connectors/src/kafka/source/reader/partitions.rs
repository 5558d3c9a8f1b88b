//! The partitions of one reader, with what has been fetched of each.

use std::collections::VecDeque;

use millstream_runtime::metrics::MetricGroup;

use super::metrics::PartitionMetrics;
use crate::kafka::TopicPartition;
use crate::kafka::client::{Changes, Fetched, FetchedRecord};
use crate::kafka::source::split::KafkaSplit;

/// How many runs of records may wait in a partition before no more are fetched of it.
const RUNS: usize = 2;

/// How many records may wait, in all partitions that are read now, before nothing is fetched.
const WAITING: usize = 8 * 1024;

/// A partition.
pub(super) struct Partition {
    pub(super) split: KafkaSplit,
    /// What has been fetched of it, in its order.
    runs: VecDeque<std::vec::IntoIter<FetchedRecord>>,
    /// Where reading goes on after all of that.
    position: i64,
    is_paused: bool,
    /// Why it is not read for now, though there are records: it is ahead of others.
    pub(super) is_ahead: bool,
    /// Behind the last record that could be read, when that was last known.
    end: Option<i64>,
    metrics: PartitionMetrics,
}

impl Partition {
    /// The next record.
    pub(super) fn pop(&mut self) -> Option<FetchedRecord> {
        loop {
            if let Some(record) = self.runs.front_mut()?.next() {
                return Some(record);
            }
            self.runs.pop_front();
        }
    }

    /// Whether no record waits. What lies behind the last one has been passed then.
    pub(super) fn is_drained(&mut self) -> bool {
        while self.runs.front().is_some_and(|run| run.len() == 0) {
            self.runs.pop_front();
        }
        if self.runs.is_empty() {
            self.split.next = self.split.next.max(self.position);
        }
        self.runs.is_empty()
    }

    /// Shows how far it has been read.
    pub(super) fn show_progress(&self) {
        self.metrics.update(self.split.next, self.end);
    }

    fn waiting(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }
}

/// The partitions of one reader.
#[derive(Default)]
pub(super) struct Partitions {
    all: Vec<Partition>,
    /// The one read last.
    current: usize,
    changes: Changes,
    metrics: Option<MetricGroup>,
}

impl Partitions {
    pub(super) fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.metrics = Some(metrics.clone());
    }

    pub(super) fn add(&mut self, split: KafkaSplit) {
        let position = split.next;
        if !split.is_done() {
            self.changes.added.push((split.partition.clone(), position));
        }
        let metrics = PartitionMetrics::new(self.metrics.as_ref(), &split.partition);
        self.all.push(Partition {
            split,
            runs: VecDeque::new(),
            position,
            is_paused: false,
            is_ahead: false,
            end: None,
            metrics,
        });
    }

    pub(super) fn splits(&self) -> impl Iterator<Item = &KafkaSplit> {
        self.all.iter().map(|partition| &partition.split)
    }

    /// Whether everything has been read.
    pub(super) fn are_done(&self) -> bool {
        self.splits().all(KafkaSplit::is_done)
    }

    /// Takes in what a fetch has brought.
    pub(super) fn take_in(&mut self, fetched: Fetched) {
        for (name, records) in fetched.runs {
            if let Some(partition) = self.find(&name) {
                partition.runs.push_back(records.into_iter());
            }
        }
        for (name, position) in fetched.positions {
            if let Some(partition) = self.find(&name) {
                partition.position = position;
            }
        }
        for (name, end) in fetched.ends {
            if let Some(partition) = self.find(&name) {
                partition.end = Some(end);
                partition.show_progress();
            }
        }
    }

    /// The group of the source has been told these offsets.
    pub(super) fn show_committed(&mut self, offsets: &[(TopicPartition, i64)]) {
        for (name, offset) in offsets {
            if let Some(partition) = self.find(name) {
                partition.metrics.committed(*offset);
            }
        }
    }

    fn find(&mut self, name: &TopicPartition) -> Option<&mut Partition> {
        self.all.iter_mut().find(|partition| partition.split.partition == *name)
    }

    /// What is to change before the next fetch; `None` if there is to be none for now.
    pub(super) fn plan_fetch(&mut self) -> Option<Changes> {
        let read_now = self.all.iter().filter(|partition| !partition.is_ahead);
        if read_now.map(Partition::waiting).sum::<usize>() >= WAITING {
            return None;
        }
        for partition in &mut self.all {
            let pauses = partition.split.is_done() || partition.runs.len() >= RUNS;
            if pauses == partition.is_paused {
                continue;
            }
            partition.is_paused = pauses;
            let changed = if pauses { &mut self.changes.paused } else { &mut self.changes.resumed };
            changed.push(partition.split.partition.clone());
        }
        let any = self.all.iter().any(|partition| !partition.is_paused);
        any.then(|| std::mem::take(&mut self.changes))
    }

    /// The next partition in turn; each comes once in as many calls as there are partitions.
    pub(super) fn advance(&mut self) -> Option<&mut Partition> {
        self.current = (self.current + 1) % self.all.len().max(1);
        self.all.get_mut(self.current)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
