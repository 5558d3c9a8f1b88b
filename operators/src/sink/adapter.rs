//! Runs a [`Sink`] at the end of a chain: the order of pre-commit, snapshot and commit stands here.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext, TaskContext,
};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::graph::{JobGraph, NodeId, NodeRole, Prepare, Upstream};
use millstream_runtime::guard::guarded;
use millstream_runtime::metrics::Counter;
use millstream_state::CheckpointId;
use millstream_state::snapshot::part::Redistribution;

use super::{Committer, Sink, SinkWriter};

const COMMITTABLES: &str = "committables";
const WRITER: &str = "writer";

/// What was pre-committed at a barrier, once the I/O for it is done.
type PreCommit<C> = Shared<BoxFuture<'static, Result<Vec<C>>>>;

pub(super) struct SinkAdapter<W: SinkWriter> {
    writer: W,
    /// Everything pre-committed and not known to be committed, by the snapshot that covers it.
    /// Each later snapshot lists it too, so that no crash between can lose it.
    uncommitted: BTreeMap<CheckpointId, PreCommit<W::Committable>>,
    /// Commits under way, with the snapshots they make visible.
    commits: Vec<(Vec<CheckpointId>, IoHandle<()>)>,
    finishing: bool,
    /// How many committables have become visible.
    committed: Arc<Counter>,
}

/// What runs one subtask of a sink.
pub(crate) fn sink_operator<S: Sink>(sink: &S, subtask: u32) -> impl Operator<S::Record, ()> + use<S> {
    SinkAdapter::new(sink.writer(subtask))
}

/// Adds a sink to a job.
pub(crate) fn add_sink<S: Sink>(
    graph: &mut JobGraph,
    upstreams: Vec<Upstream<S::Record>>,
    sink: S,
) -> NodeId {
    let sink = Arc::new(sink);
    let (kind, writers) = (sink.kind(), sink.clone());
    let make =
        move |info: &OperatorInfo| SinkAdapter::new(writers.writer_for(info.subtask, info.parallelism));
    let (node, _, _) = graph.add_operator(NodeRole::Sink, kind, upstreams, make);
    declare(graph, node, &sink);
    node
}

/// Lets an operator find the answer of a sink's check prepared, and says what the sink uses.
pub(super) fn declare<S: Sink>(graph: &mut JobGraph, node: NodeId, sink: &Arc<S>) {
    let checked = sink.clone();
    let prepare: Prepare = Arc::new(move || {
        let checked = checked.clone();
        Box::pin(async move { checked.check().await })
    });
    graph.set_prepare(node, prepare);
    if let Some(resource) = sink.exclusive() {
        graph.mark_uses(node, resource);
    }
}

/// Before every number a snapshot can have: what came out of a restored one.
const RESTORED: CheckpointId = CheckpointId::new(0);

impl<W: SinkWriter> SinkAdapter<W> {
    pub(super) fn new(writer: W) -> Self {
        let committed = Arc::default();
        Self { writer, uncommitted: BTreeMap::new(), commits: Vec::new(), finishing: false, committed }
    }

    fn pre_commit(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) {
        // Guarded before it is shared: the panic is reported to the caller that waits for it.
        let prepared = guarded(self.writer.prepare_commit(cx)).boxed().shared();
        self.uncommitted.insert(checkpoint, prepared);
    }

    /// Starts committing what snapshots up to `last` cover and no commit under way does.
    fn commit_up_to(&mut self, last: CheckpointId, cx: &TaskContext) {
        let under_way =
            |checkpoint: &CheckpointId| self.commits.iter().any(|(those, _)| those.contains(checkpoint));
        let due: Vec<_> =
            self.uncommitted.range(..=last).filter(|(checkpoint, _)| !under_way(checkpoint)).collect();
        if due.is_empty() {
            return;
        }
        let checkpoints = due.iter().map(|(checkpoint, _)| **checkpoint).collect();
        let prepared: Vec<_> = due.into_iter().map(|(_, prepared)| prepared.clone()).collect();
        let committer = self.writer.committer();
        let work = async move {
            for prepared in prepared {
                let committables = prepared.await?;
                if !committables.is_empty() {
                    committer.commit(committables).await?;
                }
            }
            Ok(())
        };
        self.commits.push((checkpoints, cx.spawn_io(work)));
    }

    fn settle_commits(&mut self) -> Result<()> {
        let mut index = 0;
        while let Some((_, handle)) = self.commits.get(index) {
            match handle.take() {
                None => index += 1,
                Some(result) => {
                    let (checkpoints, _) = self.commits.swap_remove(index);
                    result?;
                    for checkpoint in checkpoints {
                        let prepared = self.uncommitted.remove(&checkpoint);
                        // It is there: else it could not have been committed.
                        if let Some(Ok(committables)) = prepared.and_then(FutureExt::now_or_never) {
                            self.committed.add(committables.len() as u64);
                            self.writer.committed(&committables);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl<W: SinkWriter> OperatorHooks<()> for SinkAdapter<W> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let metrics = cx.metric_group();
        self.committed = metrics.counter("successfulCommittables");
        self.writer.register_metrics(&metrics);
        if let Some(checked) = cx.prepared() {
            self.writer.begin(&checked)?;
        }
        if let Some(states) = cx.take_list(WRITER)? {
            self.writer.restore(states)?;
        }
        if let Some(committables) = cx.take_list::<W::Committable>(COMMITTABLES)? {
            let ready: BoxFuture<'static, _> = Box::pin(async move { Ok(committables) });
            self.uncommitted.insert(RESTORED, ready.shared());
            self.commit_up_to(RESTORED, cx.task());
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let checkpoint = cx.checkpoint();
        self.pre_commit(checkpoint, cx.task());
        cx.list(WRITER, Redistribution::Union, [&self.writer.state()])?;
        let uncommitted: Vec<_> = self.uncommitted.values().cloned().collect();
        let all = async move {
            let mut all = Vec::new();
            for prepared in uncommitted {
                all.extend(prepared.await?);
            }
            Ok(all)
        };
        cx.list_deferred(COMMITTABLES, Redistribution::Split, Box::pin(all));
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, ()>) -> Result<()> {
        self.settle_commits()?;
        self.writer.poll(output)
    }

    fn flush(&mut self, output: &mut Output<'_, ()>) -> Result<()> {
        self.writer.flush(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, ()>) -> Result<()> {
        self.writer.end_of_data(output)
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        self.commit_up_to(checkpoint, cx);
        Ok(())
    }

    fn finish(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.settle_commits()?;
        if !self.finishing {
            self.finishing = true;
            // At the end of all data everything is final, also where no checkpoint covers it
            // because checkpoints are off.
            if !cx.is_stopped_with_savepoint() {
                let last = CheckpointId::new(u64::MAX);
                self.pre_commit(last, cx);
                self.commit_up_to(last, cx);
            }
        }
        if !self.commits.is_empty() {
            cx.hold_finish();
        }
        Ok(())
    }
}

impl<W: SinkWriter> Operator<W::Record, ()> for SinkAdapter<W> {
    fn process(&mut self, batch: &mut Batch<W::Record>, output: &mut Output<'_, ()>) -> Result<()> {
        self.writer.write(batch, output)
    }
}
