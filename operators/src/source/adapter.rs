//! Runs a [`Source`] as the head of a chain.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{
    OpenContext, OperatorHooks, Output, SnapshotContext, SourceOperator, SourceStatus,
};
use millstream_runtime::graph::{JobGraph, NodeId, Port, Prepare, SidePorts};
use millstream_state::snapshot::part::Redistribution;
use parking_lot::Mutex;

use super::{Source, SourceReader};

const SPLITS: &str = "splits";

pub(super) struct SourceAdapter<S: Source> {
    source: Arc<S>,
    discovered: Arc<Mutex<Vec<S::Split>>>,
    reader: S::Reader,
}

/// What runs one subtask of a source.
pub(crate) fn source_operator<S: Source>(
    source: Arc<S>,
    discovered: Arc<Mutex<Vec<S::Split>>>,
    subtask: u32,
    parallelism: u32,
) -> impl SourceOperator<S::Record> {
    SourceAdapter::new(&source, &discovered, subtask, parallelism)
}

/// Adds a source to a job.
pub(crate) fn add_source<S: Source>(graph: &mut JobGraph, source: S) -> (NodeId, Port<S::Record>, SidePorts) {
    let source = Arc::new(source);
    let discovered = Arc::new(Mutex::new(Vec::new()));
    let (kind, has_timestamps) = (source.kind(), source.has_timestamps());
    let (finder, found) = (source.clone(), discovered.clone());
    let added = graph.add_source(kind, move |info| {
        source_operator(source.clone(), discovered.clone(), info.subtask, info.parallelism)
    });
    let prepare: Prepare = Arc::new(move || {
        let (finder, found) = (finder.clone(), found.clone());
        Box::pin(async move {
            let splits = finder.discover().await?;
            *found.lock() = splits;
            Ok(())
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
            Some(_) if cx.forgets_source_position() => self.first_share(cx),
            Some(splits) => splits,
            None => self.first_share(cx),
        };
        self.reader.add_splits(splits);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(SPLITS, Redistribution::Split, &self.reader.snapshot())
    }
}

impl<S: Source> SourceAdapter<S> {
    pub(super) fn new(
        source: &Arc<S>,
        discovered: &Arc<Mutex<Vec<S::Split>>>,
        subtask: u32,
        parallelism: u32,
    ) -> Self {
        let reader = source.reader_for(subtask, parallelism);
        Self { source: source.clone(), discovered: discovered.clone(), reader }
    }

    fn first_share(&self, cx: &OpenContext<'_>) -> Vec<S::Split> {
        self.source.assign(&self.discovered.lock(), cx.info().subtask, cx.info().parallelism)
    }
}

impl<S: Source> SourceOperator<S::Record> for SourceAdapter<S> {
    fn next(&mut self, output: &mut Output<'_, S::Record>) -> Result<SourceStatus> {
        self.reader.next(output)
    }
}
