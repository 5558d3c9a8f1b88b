//! Writing a job down: nodes in the order they are made, each after its inputs, so that there are no cycles.

use std::sync::Arc;

use futures::future::BoxFuture;
use millstream_state::Record;

use super::deploy::SubtaskBuilder;
use super::edge::{AnyEdge, Edge, EdgeId, Port, Upstream};
use super::side::SidePorts;
use crate::chain::{
    Collector, Link, Operator, OperatorInfo, SourceLink, SourceOperator, TwoInputLink, TwoInputOperator,
};
use crate::error::Result;
use crate::input::InputGate;
use crate::partition::Partitioning;
use crate::task::{OperatorTask, SourceTask, Task, TwoInputTask};

/// An operator of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

/// What part an operator plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeRole {
    /// It brings records in.
    Source,
    /// It turns records into others.
    Operator,
    /// It takes records out.
    Sink,
}

/// Whether an operator may be chained to the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainingPolicy {
    /// Wherever it can be.
    #[default]
    Always,
    /// It begins a chain.
    Head,
    /// It is alone.
    Never,
}

/// Work to be done before an operator is first deployed without restored state: finding splits,
/// checking that files exist. Runs once an attempt, on the I/O pool. What it answers is shipped to
/// all subtasks of the operator, as [`OpenContext::prepared`](crate::chain::OpenContext::prepared).
pub type Prepare = Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<u8>>> + Send + Sync>;

type BuildTask = Box<dyn Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn Task>> + Send + Sync>;

/// What is known of an operator.
pub(crate) struct Node {
    pub(crate) role: NodeRole,
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) uid: Option<String>,
    pub(crate) parallelism: Option<u32>,
    pub(crate) follows_input: bool,
    pub(crate) max_parallelism: Option<u32>,
    pub(crate) chaining: ChainingPolicy,
    pub(crate) assigns_timestamps: bool,
    pub(crate) needs_timestamps: bool,
    pub(crate) first_input_has_time: bool,
    pub(crate) problem: Option<String>,
    pub(crate) prepare: Option<Prepare>,
    pub(crate) build_task: BuildTask,
}

/// What is known of an edge.
pub(crate) struct EdgeSpec {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) input: usize,
    pub(crate) partitioning: Option<Partitioning>,
    pub(crate) typed: Arc<dyn AnyEdge>,
}

/// A job as it is written down.
#[derive(Default)]
pub struct JobGraph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<EdgeSpec>,
}

/// Makes one subtask's instance of an operator.
type Make<Op> = Arc<dyn Fn(&OperatorInfo) -> Op + Send + Sync>;

impl JobGraph {
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
            assigns_timestamps: false,
            needs_timestamps: false,
            first_input_has_time: false,
            problem: None,
            prepare: None,
            build_task,
        });
        NodeId(self.nodes.len() - 1)
    }

    fn connect<T: Record>(
        &mut self,
        upstreams: Vec<Upstream<T>>,
        to: NodeId,
        input: usize,
        chain: impl Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn Collector<T>>> + Clone + Send + Sync + 'static,
    ) -> Vec<Arc<Edge<T>>> {
        let connect_one = |upstream: Upstream<T>| {
            let id = EdgeId(self.edges.len());
            let edge = Arc::new(Edge::new(id, upstream.partitioner, Box::new(chain.clone())));
            upstream.port.connect(edge.clone());
            let (from, partitioning) = (upstream.node, upstream.partitioning);
            self.edges.push(EdgeSpec { from, to, input, partitioning, typed: edge.clone() });
            edge
        };
        upstreams.into_iter().map(connect_one).collect()
    }

    /// The identifier that the next node will have.
    const fn next_node(&self) -> NodeId {
        NodeId(self.nodes.len())
    }

    /// Adds a source; `kind` names what it is, for people and for its place in the graph.
    pub fn add_source<O: Record, Op: SourceOperator<O>>(
        &mut self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> (NodeId, Port<O>, SidePorts) {
        let (node, port, sides) = (self.next_node(), Port::default(), SidePorts::default());
        let (out, out_sides) = (port.clone(), sides.clone());
        self.add(
            NodeRole::Source,
            kind,
            Box::new(move |builder| {
                let (next, sides) = (out.build(builder)?, out_sides.build(builder)?);
                let info = builder.operator(node)?;
                let link = SourceLink::new(make(&info), info, next, sides, builder.context());
                Ok(Box::new(SourceTask::new(Box::new(link))))
            }),
        );
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
        let (node, port, sides) = (self.next_node(), Port::default(), SidePorts::default());
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
                let channels = edges.iter().flat_map(|edge| builder.incoming(edge)).collect();
                Ok(Box::new(OperatorTask::new(InputGate::new(channels, 0), chain(builder)?)))
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
        let (node, port, sides) = (self.next_node(), Port::default(), SidePorts::default());
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
                let first: Vec<_> = first.iter().flat_map(|edge| builder.incoming(edge)).collect();
                let second = second.iter().flat_map(|edge| builder.incoming(edge)).collect();
                let second = InputGate::new(second, first.len());
                Ok(Box::new(TwoInputTask::new(InputGate::new(first, 0), second, Box::new(link))))
            }),
        );
        (node, port, sides)
    }

    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(node.0) {
            change(node);
        }
    }

    /// Gives an operator a name, for people.
    pub fn set_name(&mut self, node: NodeId, name: String) {
        self.change(node, |node| node.name = Some(name));
    }

    /// Gives an operator an identifier that snapshots know it by.
    pub fn set_uid(&mut self, node: NodeId, uid: String) {
        self.change(node, |node| node.uid = Some(uid));
    }

    /// Sets how many subtasks an operator has.
    pub fn set_parallelism(&mut self, node: NodeId, parallelism: u32) {
        self.change(node, |node| node.parallelism = Some(parallelism));
    }

    /// Gives an operator the parallelism of what it reads, unless one is set or its input is spread
    /// in a way of its own: for operators that must not change the order of records.
    pub fn follow_input(&mut self, node: NodeId) {
        self.change(node, |node| node.follows_input = true);
    }

    /// Sets how many key groups an operator has.
    pub fn set_max_parallelism(&mut self, node: NodeId, max_parallelism: u32) {
        self.change(node, |node| node.max_parallelism = Some(max_parallelism));
    }

    /// Sets whether an operator is chained.
    pub fn set_chaining(&mut self, node: NodeId, policy: ChainingPolicy) {
        self.change(node, |node| node.chaining = policy);
    }

    /// Notes that an operator's records carry timestamps, whatever its input's do.
    pub fn mark_assigns_timestamps(&mut self, node: NodeId) {
        self.change(node, |node| node.assigns_timestamps = true);
    }

    /// Notes that an operator works on event time.
    pub fn mark_needs_timestamps(&mut self, node: NodeId) {
        self.change(node, |node| node.needs_timestamps = true);
    }

    /// Notes that an operator's records carry timestamps if those of its first input do, whatever
    /// the second input is: a bounded table that the operator waits for needs none.
    pub fn mark_first_input_has_time(&mut self, node: NodeId) {
        self.change(node, |node| node.first_input_has_time = true);
    }

    /// Notes a mistake that the user has made with an operator, to be told before anything runs.
    pub fn mark_problem(&mut self, node: NodeId, problem: impl Into<String>) {
        self.change(node, |node| {
            node.problem.get_or_insert_with(|| problem.into());
        });
    }

    /// Sets what is to be done before an operator is first deployed without restored state.
    pub fn set_prepare(&mut self, node: NodeId, prepare: Prepare) {
        self.change(node, |node| node.prepare = Some(prepare));
    }
}
