//! Ports and edges: how one operator's output becomes another's input, in the chain or through channels.

use std::fmt;
use std::sync::Arc;

use millstream_state::{KeyGroups, Record, Shape};
use parking_lot::Mutex;

use super::id::{EdgeId, NodeId};
use super::subtask::SubtaskBuilder;
use super::wiring::{Subtasks, Wiring};
use crate::chain::{Collector, Discard, FanOut, ReplayIntoChain, Router, Wire};
use crate::clock::Random;
use crate::error::Result;
use crate::input::Inlet;
use crate::partition::{Broadcast, Partitioner, Partitioning, RoundRobin, Shuffle, ToFirst};

/// Makes the partitioner of one upstream subtask, for an edge that needs more than its kind:
/// given the downstream operator's key groups and parallelism.
pub type PartitionerFactory<T> = Arc<dyn Fn(KeyGroups, u32) -> Box<dyn Partitioner<T>> + Send + Sync>;

/// An output of an operator, to which any number of others may be connected.
pub struct Port<T> {
    edges: Arc<Mutex<Vec<Arc<Edge<T>>>>>,
}

impl<T> Clone for Port<T> {
    fn clone(&self) -> Self {
        Self { edges: self.edges.clone() }
    }
}

impl<T> Default for Port<T> {
    fn default() -> Self {
        Self { edges: Arc::default() }
    }
}

impl<T: Record> Port<T> {
    pub(crate) fn connect(&self, edge: Arc<Edge<T>>) {
        self.edges.lock().push(edge);
    }

    pub(crate) fn disconnect(&self) {
        let edges = std::mem::take(&mut *self.edges.lock());
        drop(edges);
    }

    /// What stands behind this port in a subtask: operators of the same chain, ways out, or nothing.
    ///
    /// # Errors
    /// If something further down cannot be built.
    pub fn build(&self, builder: &SubtaskBuilder<'_>) -> Result<Box<dyn Collector<T>>> {
        let edges = self.edges.lock().clone();
        let mut collectors = edges.iter().map(|edge| edge.build(builder)).collect::<Result<Vec<_>>>()?;
        Ok(match (collectors.pop(), collectors.is_empty()) {
            (None, _) => Box::new(Discard),
            (Some(only), true) => only,
            (Some(last), false) => {
                collectors.push(last);
                Box::new(FanOut::new(collectors))
            }
        })
    }
}

/// Where an operator's input comes from, and how it is partitioned on the way.
pub struct Upstream<T> {
    /// The operator that emits.
    pub node: NodeId,
    /// Its output.
    pub port: Port<T>,
    /// How records are spread; unset is forward where the parallelism is equal, rebalance otherwise.
    pub partitioning: Option<Partitioning>,
    /// Makes the partitioner where the kind does not say enough (key group, custom).
    pub partitioner: Option<PartitionerFactory<T>>,
}

impl<T> Clone for Upstream<T> {
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            port: self.port.clone(),
            partitioning: self.partitioning,
            partitioner: self.partitioner.clone(),
        }
    }
}

/// Builds the downstream operator into the upstream's chain.
pub(crate) type ChainFactory<T> =
    Box<dyn Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn Collector<T>>> + Send + Sync>;

/// A connection between two operators.
pub(crate) struct Edge<T> {
    pub(crate) id: EdgeId,
    pub(crate) partitioner: Option<PartitionerFactory<T>>,
    pub(crate) chain: ChainFactory<T>,
}

/// An edge as it is written down.
pub(crate) struct EdgeSpec {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) input: usize,
    pub(crate) partitioning: Option<Partitioning>,
    pub(crate) typed: Arc<dyn AnyEdge>,
}

/// An edge, whatever it carries.
pub(crate) trait AnyEdge: Send + Sync {
    /// Checks that records come out of a channel as they went in; `role` says which they are.
    fn check_records(&self, role: &dyn fmt::Display) -> Result<()>;
    /// Lays channels between all subtasks that are connected.
    fn wire(
        &self,
        wiring: &Wiring,
        partitioning: Partitioning,
        capacity: usize,
        producers: Subtasks<'_>,
        consumers: Subtasks<'_>,
    ) -> Result<()>;
}

impl<T> Edge<T> {
    pub(crate) const fn new(
        id: EdgeId,
        partitioner: Option<PartitionerFactory<T>>,
        chain: ChainFactory<T>,
    ) -> Self {
        Self { id, partitioner, chain }
    }
}

impl<T: Record> Edge<T> {
    /// The channels of this edge into a subtask.
    ///
    /// # Errors
    /// If the plan does not know the edge.
    pub(crate) fn incoming(&self, builder: &SubtaskBuilder<'_>) -> Result<Vec<Inlet<T>>> {
        let planned = builder.edge(self.id)?;
        let receivers = builder.wiring().take_incoming(self.id, builder.index());
        let (place, can_unalign) = (planned.place, planned.partitioning.can_unalign());
        Ok(receivers.into_iter().map(|receiver| Inlet::new(receiver, place, can_unalign)).collect())
    }

    fn build(&self, builder: &SubtaskBuilder<'_>) -> Result<Box<dyn Collector<T>>> {
        let planned = builder.edge(self.id)?;
        let replay = builder.replay(&planned)?;
        if planned.chained {
            let chain = (self.chain)(builder)?;
            return Ok(match replay {
                Some(replay) => Box::new(ReplayIntoChain::new(replay, chain)),
                None => chain,
            });
        }
        let channels = builder.wiring().take_outgoing(self.id, builder.index());
        let seed = builder.seed(self.id.0 as u64);
        let partitioner: Box<dyn Partitioner<T>> = match (&self.partitioner, planned.partitioning) {
            (Some(make), _) => make(planned.groups, planned.downstream),
            (None, Partitioning::Broadcast) => Box::new(Broadcast),
            (None, Partitioning::Shuffle) => Box::new(Shuffle(Random::new(seed))),
            (None, Partitioning::Rebalance | Partitioning::Rescale) => {
                Box::new(RoundRobin::starting_at(builder.index()))
            }
            (None, _) => Box::new(ToFirst),
        };
        let router = Router::new(partitioner, channels, replay).with_buffer_timeout(planned.buffer_timeout);
        Ok(if builder.context().encodes_records() { Box::new(Wire(router)) } else { Box::new(router) })
    }
}

impl<T: Record> AnyEdge for Edge<T> {
    fn check_records(&self, role: &dyn fmt::Display) -> Result<()> {
        Ok(Shape::checked::<T>(role).map(drop)?)
    }

    fn wire(
        &self,
        wiring: &Wiring,
        partitioning: Partitioning,
        capacity: usize,
        producers: Subtasks<'_>,
        consumers: Subtasks<'_>,
    ) -> Result<()> {
        wiring.lay::<T>(self.id, partitioning, capacity, producers, consumers)
    }
}
