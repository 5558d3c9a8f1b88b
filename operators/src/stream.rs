//! A stream of records, as it is written down.

use std::sync::Arc;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_runtime::graph::{ChainingPolicy, JobGraph, NodeId, NodeRole, Port, SidePorts, Upstream};
use millstream_state::Record;
use parking_lot::Mutex;

/// The graph that an environment and all its streams write to.
pub(crate) type SharedGraph = Arc<Mutex<JobGraph>>;

/// A stream of records. Cheap to clone; any number of operators may read it.
#[doc(alias("DataStream", "SingleOutputStreamOperator"))]
pub struct Stream<T> {
    pub(crate) graph: SharedGraph,
    /// The operators whose records it carries: one, or several after a union.
    pub(crate) upstreams: Vec<Upstream<T>>,
    /// The operator that settings like [`Stream::name`] apply to.
    pub(crate) node: NodeId,
    pub(crate) sides: SidePorts,
}

impl<T> Clone for Stream<T> {
    fn clone(&self) -> Self {
        Self {
            graph: self.graph.clone(),
            upstreams: self.upstreams.clone(),
            node: self.node,
            sides: self.sides.clone(),
        }
    }
}

impl<T: Record> Stream<T> {
    pub(crate) fn new(graph: &SharedGraph, (node, port, sides): (NodeId, Port<T>, SidePorts)) -> Self {
        let upstream = Upstream { node, port, partitioning: None, partitioner: None };
        Self { graph: graph.clone(), upstreams: vec![upstream], node, sides }
    }

    /// Applies an operator of your own: `make` makes one instance a subtask. `kind` names it, for
    /// people and for its place in the graph.
    ///
    /// An operator with state hands it over in its
    /// [`snapshot`](millstream_runtime::chain::OperatorHooks::snapshot), which this one leaves out.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::{Operator, OperatorHooks, Output};
    ///
    /// #[derive(Default)]
    /// struct Changes(Option<u32>);
    ///
    /// impl OperatorHooks<u32> for Changes {}
    ///
    /// /// Lets a number pass if it is not the one before.
    /// impl Operator<u32, u32> for Changes {
    ///     fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
    ///         batch.drain_timed().try_for_each(|(number, timestamp)| match self.0.replace(number) {
    ///             Some(last) if last == number => Ok(()),
    ///             _ => output.emit(number, timestamp),
    ///         })
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// let changes = env.from_collection([1, 1, 2, 2, 1]).transform("Changes", |_| Changes::default()).collect();
    /// env.execute("changes")?;
    /// assert_eq!(changes.to_vec(), [1, 2, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn transform<O: Record, Op: Operator<T, O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        let added = self.graph.lock().add_operator(NodeRole::Operator, kind, self.upstreams.clone(), make);
        Stream::new(&self.graph, added)
    }

    /// Applies an operator that is no more than a function of its records.
    pub(crate) fn apply<O: Record, Op: Operator<T, O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        let applied = self.transform(kind, make);
        self.graph.lock().mark_stateless(applied.node);
        applied
    }

    /// Gives the operator a human-readable name.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let squares = env.from_collection([1, 2]).map(|n| n * n).name("squares").collect();
    /// assert!(env.explain()?.to_string().contains("squares"));
    /// # env.execute("squares")?;
    /// # assert_eq!(squares.sorted(), [1, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.graph.lock().set_name(self.node, name.into());
        self
    }

    /// Gives the operator an identifier, by which snapshots know its state.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let squares = env.from_collection([1, 2]).uid("numbers").map(|n| n * n).collect();
    /// # env.execute("squares")?;
    /// # assert_eq!(squares.sorted(), [1, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn uid(self, uid: impl Into<String>) -> Self {
        self.graph.lock().set_uid(self.node, uid.into());
        self
    }

    /// Sets how many subtasks the operator has.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let squares = env.from_collection([1, 2]).parallelism(1).map(|n| n * n).parallelism(3).collect();
    /// # env.execute("squares")?;
    /// # assert_eq!(squares.sorted(), [1, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setParallelism")]
    #[must_use]
    pub fn parallelism(self, parallelism: u32) -> Self {
        self.graph.lock().set_parallelism(self.node, parallelism);
        self
    }

    /// Sets whether the operator is chained to its neighbours.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// use millstream::ChainingPolicy;
    ///
    /// let squares = env.from_collection([1, 2]).map(|n| n * n).chaining(ChainingPolicy::Never).collect();
    /// # env.execute("squares")?;
    /// # assert_eq!(squares.sorted(), [1, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setChainingStrategy")]
    #[must_use]
    pub fn chaining(self, policy: ChainingPolicy) -> Self {
        self.graph.lock().set_chaining(self.node, policy);
        self
    }
}
