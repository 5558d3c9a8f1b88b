//! Metrics, cheap enough to leave on: plain counters with one writer, read by a snapshot call.
//!
//! Each subtask and each operator has its [counters](SubtaskMetrics); what a connector or a user's function wants to
//! show besides has a name, in the operator's [`MetricGroup`].

mod counter;
mod gauge;
mod group;
mod histogram;
mod input;
mod latency;
mod meter;
mod operator;
mod prometheus;
mod running;
mod subtask;

pub use self::counter::Counter;
pub use self::gauge::Gauge;
pub use self::group::{MetricGroup, MetricName, MetricValue};
pub use self::histogram::{Histogram, HistogramSnapshot};
pub use self::latency::LatencyMetrics;
pub use self::meter::Meter;
pub use self::operator::{OperatorCounters, OperatorMetrics};
pub(crate) use self::prometheus::Exposition;
pub(crate) use self::running::Stall;
pub use self::subtask::{MetricsRegistry, SubtaskCounters, SubtaskMetrics};
