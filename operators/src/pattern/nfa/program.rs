//! What a pattern is compiled to: positions, and edges from one to what may come next.

use super::spec::{Contiguity, PredicateId, StageId};

/// How many edges a position has at most, and how many [`Guard`]s with an end.
pub(super) const MOST_EDGES: usize = 32;

/// One occurrence of a stage: where a run is whose last event was taken for it.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) stage: StageId,
    /// Accepts events.
    pub(super) predicate: PredicateId,
    /// None of these holds for an event that is taken.
    pub(super) unless: Vec<PredicateId>,
    /// What may come next, nearest first: at most [`MOST_EDGES`].
    pub(super) edges: Vec<Edge>,
    /// A run that comes here is a match.
    pub(super) accepts: bool,
}

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// To another event.
    Position(usize),
    /// To a match, when an event comes, which is not part of it.
    AnyEvent,
    /// To a match, when its time is over.
    Timeout,
}

/// What must hold between an event and the next one of a match.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) target: Target,
    pub(super) contiguity: Contiguity,
    pub(super) between: Constraint,
    /// In milliseconds: the time between the two is shorter.
    pub(super) within: Option<i64>,
}

/// What may not come between two events of a match.
#[derive(Clone, Debug, Default)]
pub(super) struct Constraint {
    /// An event between the two for which one of these holds.
    pub(super) stop: Vec<PredicateId>,
    /// An event directly after the first for which one of these holds, also if it is the second.
    pub(super) stop_directly: Vec<PredicateId>,
    /// Events that greedy stages would have taken, also as the second.
    pub(super) guards: Vec<Guard>,
}

/// A greedy stage that an edge leaves or passes by.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// What the stage accepts.
    pub(super) predicate: PredicateId,
    /// What ends the stage, and so the guard, and the bit of the run by which it knows.
    pub(super) until: Option<(PredicateId, u8)>,
}

impl Constraint {
    /// Both.
    pub(super) fn and(&self, other: &Self) -> Self {
        fn joined<T: Clone>(first: &[T], second: &[T]) -> Vec<T> {
            first.iter().chain(second).cloned().collect()
        }
        Self {
            stop: joined(&self.stop, &other.stop),
            stop_directly: joined(&self.stop_directly, &other.stop_directly),
            guards: joined(&self.guards, &other.guards),
        }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) positions: Vec<Position>,
    /// The positions that a match may begin with.
    pub(super) starts: Vec<usize>,
    /// In milliseconds: the time from the first event of a match to the last is shorter.
    pub(super) within: Option<i64>,
    /// A run may time out.
    pub(super) has_deadlines: bool,
    /// All conditions, if an event for which none of them holds changes nothing: it may lie anywhere.
    pub(super) conditions_that_matter: Option<Vec<PredicateId>>,
}
