//! Conditions: asked once for each event, or for each partial match if they look at it.

use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::buffer::{NO_NODE, NodeId, SharedBuffer, Slot, Taken};
use super::matched::Matched;
use super::spec::{PatternSpec, PredicateId};

/// The conditions of a pattern, by number.
pub trait Predicates<E> {
    /// Whether a condition holds for an event, given the partial match that it would be added to.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn holds(
        &mut self,
        predicate: PredicateId,
        event: &E,
        timestamp: Timestamp,
        matched: &Matched<'_, E>,
    ) -> Result<bool>;

    /// Whether the answer depends on the partial match. If not, it is asked for once for each event.
    fn looks_back(&self, predicate: PredicateId) -> bool;
}

/// What is known of the conditions for the event that is looked at.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// Those that depend on the event alone.
    of_event: Vec<Option<bool>>,
    /// Those that depend on the partial match, too.
    of_run: Vec<Option<bool>>,
    /// The events of that partial match, if they have been asked for.
    taken: Vec<Taken>,
    is_traced: bool,
}

impl Verdicts {
    /// Goes on to another event.
    pub(super) fn next_event(&mut self) {
        self.of_event.clear();
        self.next_run();
    }

    /// Goes on to another partial match.
    pub(super) fn next_run(&mut self) {
        self.of_run.clear();
        self.is_traced = false;
    }
}

/// An event that is looked at.
pub(super) struct Evaluation<'a, E, P> {
    pub(super) spec: &'a PatternSpec,
    pub(super) verdicts: &'a mut Verdicts,
    pub(super) predicates: &'a mut P,
    pub(super) buffer: &'a mut SharedBuffer<E>,
    pub(super) slot: Slot,
    pub(super) timestamp: Timestamp,
}

impl<E, P: Predicates<E>> Evaluation<'_, E, P> {
    /// Whether a condition holds, after what `node` stands for.
    #[inline]
    pub(super) fn holds(&mut self, predicate: PredicateId, node: NodeId) -> Result<bool> {
        let index = usize::from(predicate.0);
        if let Some(Some(known)) = self.verdicts.of_event.get(index) {
            return Ok(*known);
        }
        self.ask(predicate, index, node)
    }

    fn ask(&mut self, predicate: PredicateId, index: usize, node: NodeId) -> Result<bool> {
        let Some(event) = self.buffer.event(self.slot) else { return Ok(false) };
        let Verdicts { of_event, of_run, taken, is_traced } = &mut *self.verdicts;
        let looks_back = self.predicates.looks_back(predicate);
        let known = if looks_back { of_run } else { of_event };
        if let Some(Some(known)) = known.get(index) {
            return Ok(*known);
        }
        let taken = match (looks_back && node != NO_NODE, &*is_traced) {
            (false, _) => &[][..],
            (true, true) => taken.as_slice(),
            (true, false) => {
                self.buffer.trace(node, taken);
                *is_traced = true;
                taken.as_slice()
            }
        };
        let matched = Matched { names: &self.spec.names, buffer: &*self.buffer, taken };
        let holds = self.predicates.holds(predicate, event, self.timestamp, &matched)?;
        if known.len() <= index {
            known.resize(index + 1, None);
        }
        if let Some(known) = known.get_mut(index) {
            *known = Some(holds);
        }
        Ok(holds)
    }

    /// Whether one of some conditions holds.
    #[inline]
    pub(super) fn any_holds(&mut self, predicates: &[PredicateId], node: NodeId) -> Result<bool> {
        for predicate in predicates {
            if self.holds(*predicate, node)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
