//! The channels of one attempt: both ends of each, until the tasks that they belong to take them.
//!
//! A value of its own and no part of the plan, so that whatever an old attempt still does, it
//! cannot touch the ends of the next.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use super::id::EdgeId;
use crate::channel::{ChannelReceiver, ChannelSender, channel};
use crate::error::{Error, ErrorKind, Result};
use crate::partition::Partitioning;
use crate::pool::BatchPool;

/// The channels of one attempt, by edge.
#[derive(Default)]
pub(crate) struct Wiring(RefCell<BTreeMap<EdgeId, Box<dyn Any>>>);

/// The channels of one edge, by subtask.
struct Ends<T> {
    outgoing: Vec<Vec<ChannelSender<T>>>,
    incoming: Vec<Vec<ChannelReceiver<T>>>,
}

/// What wakes each subtask at one end of an edge; `None` for those that another process runs.
pub(crate) type Subtasks<'a> = &'a [Option<Waker>];

impl Wiring {
    /// Lays the channels of an edge between all subtasks that it connects.
    ///
    /// # Errors
    /// If one of two connected subtasks runs in another process, which no channel leads to.
    #[allow(clippy::cast_possible_truncation, reason = "a parallelism is at most 2^15")]
    pub(crate) fn lay<T: Send + 'static>(
        &self,
        edge: EdgeId,
        partitioning: Partitioning,
        capacity: usize,
        producers: Subtasks<'_>,
        consumers: Subtasks<'_>,
    ) -> Result<()> {
        let (upstream, downstream) = (producers.len() as u32, consumers.len() as u32);
        let mut incoming: Vec<_> = consumers.iter().map(|_| Vec::new()).collect();
        let mut outgoing = Vec::with_capacity(producers.len());
        for (from, producer) in (0_u32..).zip(producers) {
            let mut senders = Vec::new();
            let pool = Arc::<BatchPool<T>>::default();
            for ((to, consumer), receivers) in (0_u32..).zip(consumers).zip(&mut incoming) {
                if !partitioning.connects(from, upstream, to, downstream) {
                    continue;
                }
                match (producer, consumer) {
                    (Some(producer), Some(consumer)) => {
                        let (sender, receiver) =
                            channel(capacity, pool.clone(), producer.clone(), consumer.clone());
                        senders.push(sender);
                        receivers.push(receiver);
                    }
                    (None, None) => {}
                    _ => {
                        let problem =
                            format!("no channel leads from subtask {from} to {to} in another process");
                        return Err(Error::new(ErrorKind::Internal, problem));
                    }
                }
            }
            outgoing.push(senders);
        }
        self.0.borrow_mut().insert(edge, Box::new(Ends { outgoing, incoming }));
        Ok(())
    }

    /// The channels of an edge out of subtask `index` upstream; each can be taken once.
    pub(crate) fn take_outgoing<T: 'static>(&self, edge: EdgeId, index: u32) -> Vec<ChannelSender<T>> {
        self.take(edge, |ends| ends.outgoing.get_mut(index as usize).map(std::mem::take))
    }

    /// The channels of an edge into subtask `index` downstream; each can be taken once.
    pub(crate) fn take_incoming<T: 'static>(&self, edge: EdgeId, index: u32) -> Vec<ChannelReceiver<T>> {
        self.take(edge, |ends| ends.incoming.get_mut(index as usize).map(std::mem::take))
    }

    fn take<T: 'static, End>(
        &self,
        edge: EdgeId,
        take: impl FnOnce(&mut Ends<T>) -> Option<Vec<End>>,
    ) -> Vec<End> {
        let mut edges = self.0.borrow_mut();
        edges.get_mut(&edge).and_then(|ends| ends.downcast_mut()).and_then(take).unwrap_or_default()
    }
}
