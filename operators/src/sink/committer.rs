//! Sinks that write in all subtasks, and commit in one.

use std::sync::Arc;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_runtime::graph::NodeRole;
use millstream_state::Record;

use super::adapter::declare;
use super::{Sink, StreamSink};
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Writes records with a sink whose subtasks commit together: each wraps its writer in an operator that hands on what
    /// there is to commit, and one subtask of another operator commits it. For sinks that must know what all have written
    /// before they may say so, such as that a folder is complete.
    ///
    /// The operators see to pre-commit, commit and recovery themselves; of the sink itself there are its
    /// [check](Sink::check), whose answer the first operator finds prepared, what it uses
    /// [exclusively](Sink::exclusive), and its writers. Uid and parallelism of the result are those of the first
    /// operator; the second one's uid ends in `/writer`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use millstream::connectors::files::FileSink;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::{Operator, OperatorHooks, Output};
    ///
    /// /// Hands on how many records there are, and adds them up: a committer without transactions.
    /// struct Count;
    /// struct Sum(Arc<AtomicU64>);
    ///
    /// impl OperatorHooks<u64> for Count {}
    /// impl Operator<String, u64> for Count {
    ///     fn process(&mut self, batch: &mut Batch<String>, output: &mut Output<'_, u64>) -> Result<()> {
    ///         let count = batch.drain().count() as u64;
    ///         output.emit(count, Timestamp::MIN)
    ///     }
    /// }
    /// impl OperatorHooks<()> for Sum {}
    /// impl Operator<u64, ()> for Sum {
    ///     fn process(&mut self, batch: &mut Batch<u64>, _: &mut Output<'_, ()>) -> Result<()> {
    ///         batch.drain().for_each(|count| drop(self.0.fetch_add(count, Ordering::Relaxed)));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let sink = FileSink::text("lines", |line: &String| line.clone()).store(store);
    /// let (sum, env) = (Arc::new(AtomicU64::new(0)), Environment::new().parallelism(3));
    /// let lines = env.from_collection((0..10).map(|n| n.to_string()));
    /// let added = sum.clone();
    /// lines.sink_with_committer(sink, |_writer| Count, move || Sum(added.clone()));
    /// env.execute("count")?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 10);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("SupportsPreCommitTopology", "GlobalCommitter"))]
    pub fn sink_with_committer<S, C, W, O>(
        &self,
        sink: S,
        write: impl Fn(S::Writer) -> W + Send + Sync + 'static,
        commit: impl Fn() -> O + Send + Sync + 'static,
    ) -> StreamSink
    where
        S: Sink<Record = T>,
        C: Record,
        W: Operator<T, C>,
        O: Operator<C, ()>,
    {
        let sink = Arc::new(sink);
        let (kind, writers) = (sink.kind(), sink.clone());
        let make = move |info: &OperatorInfo| write(writers.writer_for(info.subtask, info.parallelism));
        let written = self.transform(kind, make);
        let writer = written.node;
        let upstreams = written.global().upstreams;
        let mut graph = self.graph.lock();
        declare(&mut graph, writer, &sink);
        let (node, _, _) = graph.add_operator(NodeRole::Sink, "Committer", upstreams, move |_| commit());
        graph.set_parallelism(node, 1);
        drop(graph);
        StreamSink::new(&self.graph, node).with_writer(writer)
    }
}
