//! The end of a stream, as it is written down.

use millstream_runtime::graph::{ChainingPolicy, NodeId, NodeRole};
use millstream_state::Record;

use super::{Sink, add_sink};
use crate::Stream;
use crate::stream::SharedGraph;

/// A sink of the job, for setting how it runs. As Flink's `DataStreamSink`.
#[doc(alias = "DataStreamSink")]
pub struct StreamSink {
    graph: SharedGraph,
    node: NodeId,
    /// Where it writes in one operator and commits in another, the one that writes.
    writer: Option<NodeId>,
}

impl StreamSink {
    pub(crate) fn new(graph: &SharedGraph, node: NodeId) -> Self {
        Self { graph: graph.clone(), node, writer: None }
    }

    pub(super) fn with_writer(self, writer: NodeId) -> Self {
        Self { writer: Some(writer), ..self }
    }

    /// Gives the sink a human-readable name.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let _ = env.from_collection(0..3).discard().name("bin");
    /// env.execute("nothing")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn name(self, name: impl Into<String>) -> Self {
        let (mut graph, name) = (self.graph.lock(), name.into());
        if let Some(writer) = self.writer {
            graph.set_name(writer, format!("{name}: Writer"));
        }
        graph.set_name(self.node, name);
        drop(graph);
        self
    }

    /// Gives the sink an identifier, by which snapshots know its state.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let _ = env.from_collection(0..3).discard().uid("bin");
    /// env.execute("nothing")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn uid(self, uid: impl Into<String>) -> Self {
        let (mut graph, uid) = (self.graph.lock(), uid.into());
        if let Some(writer) = self.writer {
            graph.set_uid(writer, format!("{uid}/writer"));
        }
        graph.set_uid(self.node, uid);
        drop(graph);
        self
    }

    /// Sets how many subtasks the sink has.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let _ = env.from_collection(0..3).discard().parallelism(2);
    /// env.execute("nothing")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "setParallelism")]
    pub fn parallelism(self, parallelism: u32) -> Self {
        // Only what writes has several subtasks.
        self.graph.lock().set_parallelism(self.writer.unwrap_or(self.node), parallelism);
        self
    }

    /// Sets whether the sink is chained to the operator before it.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::ChainingPolicy;
    /// # let env = Environment::new();
    /// let _ = env.from_collection(0..3).discard().chaining(ChainingPolicy::Head);
    /// env.execute("nothing")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn chaining(self, policy: ChainingPolicy) -> Self {
        self.graph.lock().set_chaining(self.writer.unwrap_or(self.node), policy);
        self
    }
}

impl<T: Record> Stream<T> {
    /// Writes the records to a [`Sink`]. As Flink's `sinkTo`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::sink::CollectSink;
    /// # let env = Environment::new();
    /// let collected = Collected::default();
    /// let _ = env.from_collection(0..3).sink_to(CollectSink::new(&collected)).name("all numbers");
    /// env.execute("numbers")?;
    /// assert_eq!(collected.sorted(), [0, 1, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("sinkTo", "addSink"))]
    pub fn sink_to<S: Sink<Record = T>>(&self, sink: S) -> StreamSink {
        let node = add_sink(&mut self.graph.lock(), self.upstreams.clone(), sink);
        StreamSink::new(&self.graph, node)
    }
}

impl<T: Record> Stream<T> {
    /// Adds an operator that nothing comes after.
    pub(crate) fn end_in<Op: millstream_runtime::chain::Operator<T, ()>>(
        &self,
        kind: &'static str,
        make: impl Fn() -> Op + Send + Sync + 'static,
    ) -> StreamSink {
        let upstreams = self.upstreams.clone();
        let (node, _, _) = self.graph.lock().add_operator(NodeRole::Sink, kind, upstreams, move |_| make());
        self.graph.lock().mark_stateless(node);
        StreamSink::new(&self.graph, node)
    }
}
