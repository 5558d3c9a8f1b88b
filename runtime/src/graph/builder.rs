//! Writing a job down: nodes in the order they are made, each after its inputs, so that there are no cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use millstream_state::Record;

use super::edge::{Edge, EdgeSpec, Port, Upstream};
use super::id::{EdgeId, GraphId, NodeId};
use super::node::{BuildTask, ChainingPolicy, Node, NodeRole};
use super::side::SidePorts;
use super::subtask::SubtaskBuilder;
use crate::batch::Batch;
use crate::chain::{
    Collector, Link, NoInput, Operator, OperatorInfo, SourceLink, SourceOperator, SplitReaderOperator,
    TwoInputLink, TwoInputOperator,
};
use crate::error::Result;
use crate::input::{Inlet, InputGate};
use crate::task::{LatencyMarkers, OperatorTask, SourceTask, SplitReaderTask, TwoInputTask};

/// A job as it is written down.
pub struct JobGraph {
    id: GraphId,
    /// The graphs that were taken from the same environment before.
    taken: Vec<GraphId>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<EdgeSpec>,
    /// Cuts the ways from operators to what reads them, which are closures within closures.
    disconnect: Vec<Box<dyn Fn() + Send + Sync>>,
    /// Which operators each side output is read from, by tag.
    pub(crate) side_reads: BTreeMap<u64, BTreeSet<NodeId>>,
    /// A mistake that no operator of the graph is to blame for.
    pub(crate) problem: Option<String>,
}

impl Default for JobGraph {
    fn default() -> Self {
        Self {
            id: GraphId::new(),
            taken: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            disconnect: Vec::new(),
            side_reads: BTreeMap::new(),
            problem: None,
        }
    }
}

impl Drop for JobGraph {
    fn drop(&mut self) {
        // One after another: else a stream that outlives its graph would drop a whole chain in one
        // go, each operator inside the drop of the one before it, which no stack survives.
        self.disconnect.iter().for_each(|disconnect| disconnect());
    }
}

/// Makes one subtask's instance of an operator.
type Make<Op> = Arc<dyn Fn(&OperatorInfo) -> Op + Send + Sync>;

impl JobGraph {
    /// Takes out what has been written down, and leaves an empty graph, to which no stream of the old
    /// one belongs.
    pub fn take(&mut self) -> Self {
        let mut taken = std::mem::take(self);
        self.taken = std::mem::take(&mut taken.taken);
        self.taken.push(taken.id);
        taken
    }

    /// What is wrong with an operator that was made in another graph, if it was.
    pub(super) fn foreign(&self, node: NodeId) -> Option<&'static str> {
        if node.1 == self.id {
            None
        } else if self.taken.contains(&node.1) {
            Some(
                "a stream that was made before the last `execute`, `spawn` or `job` is used after it: \
                  the operators of a job go with it, build all of the next one anew",
            )
        } else {
            Some("a stream of another environment is used: all streams of a job come from one")
        }
    }

    fn add(&mut self, role: NodeRole, kind: &'static str, build_task: BuildTask) -> NodeId {
        self.nodes.push(Node {
            role,
            kind,
            name: None,
            uid: None,
            parallelism: None,
            follows_input: false,
            max_parallelism: None,
            chaining: ChainingPolicy::default(),
            buffer_timeout: None,
            assigns_timestamps: false,
            needs_timestamps: false,
            needs_checkpoints: false,
            first_input_has_time: false,
            stateful: true,
            side_outputs: None,
            resources: Vec::new(),
            problem: None,
            prepare: None,
            enumerator: None,
            build_task,
        });
        self.node(self.nodes.len() - 1)
    }

    fn connect<T: Record>(
        &mut self,
        upstreams: Vec<Upstream<T>>,
        to: NodeId,
        input: usize,
        chain: impl Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn Collector<T>>> + Clone + Send + Sync + 'static,
    ) -> Vec<Arc<Edge<T>>> {
        let foreign = upstreams.iter().find_map(|upstream| self.foreign(upstream.node));
        if let Some(problem) = foreign {
            self.problem.get_or_insert_with(|| problem.to_owned());
        }
        let own = upstreams.into_iter().filter(|upstream| upstream.node.1 == to.1);
        let connect_one = |upstream: Upstream<T>| {
            let id = EdgeId(self.edges.len());
            let edge = Arc::new(Edge::new(id, upstream.partitioner, Box::new(chain.clone())));
            upstream.port.connect(edge.clone());
            let (from, partitioning) = (upstream.node, upstream.partitioning);
            self.edges.push(EdgeSpec { from, to, input, partitioning, typed: edge.clone() });
            edge
        };
        own.map(connect_one).collect()
    }

    /// The identifier of the node at a place.
    pub(super) const fn node(&self, index: usize) -> NodeId {
        NodeId(index, self.id)
    }

    /// The outputs of the next node.
    fn outputs<O: Record>(&mut self) -> (Port<O>, SidePorts) {
        let (port, sides) = (Port::default(), SidePorts::default());
        let (out, out_sides) = (port.clone(), sides.clone());
        self.disconnect.push(Box::new(move || {
            out.disconnect();
            out_sides.disconnect();
        }));
        (port, sides)
    }

    /// The identifier that the next node will have.
    const fn next_node(&self) -> NodeId {
        self.node(self.nodes.len())
    }

    /// Adds a source; `kind` is a human-readable name for what it is, and part of its place in the graph.
    pub fn add_source<O: Record, Op: SourceOperator<O>>(
        &mut self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> (NodeId, Port<O>, SidePorts) {
        let (node, (port, sides)) = (self.next_node(), self.outputs());
        let (out, out_sides) = (port.clone(), sides.clone());
        self.add(
            NodeRole::Source,
            kind,
            Box::new(move |builder| {
                let (next, sides) = (out.build(builder)?, out_sides.build(builder)?);
                let info = builder.operator(node)?;
                let markers = LatencyMarkers::of(&info, builder.context());
                let link =
                    SourceLink::<_, NoInput, _>::new(make(&info), info, next, sides, builder.context());
                Ok(Box::new(SourceTask::new(Box::new(link), markers)))
            }),
        );
        (node, port, sides)
    }

    /// Adds a source whose splits `enumerator` hands out, an operator with one subtask that was added just before.
    ///
    /// The enumerator goes by the name and the uid that the source is given later.
    pub fn add_split_reader<S: Record, O: Record, Op: SplitReaderOperator<S, O>>(
        &mut self,
        kind: &'static str,
        enumerator: Upstream<S>,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> (NodeId, Port<O>, SidePorts) {
        let (node, (port, sides)) = (self.next_node(), self.outputs());
        let (out, out_sides) = (port.clone(), sides.clone());
        let enumerated = enumerator.node;
        // A reader never chains (it begins a chain), so this is never called.
        let edges = self.connect(vec![enumerator], node, 0, |_| Ok(Box::new(crate::chain::Discard)));
        self.add(
            // No source: its barriers come from the enumerator.
            NodeRole::Operator,
            kind,
            Box::new(move |builder| {
                let (next, sides) = (out.build(builder)?, out_sides.build(builder)?);
                let info = builder.operator(node)?;
                let markers = LatencyMarkers::of(&info, builder.context());
                let link =
                    SourceLink::<_, Batch<S>, _>::new(make(&info), info, next, sides, builder.context());
                let gate = InputGate::new(inlets(&edges, builder)?, 0);
                Ok(Box::new(SplitReaderTask::new(gate, builder.inputs(node)?, Box::new(link), markers)))
            }),
        );
        if let Some(reader) = self.nodes.get_mut(node.0) {
            reader.enumerator = Some(enumerated);
            reader.chaining = ChainingPolicy::Head;
        }
        (node, port, sides)
    }

    /// Adds an operator with one input, which may come from several operators (a union).
    pub fn add_operator<I: Record, O: Record, Op: Operator<I, O>>(
        &mut self,
        role: NodeRole,
        kind: &'static str,
        upstreams: Vec<Upstream<I>>,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> (NodeId, Port<O>, SidePorts) {
        let (node, (port, sides)) = (self.next_node(), self.outputs());
        let (out, out_sides, make) = (port.clone(), sides.clone(), Arc::new(make) as Make<Op>);
        let chain = move |builder: &SubtaskBuilder<'_>| {
            let (next, sides) = (out.build(builder)?, out_sides.build(builder)?);
            let info = builder.operator(node)?;
            let link = Link::new(make(&info), info, next, sides, builder.context());
            Ok(Box::new(link) as Box<dyn Collector<I>>)
        };
        let edges = self.connect(upstreams, node, 0, chain.clone());
        self.add(
            role,
            kind,
            Box::new(move |builder| {
                let gate = InputGate::new(inlets(&edges, builder)?, 0);
                Ok(Box::new(OperatorTask::new(gate, builder.inputs(node)?, chain(builder)?)))
            }),
        );
        (node, port, sides)
    }

    /// Adds an operator with two inputs.
    pub fn add_two_input_operator<A: Record, B: Record, O: Record, Op: TwoInputOperator<A, B, O>>(
        &mut self,
        kind: &'static str,
        first: Vec<Upstream<A>>,
        second: Vec<Upstream<B>>,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> (NodeId, Port<O>, SidePorts) {
        let (node, (port, sides)) = (self.next_node(), self.outputs());
        let (out, out_sides) = (port.clone(), sides.clone());
        // Two inputs never chain (the plan sees to it), so these are never called.
        let first = self.connect(first, node, 0, |_| Ok(Box::new(crate::chain::Discard)));
        let second = self.connect(second, node, 1, |_| Ok(Box::new(crate::chain::Discard)));
        self.add(
            NodeRole::Operator,
            kind,
            Box::new(move |builder| {
                let (next, sides) = (out.build(builder)?, out_sides.build(builder)?);
                let info = builder.operator(node)?;
                let link =
                    TwoInputLink::<Op, A, B, O>::new(make(&info), info, next, sides, builder.context());
                let first = InputGate::new(inlets(&first, builder)?, 0);
                let second = InputGate::new(inlets(&second, builder)?, first.len());
                Ok(Box::new(TwoInputTask::new(first, second, builder.inputs(node)?, Box::new(link))))
            }),
        );
        (node, port, sides)
    }
}

/// The channels of edges into a subtask.
fn inlets<T: Record>(edges: &[Arc<Edge<T>>], builder: &SubtaskBuilder<'_>) -> Result<Vec<Inlet<T>>> {
    let of_edges = edges.iter().map(|edge| edge.incoming(builder)).collect::<Result<Vec<_>>>()?;
    Ok(of_edges.into_iter().flatten().collect())
}
