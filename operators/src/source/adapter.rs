//! Runs a [`Source`] as the head of a chain.

use std::sync::Arc;

use millstream_runtime::chain::{
    OpenContext, OperatorHooks, Output, SnapshotContext, SourceOperator, SourceStatus,
};
use millstream_runtime::graph::{JobGraph, NodeId, Port, Prepare, SidePorts};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::codec::{decode, encode};
use millstream_state::snapshot::part::Redistribution;

use super::{Source, SourceReader};

const SPLITS: &str = "splits";

pub(super) struct SourceAdapter<S: Source> {
    source: Arc<S>,
    /// Where a test says it; a job ships what was discovered with the deployment.
    discovered: Vec<S::Split>,
    reader: S::Reader,
}

/// What runs one subtask of a source.
pub(crate) fn source_operator<S: Source>(
    source: Arc<S>,
    discovered: Vec<S::Split>,
    subtask: u32,
    parallelism: u32,
) -> impl SourceOperator<S::Record> {
    SourceAdapter::new(&source, discovered, subtask, parallelism)
}

/// Adds a source to a job.
pub(crate) fn add_source<S: Source>(graph: &mut JobGraph, source: S) -> (NodeId, Port<S::Record>, SidePorts) {
    let source = Arc::new(source);
    let (kind, has_timestamps) = (source.kind(), source.has_timestamps());
    let finder = source.clone();
    let added = graph.add_source(kind, move |info| {
        source_operator(source.clone(), Vec::new(), info.subtask, info.parallelism)
    });
    let prepare: Prepare = Arc::new(move || {
        let finder = finder.clone();
        Box::pin(async move {
            let splits = finder.discover().await?;
            encode(&splits).map_err(|error| {
                Error::new(ErrorKind::InvalidJob, "a split of the source cannot be encoded").caused_by(error)
            })
        })
    });
    graph.set_prepare(added.0, prepare);
    if has_timestamps {
        graph.mark_assigns_timestamps(added.0);
    }
    added
}

impl<S: Source> OperatorHooks<S::Record> for SourceAdapter<S> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let splits = match cx.take_list(SPLITS)? {
            Some(_) if cx.forgets_source_position() => self.first_share(cx)?,
            Some(splits) => splits,
            None => self.first_share(cx)?,
        };
        self.reader.add_splits(splits);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(SPLITS, Redistribution::Split, &self.reader.snapshot())
    }
}

impl<S: Source> SourceAdapter<S> {
    pub(super) fn new(source: &Arc<S>, discovered: Vec<S::Split>, subtask: u32, parallelism: u32) -> Self {
        let reader = source.reader_for(subtask, parallelism);
        Self { source: source.clone(), discovered, reader }
    }

    fn first_share(&mut self, cx: &OpenContext<'_>) -> Result<Vec<S::Split>> {
        let discovered = match cx.prepared() {
            None => std::mem::take(&mut self.discovered),
            Some(encoded) => decode(&encoded).map_err(|error| {
                let problem = "a discovered split cannot be decoded: its type does not survive serialisation";
                Error::new(ErrorKind::InvalidJob, problem).caused_by(error)
            })?,
        };
        Ok(self.source.assign(&discovered, cx.info().subtask, cx.info().parallelism))
    }
}

impl<S: Source> SourceOperator<S::Record> for SourceAdapter<S> {
    fn next(&mut self, output: &mut Output<'_, S::Record>) -> Result<SourceStatus> {
        self.reader.next(output)
    }
}
