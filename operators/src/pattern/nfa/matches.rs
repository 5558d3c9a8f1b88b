//! The automaton, and what it has found so far in one sequence of events.

use std::collections::VecDeque;
use std::sync::Arc;

use millstream_runtime::Result;
use millstream_state::{Timestamp, prefetch};
use serde::{Deserialize, Serialize};

use super::buffer::{EventNumber, SharedBuffer, Taken};
use super::compile::compile;
use super::evaluate::{Evaluation, Predicates, Verdicts};
use super::matched::Matched;
use super::program::Program;
use super::run::{Aged, Completed, Outcome, Run};
use super::spec::{AfterMatch, PatternSpec, StageId};

/// Where matches go.
pub trait MatchOutput<E> {
    /// Takes a match, found at a point in time: that of the event by which it has been found, or at which its time
    /// was over.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn matched(&mut self, matched: &Matched<'_, E>, at: Timestamp) -> Result<()>;

    /// Takes a partial match that will not become one, for its time was over at a point in time.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn timed_out(&mut self, partial: &Matched<'_, E>, at: Timestamp) -> Result<()>;
}

/// What has been found so far in one sequence of events: a value to be kept in a state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Matches<E> {
    buffer: SharedBuffer<E>,
    /// Those that began earlier first.
    runs: Vec<Run>,
    /// Matches that wait until it is known that no other one has begun earlier, which might leave them out. Those that
    /// began earlier first.
    completed: VecDeque<Completed>,
    next_event: EventNumber,
    /// No run times out before.
    next_deadline: Timestamp,
    /// How far time has come.
    now: Timestamp,
}

impl<E> Default for Matches<E> {
    fn default() -> Self {
        Self {
            buffer: SharedBuffer::default(),
            runs: Vec::new(),
            completed: VecDeque::new(),
            next_event: 0,
            next_deadline: Timestamp::MAX,
            now: Timestamp::MIN,
        }
    }
}

impl<E> Matches<E> {
    /// Whether nothing is kept: it is as good as a new one.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.completed.is_empty()
    }

    /// Asks for the memory that it owns, which an event will need.
    #[inline]
    pub fn prefetch_parts(&self) {
        self.buffer.prefetch();
        self.runs.first().into_iter().for_each(prefetch);
    }

    /// As good as new, for another sequence; keeps its room.
    pub fn reset(&mut self) {
        let Self { buffer, runs, completed, next_event, next_deadline, now } = self;
        buffer.clear();
        runs.clear();
        completed.clear();
        (*next_event, *next_deadline, *now) = (0, Timestamp::MAX, Timestamp::MIN);
    }

    /// When [`Nfa::advance`] must be called at the latest; [`Timestamp::MAX`] for [`Nfa::finish`], at the end of the
    /// sequence. `None` if there is no need.
    pub fn next_due(&self) -> Option<Timestamp> {
        let waits = self.next_deadline != Timestamp::MAX || !self.completed.is_empty();
        waits.then_some(self.next_deadline)
    }

    /// How many partial matches there are, and how many events are kept for them.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let (events, nodes) = self.buffer.len();
        (self.runs.len(), events, nodes)
    }
}

/// A compiled pattern, which works on the [`Matches`] of any number of sequences, one at a time.
#[derive(Debug)]
pub struct Nfa {
    spec: Arc<PatternSpec>,
    program: Arc<Program>,
    /// Empty between two calls; kept for their room.
    verdicts: Verdicts,
    outcome: Outcome,
    taken: Vec<Taken>,
}

impl Clone for Nfa {
    fn clone(&self) -> Self {
        Self::of(self.spec.clone(), self.program.clone())
    }
}

impl Nfa {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What makes the pattern impossible, and what to do about it.
    pub fn compile(spec: PatternSpec) -> Result<Self, String> {
        let program = compile(&spec)?;
        Ok(Self::of(Arc::new(spec), Arc::new(program)))
    }

    fn of(spec: Arc<PatternSpec>, program: Arc<Program>) -> Self {
        let (verdicts, outcome) = (Verdicts::default(), Outcome::default());
        Self { spec, program, verdicts, outcome, taken: Vec::new() }
    }

    /// The pattern.
    pub fn spec(&self) -> &PatternSpec {
        &self.spec
    }

    /// Whether an event may change anything: if not, no sequence need see it.
    ///
    /// # Errors
    /// Those of the conditions.
    pub fn may_matter<E>(
        &self,
        event: &E,
        timestamp: Timestamp,
        predicates: &mut impl Predicates<E>,
    ) -> Result<bool> {
        let Some(conditions) = &self.program.conditions_that_matter else { return Ok(true) };
        let nothing = SharedBuffer::default();
        let matched = Matched { names: &self.spec.names, buffer: &nothing, taken: &[] };
        for condition in conditions {
            // What looks at the partial match is asked when there is one.
            if predicates.looks_back(*condition)
                || predicates.holds(*condition, event, timestamp, &matched)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a match may begin with an event: if not, a sequence of which [nothing is kept](Matches::is_empty) need
    /// not see it.
    ///
    /// # Errors
    /// Those of the conditions.
    pub fn may_begin<E>(
        &self,
        event: &E,
        timestamp: Timestamp,
        predicates: &mut impl Predicates<E>,
    ) -> Result<bool> {
        let nothing = SharedBuffer::default();
        let matched = Matched { names: &self.spec.names, buffer: &nothing, taken: &[] };
        for index in &self.program.starts {
            let Some(position) = self.program.positions.get(*index) else { continue };
            if predicates.holds(position.predicate, event, timestamp, &matched)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the next event of a sequence. Timestamps must not fall.
    ///
    /// # Errors
    /// Those of the conditions and of the output.
    pub fn process<E>(
        &mut self,
        matches: &mut Matches<E>,
        event: E,
        timestamp: Timestamp,
        predicates: &mut impl Predicates<E>,
        output: &mut impl MatchOutput<E>,
    ) -> Result<()> {
        self.advance(matches, timestamp, output)?;
        matches.now = timestamp;
        let Self { spec, program, verdicts, outcome, .. } = self;
        let number = matches.next_event;
        matches.next_event += 1;
        let slot = matches.buffer.add_event(event, number, timestamp);
        verdicts.next_event();
        let buffer = &mut matches.buffer;
        let mut evaluation = Evaluation { spec, verdicts, predicates, buffer, slot, timestamp };
        for run in matches.runs.drain(..) {
            run.step(program, &mut evaluation, outcome)?;
        }
        Run::begin(program, number, &mut evaluation, outcome)?;
        matches.buffer.release_event(slot);
        matches.runs.append(&mut outcome.runs);
        matches.next_deadline = matches.next_deadline.min(outcome.deadline);
        outcome.deadline = Timestamp::MAX;
        self.settle(matches, timestamp, output)
    }

    /// Time has come to `now`: partial matches whose time is over end.
    ///
    /// # Errors
    /// Those of the output.
    pub fn advance<E>(
        &mut self,
        matches: &mut Matches<E>,
        now: Timestamp,
        output: &mut impl MatchOutput<E>,
    ) -> Result<()> {
        if now < matches.next_deadline || matches.runs.is_empty() {
            return Ok(());
        }
        let Self { spec, program, outcome, taken, .. } = self;
        let mut latest = matches.now;
        matches.next_deadline = Timestamp::MAX;
        for run in matches.runs.drain(..) {
            match run.age(program, now) {
                Aged::Waits(run) => outcome.runs.push(run),
                Aged::TimedOut(run, at) => {
                    latest = latest.max(at);
                    matches.buffer.trace(run.node, taken);
                    let partial = Matched { names: &spec.names, buffer: &matches.buffer, taken };
                    output.timed_out(&partial, at)?;
                    matches.buffer.release(run.node);
                }
                Aged::Completed(completed, rest, at) => {
                    latest = latest.max(at);
                    outcome.completed.push(completed);
                    if let Some(run) = rest {
                        matches.buffer.retain(run.node);
                        outcome.runs.push(run);
                    }
                }
            }
        }
        for run in outcome.runs.drain(..) {
            matches.next_deadline = matches.next_deadline.min(run.deadline(program));
            matches.runs.push(run);
        }
        matches.now = latest;
        self.settle(matches, latest, output)
    }

    /// No event follows, and time is over: gives out the matches that have waited for others.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish<E>(&mut self, matches: &mut Matches<E>, output: &mut impl MatchOutput<E>) -> Result<()> {
        for run in matches.runs.drain(..) {
            matches.buffer.release(run.node);
        }
        matches.next_deadline = Timestamp::MAX;
        let now = matches.now;
        self.settle(matches, now, output)
    }

    /// Gives out matches: those just found, in order, or those that no earlier one can leave out any more.
    fn settle<E>(
        &mut self,
        matches: &mut Matches<E>,
        at: Timestamp,
        output: &mut impl MatchOutput<E>,
    ) -> Result<()> {
        let Self { spec, outcome, taken, .. } = self;
        let after_match = spec.after_match;
        for completed in outcome.completed.drain(..) {
            if after_match == AfterMatch::NoSkip {
                matches.buffer.trace(completed.node, taken);
                output.matched(&Matched { names: &spec.names, buffer: &matches.buffer, taken }, at)?;
                matches.buffer.release(completed.node);
            } else {
                let place = matches.completed.partition_point(|other| other.start <= completed.start);
                matches.completed.insert(place, completed);
            }
        }
        let earliest_run =
            |matches: &Matches<E>| matches.runs.first().map_or(EventNumber::MAX, |run| run.start);
        while let Some(completed) = matches.completed.pop_front() {
            if completed.start > earliest_run(matches) {
                matches.completed.push_front(completed);
                break;
            }
            matches.buffer.trace(completed.node, taken);
            output.matched(&Matched { names: &spec.names, buffer: &matches.buffer, taken }, at)?;
            let name = |stage: StageId| spec.name(stage).to_owned();
            let first_kept = after_match.first_kept(taken, &matches.buffer, name)?;
            matches.buffer.release(completed.node);
            // Both are sorted by where they begin.
            let left_out = matches.completed.partition_point(|other| other.start < first_kept);
            for other in matches.completed.drain(..left_out) {
                matches.buffer.release(other.node);
            }
            let left_out = matches.runs.partition_point(|run| run.start < first_kept);
            for run in matches.runs.drain(..left_out) {
                matches.buffer.release(run.node);
            }
        }
        if matches.runs.is_empty() {
            matches.next_deadline = Timestamp::MAX;
        }
        if matches.is_empty() {
            matches.buffer.shrink();
        }
        Ok(())
    }
}
