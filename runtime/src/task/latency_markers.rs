//! When a source sends latency markers.

use std::sync::Arc;
use std::time::Duration;

use crate::chain::{LatencyMarker, MarkerSource, OperatorInfo, Signal, Stage, TaskContext};
use crate::error::Result;

/// The markers of one subtask of a source, where latencies are tracked.
pub(crate) struct LatencyMarkers {
    interval: Duration,
    source: Arc<MarkerSource>,
    /// When the next is sent, on the monotonic clock.
    next: Duration,
}

impl LatencyMarkers {
    /// Those of the source `info`, if the job tracks latencies.
    pub(crate) fn of(info: &OperatorInfo, cx: &TaskContext) -> Option<Self> {
        let source = || Arc::new(MarkerSource { id: info.id, name: info.name.clone() });
        cx.latency_interval().map(|interval| Self { interval, source: source(), next: Duration::ZERO })
    }

    /// Sends the marker that is due, if one is. Called before each batch.
    pub(super) fn send_if_due(
        &mut self,
        head: &mut (impl Stage + ?Sized),
        cx: &mut TaskContext,
    ) -> Result<()> {
        let now = cx.monotonic();
        if now < self.next {
            return Ok(());
        }
        self.next = now.saturating_add(self.interval);
        let marker = LatencyMarker { source: self.source.clone(), sent: now };
        head.signal(&Signal::LatencyMarker(marker), cx)
    }

    /// The source has nothing to emit for now: the task is woken for the next marker.
    pub(super) fn wake(&self, cx: &mut TaskContext) {
        let left = self.next.saturating_sub(cx.monotonic());
        cx.wake_after(left);
    }
}

#[cfg(test)]
mod tests;
