//! Runs a [`Source`] as the head of a chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, Output, SnapshotContext, SourceOperator, SourceStatus,
    SplitReaderOperator, TaskContext,
};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::graph::{JobGraph, NodeId, Port, Prepare, SidePorts, Upstream};
use millstream_runtime::partition::{ByFunction, Partitioning};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::codec::{decode, encode};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{CheckpointId, Record};

use super::enumerator::{Assignment, Enumerator};
use super::{Source, SourceReader};

const SPLITS: &str = "splits";
/// How many splits an enumerator has handed out.
const HANDED_OUT: &str = "handed out";

pub(super) struct SourceAdapter<S: Source> {
    /// Where splits come from; `None` where an enumerator hands them out.
    found: Option<Found<S>>,
    reader: S::Reader,
    /// What was left to read at snapshots that may become complete.
    positions: BTreeMap<CheckpointId, Vec<S::Split>>,
    /// The enumerator has no further split for now.
    may_idle: bool,
    is_idle: bool,
}

/// Splits that were found before the source has begun.
struct Found<S: Source> {
    source: Arc<S>,
    /// Where a test says it; a job ships what was discovered with the deployment.
    discovered: Vec<S::Split>,
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
    let (has_timestamps, needs_checkpoints) = (source.has_timestamps(), source.needs_checkpoints());
    let problem = source.problem();
    let added =
        if source.enumerator().is_some() { add_enumerated(graph, source) } else { add_found(graph, source) };
    if has_timestamps {
        graph.mark_assigns_timestamps(added.0);
    }
    if needs_checkpoints {
        graph.mark_needs_checkpoints(added.0);
    }
    if let Some(problem) = problem {
        graph.mark_problem(added.0, problem);
    }
    added
}

/// Adds a source whose splits are found before it begins.
fn add_found<S: Source>(graph: &mut JobGraph, source: Arc<S>) -> (NodeId, Port<S::Record>, SidePorts) {
    let (kind, finder) = (source.kind(), source.clone());
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
    added
}

/// Adds a source with what finds its splits as a task before it.
fn add_enumerated<S: Source>(graph: &mut JobGraph, source: Arc<S>) -> (NodeId, Port<S::Record>, SidePorts) {
    let (kind, finder) = (source.kind(), source.clone());
    let (node, port, _) =
        graph.add_source("Split enumerator", move |_| EnumeratorAdapter::new(finder.as_ref()));
    graph.set_parallelism(node, 1);
    let to_reader = |(reader, _): &Assignment<S::Split>, readers: usize| {
        usize::try_from(reader % readers.max(1) as u64).unwrap_or_default()
    };
    let upstream = Upstream {
        node,
        port,
        partitioning: Some(Partitioning::Custom),
        partitioner: Some(Arc::new(move |_, _| Box::new(ByFunction(to_reader)) as _)),
    };
    graph.add_split_reader(kind, upstream, move |info| {
        SourceAdapter::of_enumerated(source.as_ref(), info.subtask, info.parallelism)
    })
}

impl<S: Source> OperatorHooks<S::Record> for SourceAdapter<S> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.reader.register_metrics(&cx.metric_group());
        self.reader.start(cx.task());
        let restored = cx.take_list(SPLITS)?.filter(|_| !cx.forgets_source_position());
        let splits = match (restored, &mut self.found) {
            (Some(splits), _) => splits,
            (None, Some(found)) => found.first_share(cx)?,
            (None, None) => return Ok(()),
        };
        self.reader.add_splits(splits);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let left = self.reader.snapshot();
        cx.list(SPLITS, Redistribution::Split, &left)?;
        self.positions.insert(cx.checkpoint(), left);
        Ok(())
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        let left = self.positions.remove(&checkpoint);
        // What an earlier checkpoint covers, this one covers.
        self.positions = self.positions.split_off(&checkpoint);
        left.map_or(Ok(()), |left| self.reader.checkpoint_completed(left, cx))
    }

    fn checkpoint_aborted(&mut self, checkpoint: CheckpointId, _: &mut TaskContext) -> Result<()> {
        self.positions.remove(&checkpoint);
        Ok(())
    }
}

impl<S: Source> Found<S> {
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

impl<S: Source> SourceAdapter<S> {
    pub(super) fn new(source: &Arc<S>, discovered: Vec<S::Split>, subtask: u32, parallelism: u32) -> Self {
        let found = Found { source: source.clone(), discovered };
        Self { found: Some(found), ..Self::of_enumerated(source.as_ref(), subtask, parallelism) }
    }

    /// A subtask of a source with an enumerator.
    fn of_enumerated(source: &S, subtask: u32, parallelism: u32) -> Self {
        let reader = source.reader_for(subtask, parallelism);
        Self { found: None, reader, positions: BTreeMap::new(), may_idle: false, is_idle: false }
    }

    fn set_idle(&mut self, idle: bool, output: &mut Output<'_, S::Record>) -> Result<()> {
        if std::mem::replace(&mut self.is_idle, idle) == idle {
            return Ok(());
        }
        output.emit_status(if idle { StreamStatus::Idle } else { StreamStatus::Active })
    }
}

impl<S: Source> SourceOperator<S::Record> for SourceAdapter<S> {
    fn next(&mut self, output: &mut Output<'_, S::Record>) -> Result<SourceStatus> {
        let status = self.reader.next(output)?;
        if status == SourceStatus::Ended && self.may_idle {
            // Without a split it holds nobody's event time back.
            self.set_idle(true, output)?;
        }
        Ok(status)
    }
}

impl<S: Source> Operator<Assignment<S::Split>, S::Record> for SourceAdapter<S> {
    fn process(
        &mut self,
        batch: &mut Batch<Assignment<S::Split>>,
        output: &mut Output<'_, S::Record>,
    ) -> Result<()> {
        self.set_idle(false, output)?;
        self.reader.add_splits(batch.drain().map(|(_, split)| split).collect());
        Ok(())
    }
}

impl<S: Source> SplitReaderOperator<Assignment<S::Split>, S::Record> for SourceAdapter<S> {
    fn splits_status(&mut self, status: StreamStatus, _: &mut Output<'_, S::Record>) -> Result<()> {
        self.may_idle = status == StreamStatus::Idle;
        Ok(())
    }
}

/// Runs the enumerator of a source.
pub(super) struct EnumeratorAdapter<S> {
    /// None only where a source that had an enumerator when the job was built has none any more.
    enumerator: Option<Enumerator<S>>,
    handed_out: u64,
}

impl<S: Record> EnumeratorAdapter<S> {
    fn new(source: &impl Source<Split = S>) -> Self {
        Self { enumerator: source.enumerator(), handed_out: 0 }
    }

    #[cfg(test)]
    pub(super) const fn of(enumerator: Enumerator<S>) -> Self {
        Self { enumerator: Some(enumerator), handed_out: 0 }
    }
}

impl<S: Record> OperatorHooks<Assignment<S>> for EnumeratorAdapter<S> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.handed_out = cx.take_list::<u64>(HANDED_OUT)?.into_iter().flatten().sum();
        self.enumerator.as_mut().map_or(Ok(()), |enumerator| enumerator.open(cx))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(HANDED_OUT, Redistribution::Split, [&self.handed_out])?;
        self.enumerator.as_ref().map_or(Ok(()), |enumerator| enumerator.snapshot(cx))
    }
}

impl<S: Record> SourceOperator<Assignment<S>> for EnumeratorAdapter<S> {
    fn next(&mut self, output: &mut Output<'_, Assignment<S>>) -> Result<SourceStatus> {
        match &mut self.enumerator {
            Some(enumerator) => enumerator.next(&mut self.handed_out, output),
            None => Ok(SourceStatus::Ended),
        }
    }
}
