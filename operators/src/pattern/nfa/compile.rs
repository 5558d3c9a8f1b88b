//! From a pattern's structure to positions and edges.
//!
//! Repetitions are written out: a part that occurs from two to four times becomes four positions, one that occurs any
//! number of times ends with an edge back. What lies between two events that follow each other in a match (optional
//! parts that were passed by, what must not come, greedy stages that were left) is gathered on the way from one to the
//! other and stands at the edge.

use std::time::Duration;

use super::program::{Constraint, Edge, Guard, MOST_EDGES, Position, Program, Target};
use super::spec::{Contiguity, Part, PatternSpec, PredicateId, Quantifier, Sequence, StageId, What};

/// How many positions a pattern has at most.
const MOST_POSITIONS: usize = 1 << 14;

/// Where a fragment may begin.
#[derive(Clone)]
struct Entry {
    position: usize,
    /// Unknown as long as it depends on the group that begins here.
    contiguity: Option<Contiguity>,
    within: Option<i64>,
    between: Constraint,
}

/// Where a fragment may end.
#[derive(Clone)]
struct Exit {
    position: usize,
    between: Constraint,
}

/// Some positions, and how one comes in and out.
#[derive(Clone, Default)]
struct Fragment {
    entries: Vec<Entry>,
    exits: Vec<Exit>,
    /// Passing by takes no event.
    bypass: Option<Constraint>,
}

/// Compiles a pattern.
///
/// # Errors
/// What makes the pattern impossible.
pub(super) fn compile(spec: &PatternSpec) -> Result<Program, String> {
    let mut compiler = Compiler { spec, positions: Vec::new(), untils: Vec::new() };
    let whole = compiler.sequence(&spec.sequence)?;
    if whole.bypass.is_some() {
        return Err("every stage of the pattern is optional, so that it would match no event at all: \
                    one stage at least must occur"
            .to_owned());
    }
    compiler.end(&whole)?;
    let starts = whole.entries.iter().map(|entry| entry.position).collect();
    let Compiler { mut positions, .. } = compiler;
    let stages: Vec<StageId> = positions.iter().map(|position| position.stage).collect();
    for position in &mut positions {
        // The order decides which of several matches of the same events counts: that of the earlier stage.
        position.edges.sort_by_key(|edge| match edge.target {
            Target::Position(index) => (stages.get(index).copied(), edge.target),
            end => (Some(StageId(u16::MAX)), end),
        });
        number_guards(spec, position)?;
    }
    let within = spec.within.map(millis);
    let edges = positions.iter().flat_map(|position| &position.edges);
    let has_deadlines = within.is_some() || edges.into_iter().any(|edge| edge.within.is_some());
    let conditions_that_matter = conditions_that_matter(&positions);
    Ok(Program { positions, starts, within, has_deadlines, conditions_that_matter })
}

/// All conditions, unless some edge asks for the very next event, whatever it is like.
fn conditions_that_matter(positions: &[Position]) -> Option<Vec<PredicateId>> {
    let mut conditions = Vec::new();
    for position in positions {
        conditions.push(position.predicate);
        conditions.extend(&position.unless);
        for edge in &position.edges {
            let Edge { target, contiguity, between, .. } = edge;
            let is_about_the_next = *target == Target::AnyEvent || !between.stop_directly.is_empty();
            if is_about_the_next || *contiguity == Contiguity::Strict {
                return None;
            }
            conditions.extend(&between.stop);
            conditions.extend(between.guards.iter().map(|guard| guard.predicate));
            conditions.extend(between.guards.iter().filter_map(|guard| guard.until.map(|(until, _)| until)));
        }
    }
    conditions.sort_unstable_by_key(|condition| condition.0);
    conditions.dedup();
    Some(conditions)
}

/// Gives each guard with an end a bit of its own.
fn number_guards(spec: &PatternSpec, position: &mut Position) -> Result<(), String> {
    let ends = position.edges.iter_mut().flat_map(|edge| &mut edge.between.guards);
    let mut used = 0_usize;
    for (_, bit) in ends.filter_map(|guard| guard.until.as_mut()) {
        *bit = u8::try_from(used).unwrap_or(u8::MAX);
        used += 1;
    }
    if position.edges.len() <= MOST_EDGES && used <= MOST_EDGES {
        return Ok(());
    }
    Err(format!(
        "after stage `{}` any of {} may come next, of which there may be {MOST_EDGES}: \
         fewer optional stages may follow each other",
        spec.name(position.stage),
        position.edges.len().max(used),
    ))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

struct Compiler<'s> {
    spec: &'s PatternSpec,
    positions: Vec<Position>,
    /// What ends the loops that are being compiled.
    untils: Vec<PredicateId>,
}

impl Compiler<'_> {
    fn sequence(&mut self, sequence: &Sequence) -> Result<Fragment, String> {
        let mut whole = Fragment { bypass: Some(Constraint::default()), ..Fragment::default() };
        for (index, part) in sequence.parts.iter().enumerate() {
            match part {
                Part::NotNext(predicate) => {
                    let not = Constraint { stop_directly: vec![*predicate], ..Constraint::default() };
                    whole.exits.iter_mut().for_each(|exit| exit.between = exit.between.and(&not));
                }
                Part::NotFollowedBy { predicate, .. } => {
                    let not = Constraint { stop: vec![*predicate], ..Constraint::default() };
                    whole.exits.iter_mut().for_each(|exit| exit.between = exit.between.and(&not));
                }
                Part::Take { contiguity, what, quantifier, within_previous } => {
                    let not = self.not_after(sequence, index, quantifier)?;
                    let mut part = self.repeated(what, quantifier, within_previous.map(millis), &not)?;
                    if index > 0 {
                        let unknown = part.entries.iter_mut().filter(|entry| entry.contiguity.is_none());
                        unknown.for_each(|entry| entry.contiguity = Some(*contiguity));
                    }
                    whole = self.then(whole, part);
                }
            }
        }
        Ok(whole)
    }

    /// What must not come directly after the part at `index`: it must not come between its occurrences either.
    fn not_after(
        &self,
        sequence: &Sequence,
        index: usize,
        quantifier: &Quantifier,
    ) -> Result<Constraint, String> {
        let mut not = Constraint::default();
        for part in sequence.parts.iter().skip(index + 1) {
            match part {
                Part::NotNext(predicate) => not.stop_directly.push(*predicate),
                Part::NotFollowedBy { predicate, .. } => not.stop.push(*predicate),
                Part::Take { .. } => break,
            }
        }
        let has_not = !not.stop.is_empty() || !not.stop_directly.is_empty();
        if has_not && quantifier.optional {
            return Err(
                "`not_next` and `not_followed_by` cannot come after an optional stage: look for two \
                        patterns, one with that stage and one without"
                    .to_owned(),
            );
        }
        Ok(not)
    }

    /// One after the other.
    fn then(&mut self, first: Fragment, second: Fragment) -> Fragment {
        for exit in &first.exits {
            for entry in &second.entries {
                self.connect(exit, entry, entry.contiguity, entry.within);
            }
        }
        let mut entries = first.entries;
        if let Some(passed) = &first.bypass {
            entries.extend(second.entries.into_iter().map(|entry| {
                let between = passed.and(&entry.between);
                Entry { between, ..entry }
            }));
        }
        let mut exits = Vec::new();
        if let Some(passed) = &second.bypass {
            exits.extend(first.exits.into_iter().map(|exit| {
                let between = exit.between.and(passed);
                Exit { between, ..exit }
            }));
        }
        exits.extend(second.exits);
        let bypass = first.bypass.zip(second.bypass).map(|(first, second)| first.and(&second));
        Fragment { entries, exits, bypass }
    }

    fn connect(&mut self, exit: &Exit, entry: &Entry, contiguity: Option<Contiguity>, within: Option<i64>) {
        let mut between = exit.between.and(&entry.between);
        between.stop.extend(&self.untils);
        let contiguity = contiguity.unwrap_or(Contiguity::Relaxed);
        let edge = Edge { target: Target::Position(entry.position), contiguity, between, within };
        if let Some(position) = self.positions.get_mut(exit.position) {
            position.edges.push(edge);
        }
    }

    fn repeated(
        &mut self,
        what: &What,
        quantifier: &Quantifier,
        within: Option<i64>,
        not: &Constraint,
    ) -> Result<Fragment, String> {
        self.untils.extend(quantifier.until);
        let copies = quantifier.max.unwrap_or(quantifier.min).max(1);
        let mut occurrences: Vec<Fragment> = Vec::new();
        for number in 0..copies {
            let occurrence = self.once(what)?;
            if let Some(last) = occurrences.last() {
                self.repeat(last, &occurrence, quantifier, within, not, number);
            }
            occurrences.push(occurrence);
        }
        if let (None, Some(last)) = (quantifier.max, occurrences.last()) {
            self.repeat(last, last, quantifier, within, not, copies);
        }
        if quantifier.until.is_some() {
            self.untils.pop();
        }
        let mut entries = occurrences.first().map(|first| first.entries.clone()).unwrap_or_default();
        entries.iter_mut().for_each(|entry| entry.within = shorter(entry.within, within));
        let enough = quantifier.min.saturating_sub(1) as usize;
        let mut exits: Vec<Exit> = occurrences.into_iter().skip(enough).flat_map(|one| one.exits).collect();
        let mut bypass = quantifier.optional.then(Constraint::default);
        if let (true, What::Stage(_, predicate)) = (quantifier.greedy, what)
            && quantifier.max != Some(quantifier.min)
        {
            let guard = Guard { predicate: *predicate, until: quantifier.until.map(|until| (until, 0)) };
            let left = Constraint { guards: vec![guard], ..Constraint::default() };
            exits.iter_mut().for_each(|exit| exit.between = exit.between.and(&left));
            bypass = bypass.map(|passed| passed.and(&left));
        }
        Ok(Fragment { entries, exits, bypass })
    }

    /// Connects an occurrence with the next one, before which there have been `done`.
    fn repeat(
        &mut self,
        last: &Fragment,
        next: &Fragment,
        quantifier: &Quantifier,
        within: Option<i64>,
        not: &Constraint,
        done: u32,
    ) {
        let mut between = Constraint { stop: not.stop.clone(), ..Constraint::default() };
        if done >= quantifier.min {
            // The part could have ended here.
            between.stop_directly.clone_from(&not.stop_directly);
        }
        for exit in &last.exits {
            let exit = Exit { position: exit.position, between: exit.between.and(&between) };
            for entry in &next.entries {
                let contiguity = entry.contiguity.or(Some(quantifier.inner));
                self.connect(&exit, entry, contiguity, shorter(entry.within, within));
            }
        }
    }

    fn once(&mut self, what: &What) -> Result<Fragment, String> {
        match what {
            What::Group(group) => {
                let group = self.sequence(group)?;
                if group.bypass.is_some() {
                    return Err(
                        "every stage of a group is optional: make the group optional instead, and one \
                                of its stages not"
                            .to_owned(),
                    );
                }
                Ok(group)
            }
            What::Stage(stage, predicate) => {
                let position = self.positions.len();
                if position == MOST_POSITIONS {
                    return Err(format!(
                        "the pattern takes more than {MOST_POSITIONS} events, repetitions written out: \
                         stages must occur less often"
                    ));
                }
                self.positions.push(Position {
                    stage: *stage,
                    predicate: *predicate,
                    unless: self.untils.clone(),
                    edges: Vec::new(),
                    accepts: false,
                });
                let between = Constraint::default();
                let entry = Entry { position, contiguity: None, within: None, between: between.clone() };
                Ok(Fragment { entries: vec![entry], exits: vec![Exit { position, between }], bypass: None })
            }
        }
    }

    /// What the positions at which the pattern may end become.
    fn end(&mut self, whole: &Fragment) -> Result<(), String> {
        let nots = self.spec.sequence.parts.iter().rev();
        let nots: Vec<&Part> = nots.take_while(|part| !matches!(part, Part::Take { .. })).collect();
        let mut waits = false;
        let mut within = None;
        for not in &nots {
            if let Part::NotFollowedBy { within_previous, .. } = not {
                waits = true;
                within = shorter(within, within_previous.map(millis));
            }
        }
        if waits && within.is_none() && self.spec.within.is_none() {
            return Err("the pattern ends with `not_followed_by`, which can be said of an event only when its time is \
                        over: call `within`"
                .to_owned());
        }
        for exit in &whole.exits {
            let Some(position) = self.positions.get_mut(exit.position) else { continue };
            if nots.is_empty() {
                position.accepts = true;
                continue;
            }
            let target = if waits { Target::Timeout } else { Target::AnyEvent };
            let between = exit.between.clone();
            position.edges.push(Edge { target, contiguity: Contiguity::NonDeterministic, between, within });
        }
        Ok(())
    }
}

fn shorter(first: Option<i64>, second: Option<i64>) -> Option<i64> {
    first.into_iter().chain(second).min()
}
