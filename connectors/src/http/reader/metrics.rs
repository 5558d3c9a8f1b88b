//! What is counted of connections.

use std::sync::Arc;

use millstream_runtime::metrics::{Counter, MetricGroup};

/// What is counted of connections.
#[derive(Default)]
pub(super) struct ReaderMetrics {
    reconnects: Arc<Counter>,
    errors: Arc<Counter>,
}

impl ReaderMetrics {
    pub(super) fn register(metrics: &MetricGroup) -> Self {
        Self { reconnects: metrics.counter("reconnects"), errors: metrics.counter("connectionErrors") }
    }

    /// A connection has failed, or there was none.
    pub(super) fn failed(&self) {
        self.errors.add(1);
    }

    /// It is connected again.
    pub(super) fn reconnects(&self) {
        self.reconnects.add(1);
    }
}
