//! How long records take from each source to an operator.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::OperatorId;
use parking_lot::Mutex;

use super::{Histogram, HistogramSnapshot};
use crate::chain::{LatencyMarker, MarkerSource};

/// The latencies of one operator in one subtask: a few sources, a few markers a second.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<Vec<FromSource>>);

#[derive(Debug)]
struct FromSource {
    source: Arc<MarkerSource>,
    operator: OperatorId,
    milliseconds: Histogram,
}

impl Latencies {
    /// Notes that a marker has come to the operator.
    pub(super) fn note(&self, marker: &LatencyMarker, operator: OperatorId, now: Duration) {
        let mut sources = self.0.lock();
        let took = u64::try_from(now.saturating_sub(marker.sent).as_millis()).unwrap_or(u64::MAX);
        if let Some(known) = sources.iter().find(|known| known.source.id == marker.source.id) {
            return known.milliseconds.update(took);
        }
        let milliseconds = Histogram::default();
        milliseconds.update(took);
        sources.push(FromSource { source: marker.source.clone(), operator, milliseconds });
    }

    pub(super) fn read(&self) -> Vec<LatencyMetrics> {
        let read = |known: &FromSource| LatencyMetrics {
            source: known.source.name.to_string(),
            source_id: known.source.id,
            operator_id: known.operator,
            milliseconds: known.milliseconds.read(),
        };
        self.0.lock().iter().map(read).collect()
    }
}

/// How long records took from one source to an operator, if the job
/// [tracks latencies](crate::graph::PlanSettings::latency_interval).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencyMetrics {
    /// The name of the source.
    pub source: String,
    /// The identifier of the source in snapshots.
    pub source_id: OperatorId,
    /// The identifier of the operator in snapshots.
    pub operator_id: OperatorId,
    /// The latencies.
    pub milliseconds: HistogramSnapshot,
}

/// Adds the latencies of another subtask of the same operator.
pub(super) fn merge(all: &mut Vec<LatencyMetrics>, others: &[LatencyMetrics]) {
    for other in others {
        match all.iter_mut().find(|known| known.source_id == other.source_id) {
            Some(known) => known.milliseconds.merge(&other.milliseconds),
            None => all.push(other.clone()),
        }
    }
}
