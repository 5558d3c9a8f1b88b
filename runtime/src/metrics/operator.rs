//! The counters that each operator has.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_state::OperatorId;

use super::group::NamedMetrics;
use super::latency::{Latencies, merge};
use super::{Counter, HistogramSnapshot, LatencyMetrics, MetricName, MetricValue};
use crate::chain::LatencyMarker;

/// The counters of one operator in one subtask.
#[derive(Debug, Default)]
pub struct OperatorCounters {
    /// Records taken in.
    pub records_in: Counter,
    /// Records given out.
    pub records_out: Counter,
    /// Records dropped because they came after their window had closed.
    pub late_records: Counter,
    /// Records that could not be read and were skipped.
    pub skipped_records: Counter,
    /// Bytes read from or written to an outside system.
    pub bytes: Counter,
    /// Those that are its own.
    pub(super) named: NamedMetrics,
    pub(super) latencies: Latencies,
    /// Its place among the operators of the subtask.
    pub(crate) place: u32,
}

impl OperatorCounters {
    /// Notes that a marker has come to the operator, which is this one.
    pub(crate) fn note_latency(&self, marker: &LatencyMarker, operator: OperatorId, now: Duration) {
        self.latencies.note(marker, operator, now);
    }

    pub(super) fn read(&self) -> OperatorMetrics {
        OperatorMetrics {
            records_in: self.records_in.get(),
            records_out: self.records_out.get(),
            late_records: self.late_records.get(),
            skipped_records: self.skipped_records.get(),
            bytes: self.bytes.get(),
            named: self.named.read(),
            latencies: self.latencies.read(),
        }
    }
}

/// What one operator in one subtask has done, in the current attempt.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OperatorMetrics {
    /// Records taken in.
    pub records_in: u64,
    /// Records given out.
    pub records_out: u64,
    /// Records dropped because they came after their window had closed.
    pub late_records: u64,
    /// Records that could not be read and were skipped.
    pub skipped_records: u64,
    /// Bytes read from or written to an outside system.
    pub bytes: u64,
    /// Its own metrics: those of a connector, or of a user's function. See [`MetricGroup`](super::MetricGroup).
    pub named: BTreeMap<MetricName, MetricValue>,
    /// How long records took to it from each source, where that is tracked.
    pub latencies: Vec<LatencyMetrics>,
}

impl OperatorMetrics {
    /// One of its own metrics that lies in no group.
    pub fn metric(&self, name: &str) -> Option<&MetricValue> {
        self.named.get(&MetricName { name: name.to_owned(), labels: Vec::new() })
    }

    /// How many milliseconds records took from the source of this name to this operator, where that is tracked.
    pub fn latency_from(&self, source: &str) -> Option<&HistogramSnapshot> {
        self.latencies.iter().find(|known| known.source == source).map(|known| &known.milliseconds)
    }

    /// What the gauges of this name say in all groups, such as those of all partitions, together.
    pub fn sum_of_gauges(&self, name: &str) -> Option<f64> {
        let mut sum = None;
        for (_, value) in self.named.iter().filter(|(metric, _)| metric.name == name) {
            if let MetricValue::Gauge(value) = value {
                sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        sum
    }
}

impl std::ops::AddAssign<&Self> for OperatorMetrics {
    /// Together with another subtask: what was counted is added up, and of gauges of one name and group the greatest stays.
    fn add_assign(&mut self, other: &Self) {
        self.records_in += other.records_in;
        self.records_out += other.records_out;
        self.late_records += other.late_records;
        self.skipped_records += other.skipped_records;
        self.bytes += other.bytes;
        merge(&mut self.latencies, &other.latencies);
        for (name, value) in &other.named {
            match self.named.get_mut(name) {
                Some(sum) => sum.merge(value),
                None => drop(self.named.insert(name.clone(), value.clone())),
            }
        }
    }
}
