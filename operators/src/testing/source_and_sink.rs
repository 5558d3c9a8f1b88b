//! Sources and sinks on their own, for the harnesses of [`millstream_runtime::testing`].

use std::sync::Arc;

use millstream_runtime::chain::{Operator, SourceOperator};

use crate::sink::{self, Sink};
use crate::source::{self, Source};

/// What runs subtask `subtask` of `parallelism` of a source that has discovered these splits: for a
/// [`SourceHarness`](millstream_runtime::testing::SourceHarness).
pub fn source_operator<S: Source>(
    source: S,
    discovered: Vec<S::Split>,
    subtask: u32,
    parallelism: u32,
) -> impl SourceOperator<S::Record> {
    source::source_operator(Arc::new(source), discovered, subtask, parallelism)
}

/// What runs subtask `subtask` of a sink: for an
/// [`OperatorHarness`](millstream_runtime::testing::OperatorHarness).
pub fn sink_operator<S: Sink>(sink: &S, subtask: u32) -> impl Operator<S::Record, ()> + use<S> {
    sink::sink_operator(sink, subtask)
}
