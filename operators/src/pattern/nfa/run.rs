//! A partial match, and what an event makes of it.

use millstream_runtime::Result;
use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use super::buffer::{EventNumber, NO_NODE, NodeId, SharedBuffer};
use super::evaluate::{Evaluation, Predicates};
use super::program::{Edge, Program, Target};
use super::spec::Contiguity;

/// A partial match: the last event taken, and which ways to go on there still are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    position: u32,
    /// Which edges of the position are open: a bit each.
    open: u32,
    /// Which guards have ended.
    ended: u32,
    /// No event has come since the last one taken.
    is_fresh: bool,
    pub(super) node: NodeId,
    pub(super) start: EventNumber,
    started: Timestamp,
    taken: Timestamp,
}

/// A match, which may have to wait until it is known that no earlier one comes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Completed {
    pub(super) node: NodeId,
    pub(super) start: EventNumber,
}

/// What came of an event.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The partial matches there are now, those that began earlier first.
    pub(super) runs: Vec<Run>,
    pub(super) completed: Vec<Completed>,
    /// The earliest deadline of the runs that have taken the event.
    pub(super) deadline: Timestamp,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { runs: Vec::new(), completed: Vec::new(), deadline: Timestamp::MAX }
    }
}

/// What time has made of a run.
pub(super) enum Aged {
    /// It goes on.
    Waits(Run),
    /// Its time was over at this point.
    TimedOut(Run, Timestamp),
    /// Its time was over, and nothing has come that must not come.
    Completed(Completed, Option<Run>, Timestamp),
}

impl Run {
    fn edges<'p>(&self, program: &'p Program) -> &'p [Edge] {
        program.positions.get(self.position as usize).map_or(&[], |position| &position.edges)
    }

    fn is_open(&self, edge: usize) -> bool {
        self.open & (1 << edge) != 0
    }

    fn shut(&mut self, edge: usize) {
        self.open &= !(1 << edge);
    }

    /// Looks at an event: adds to `outcome` the runs that take it, and this one if it still may go on.
    pub(super) fn step<E>(
        mut self,
        program: &Program,
        event: &mut Evaluation<'_, E, impl Predicates<E>>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        event.verdicts.next_run();
        for (index, edge) in self.edges(program).iter().enumerate() {
            if !self.is_open(index) {
                continue;
            }
            let stays = self.follow(program, edge, event, outcome)?;
            if !stays {
                self.shut(index);
            }
        }
        self.is_fresh = false;
        if self.open == 0 {
            event.buffer.release(self.node);
        } else {
            outcome.runs.push(self);
        }
        Ok(())
    }

    /// Follows an edge if the event allows; whether the edge stays open.
    fn follow<E>(
        &mut self,
        program: &Program,
        edge: &Edge,
        event: &mut Evaluation<'_, E, impl Predicates<E>>,
        outcome: &mut Outcome,
    ) -> Result<bool> {
        let node = self.node;
        if self.is_fresh && event.any_holds(&edge.between.stop_directly, node)? {
            return Ok(false);
        }
        for guard in &edge.between.guards {
            if let Some((until, bit)) = guard.until {
                if self.ended & (1 << bit) == 0 && event.holds(until, node)? {
                    self.ended |= 1 << bit;
                }
                if self.ended & (1 << bit) != 0 {
                    continue;
                }
            }
            if event.holds(guard.predicate, node)? {
                return Ok(false);
            }
        }
        let stays = match edge.target {
            Target::Position(index) => {
                let Some(position) = program.positions.get(index) else { return Ok(false) };
                let accepts = event.holds(position.predicate, node)?;
                if accepts && !event.any_holds(&position.unless, node)? {
                    let next = event.buffer.take(event.slot, position.stage, node);
                    let run = Self { node: next, ..self.clone() };
                    run.arrive(program, index, event.timestamp, event.buffer, outcome);
                }
                match edge.contiguity {
                    Contiguity::Strict => false,
                    Contiguity::Relaxed => !accepts,
                    Contiguity::NonDeterministic => true,
                }
            }
            Target::AnyEvent => {
                if !event.any_holds(&edge.between.stop, node)? {
                    event.buffer.retain(node);
                    outcome.completed.push(Completed { node, start: self.start });
                }
                false
            }
            Target::Timeout => true,
        };
        Ok(stays && !event.any_holds(&edge.between.stop, node)?)
    }

    /// The run has just taken an event for a position.
    fn arrive<E>(
        mut self,
        program: &Program,
        index: usize,
        timestamp: Timestamp,
        buffer: &mut SharedBuffer<E>,
        outcome: &mut Outcome,
    ) {
        let Some(position) = program.positions.get(index) else { return };
        if position.accepts {
            buffer.retain(self.node);
            outcome.completed.push(Completed { node: self.node, start: self.start });
        }
        if position.edges.is_empty() {
            buffer.release(self.node);
            return;
        }
        self.position = u32::try_from(index).unwrap_or(u32::MAX);
        self.open = u32::MAX.checked_shr(32 - u32::try_from(position.edges.len()).unwrap_or(32)).unwrap_or(0);
        (self.ended, self.is_fresh, self.taken) = (0, true, timestamp);
        if program.has_deadlines {
            outcome.deadline = outcome.deadline.min(self.deadline(program));
        }
        outcome.runs.push(self);
    }

    /// Adds the runs to `outcome` that begin with an event.
    pub(super) fn begin<E>(
        program: &Program,
        number: EventNumber,
        event: &mut Evaluation<'_, E, impl Predicates<E>>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        event.verdicts.next_run();
        for index in &program.starts {
            let Some(position) = program.positions.get(*index) else { continue };
            if !event.holds(position.predicate, NO_NODE)? || event.any_holds(&position.unless, NO_NODE)? {
                continue;
            }
            let node = event.buffer.take(event.slot, position.stage, NO_NODE);
            let timestamp = event.timestamp;
            let run = Self {
                position: 0,
                open: 0,
                ended: 0,
                is_fresh: true,
                node,
                start: number,
                started: timestamp,
                taken: timestamp,
            };
            run.arrive(program, *index, timestamp, event.buffer, outcome);
        }
        Ok(())
    }

    /// The next point in time at which it may time out; [`Timestamp::MAX`] if it does not.
    pub(super) fn deadline(&self, program: &Program) -> Timestamp {
        let whole = program.within.map(|within| after(self.started, within));
        let edges = self.edges(program).iter().enumerate().filter(|(index, _)| self.is_open(*index));
        let single = edges.filter_map(|(_, edge)| edge.within).map(|within| after(self.taken, within));
        whole.into_iter().chain(single).min().unwrap_or(Timestamp::MAX)
    }

    /// Time has come to `now`.
    pub(super) fn age(mut self, program: &Program, now: Timestamp) -> Aged {
        let edges = self.edges(program);
        let (node, start) = (self.node, self.start);
        let is_over = |since: Timestamp, within: i64| after(since, within) <= now;
        if let Some(within) = program.within.filter(|within| is_over(self.started, *within)) {
            let at = after(self.started, within);
            let waits = edges.iter().enumerate().find(|(_, edge)| edge.target == Target::Timeout);
            return match waits.filter(|(index, _)| self.is_open(*index)) {
                // The edge's own time may have been over before.
                Some((_, edge)) => {
                    let at = edge.within.map_or(at, |within| at.min(after(self.taken, within)));
                    Aged::Completed(Completed { node, start }, None, at)
                }
                None => Aged::TimedOut(self, at),
            };
        }
        let mut completed = None;
        let mut last = self.taken;
        for (index, edge) in edges.iter().enumerate() {
            let Some(within) = edge.within.filter(|within| is_over(self.taken, *within)) else { continue };
            if !self.is_open(index) {
                continue;
            }
            last = last.max(after(self.taken, within));
            if edge.target == Target::Timeout {
                completed = Some(after(self.taken, within));
            }
            self.shut(index);
        }
        match completed {
            Some(at) => {
                let rest = (self.open != 0).then_some(self);
                Aged::Completed(Completed { node, start }, rest, at)
            }
            None if self.open == 0 => Aged::TimedOut(self, last),
            None => Aged::Waits(self),
        }
    }
}

fn after(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}
