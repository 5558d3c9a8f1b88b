//! What sources send every now and then to find out how long records take from them to each operator.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::OperatorId;

/// Goes with the records of a source from operator to operator, past the functions, and waits where they wait: in
/// channels, behind barriers, behind work that is suspended. As Flink's `LatencyMarker`.
///
/// What operators keep (windows, requests under way, timers) it passes. It is not in snapshots: those in flight at a restore are lost.
#[derive(Clone, Debug)]
pub struct LatencyMarker {
    pub(crate) source: Arc<MarkerSource>,
    /// When it was sent, on the monotonic clock of the process.
    pub(crate) sent: Duration,
}

/// The operator that has sent a marker.
#[derive(Debug)]
pub(crate) struct MarkerSource {
    pub(crate) id: OperatorId,
    pub(crate) name: Arc<str>,
}
