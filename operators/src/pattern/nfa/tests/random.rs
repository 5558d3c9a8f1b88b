//! Random patterns and random events.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::clock::Random;
use millstream_state::Timestamp;
use millstream_state::codec::{decode, encode};

use super::brute::{Condition, Event, Found, search};
use super::*;
use crate::pattern::nfa::spec::OnMiss;

/// How many values events have.
const VALUES: usize = 4;

struct Draw {
    random: Random,
    conditions: Vec<Condition>,
    stages: u16,
}

impl Draw {
    fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    fn predicate(&mut self) -> PredicateId {
        // One or two values, seldom more.
        let mut values = 1 << self.random.below(VALUES);
        if self.one_in(2) {
            values |= 1 << self.random.below(VALUES);
        }
        let rising = self.one_in(6);
        self.conditions.push(Condition { values, rising });
        PredicateId(u16::try_from(self.conditions.len() - 1).unwrap())
    }

    fn contiguity(&mut self) -> Contiguity {
        [Contiguity::Strict, Contiguity::Relaxed, Contiguity::NonDeterministic][self.random.below(3)]
    }

    fn time(&mut self, one_in: usize) -> Option<Duration> {
        self.one_in(one_in).then(|| Duration::from_millis(1 + self.random.below(8) as u64))
    }

    fn quantifier(&mut self, is_group: bool) -> Quantifier {
        let mut quantifier = Quantifier::ONCE;
        quantifier.optional = self.one_in(4);
        if self.one_in(2) {
            quantifier.min = 1 + self.random.below(2) as u32;
            quantifier.max = match self.random.below(3) {
                0 => Some(quantifier.min),
                1 => Some(quantifier.min + 1),
                _ => None,
            };
            quantifier.inner = self.contiguity();
            let combinations = quantifier.inner == Contiguity::NonDeterministic;
            quantifier.greedy = !is_group && !combinations && self.one_in(3);
            if quantifier.max.is_none() && self.one_in(4) {
                quantifier.until = Some(self.predicate());
            }
        }
        quantifier
    }

    fn sequence(&mut self, depth: u32) -> Sequence {
        let mut parts = Vec::new();
        let count = 1 + self.random.below(if depth == 0 { 4 } else { 2 });
        for index in 0..count {
            let after_optional =
                matches!(parts.last(), Some(Part::Take { quantifier, .. }) if quantifier.optional);
            if index > 0 && !after_optional && self.one_in(5) {
                let predicate = self.predicate();
                parts.push(if self.one_in(2) {
                    Part::NotNext(predicate)
                } else {
                    Part::NotFollowedBy { predicate, within_previous: self.time(5) }
                });
                continue;
            }
            let contiguity = self.contiguity();
            let is_group = depth == 0 && self.one_in(5);
            let what = if is_group {
                What::Group(self.sequence(depth + 1))
            } else {
                self.stages += 1;
                What::Stage(StageId(self.stages - 1), self.predicate())
            };
            let quantifier = self.quantifier(is_group);
            parts.push(Part::Take { contiguity, what, quantifier, within_previous: self.time(8) });
        }
        Sequence { parts }
    }

    fn spec(&mut self) -> PatternSpec {
        let sequence = self.sequence(0);
        let names = (0..self.stages).map(|stage| format!("s{stage}").into()).collect();
        let stage = StageId(self.random.below(usize::from(self.stages.max(1))) as u16);
        // Which of two ways to spread the same events over the occurrences of a group counts is not said.
        let is_ambiguous = sequence.parts.iter().any(|part| {
            matches!(part, Part::Take { what: What::Group(_), quantifier, .. } if quantifier.max != Some(1))
        });
        let after_match = match self.random.below(if is_ambiguous { 1 } else { 7 }) {
            0..=2 => AfterMatch::NoSkip,
            3 => AfterMatch::SkipToNext,
            4 => AfterMatch::SkipPastLastEvent,
            5 => AfterMatch::SkipToFirst(stage, OnMiss::NoSkip),
            _ => AfterMatch::SkipToLast(stage, OnMiss::NoSkip),
        };
        PatternSpec { sequence, names, within: self.time(3), after_match }
    }

    fn events(&mut self) -> Vec<Event> {
        let mut time = 0;
        let count = self.random.below(9);
        let mut event = |draw: &mut Self| {
            time += draw.random.below(4) as i64;
            (draw.random.below(VALUES) as u8, time)
        };
        (0..count).map(|_| event(self)).collect()
    }
}

struct Conditions<'a>(&'a [Condition]);

/// An event and its number.
type Numbered = (usize, u8);

impl Predicates<Numbered> for Conditions<'_> {
    fn holds(
        &mut self,
        predicate: PredicateId,
        event: &Numbered,
        _: Timestamp,
        matched: &Matched<'_, Numbered>,
    ) -> Result<bool> {
        let last = matched.iter().next_back().map(|(_, (_, value))| *value);
        Ok(self.0[usize::from(predicate.0)].holds(event.1, last))
    }

    fn looks_back(&self, predicate: PredicateId) -> bool {
        self.0[usize::from(predicate.0)].rising
    }
}

#[derive(Default)]
struct Collect(Vec<Found>);

impl MatchOutput<Numbered> for Collect {
    fn matched(&mut self, matched: &Matched<'_, Numbered>, _: Timestamp) -> Result<()> {
        let taken = matched.iter().map(|(stage, (number, _))| (*number, stage[1..].parse().unwrap()));
        self.0.push(taken.collect());
        Ok(())
    }

    fn timed_out(&mut self, partial: &Matched<'_, Numbered>, at: Timestamp) -> Result<()> {
        assert!(!partial.is_empty() && partial.start() <= partial.end() && partial.end() < Some(at));
        Ok(())
    }
}

/// What the automaton finds, and how many events it need not have seen; with `sees_all` it sees them too. On the way it is
/// written and read.
fn find(nfa: &mut Nfa, conditions: &[Condition], events: &[Event], sees_all: bool) -> (Vec<Found>, usize) {
    let (mut matches, mut found, mut irrelevant) = (Matches::default(), Collect::default(), 0);
    for (number, (value, time)) in events.iter().enumerate() {
        let (event, time) = ((number, *value), Timestamp::from_millis(*time));
        if !nfa.may_matter(&event, time, &mut Conditions(conditions)).unwrap() {
            irrelevant += 1;
            if !sees_all {
                continue;
            }
        }
        nfa.process(&mut matches, event, time, &mut Conditions(conditions), &mut found).unwrap();
        if let Some(due) = matches.next_due() {
            assert!(due > time, "what was due at {due} has not happened at {time}");
        }
        if number % 3 == 1 {
            matches = decode(&encode(&matches).unwrap()).unwrap();
        }
        if matches.is_empty() {
            assert_eq!(matches.sizes(), (0, 0, 0));
        }
    }
    nfa.advance(&mut matches, Timestamp::MAX, &mut found).unwrap();
    nfa.finish(&mut matches, &mut found).unwrap();
    assert_eq!((matches.is_empty(), matches.sizes()), (true, (0, 0, 0)), "all is given back");
    (found.0, irrelevant)
}

#[test]
fn the_automaton_finds_what_a_search_through_all_subsequences_finds() {
    let (mut impossible, mut with_matches, mut left_out, mut passed_over) = (0, 0, 0, 0);
    for seed in 0..12_000 {
        let mut draw = Draw { random: Random::new(seed), conditions: Vec::new(), stages: 0 };
        let spec = draw.spec();
        let mut nfa = match Nfa::compile(spec.clone()) {
            Ok(nfa) => nfa,
            Err(problem) => {
                let expected = ["is optional", "call `within`"];
                assert!(expected.iter().any(|part| problem.contains(part)), "{problem}");
                impossible += 1;
                continue;
            }
        };
        for _ in 0..3 {
            let events = draw.events();
            let mut expected = search(&spec, &draw.conditions, &events);
            let (mut found, irrelevant) = find(&mut nfa, &draw.conditions, &events, true);
            let of_the_others = find(&mut nfa, &draw.conditions, &events, false).0;
            assert_eq!(
                found, of_the_others,
                "seed {seed}: right without events for which no condition holds"
            );
            passed_over += irrelevant;
            with_matches += usize::from(!expected.is_empty());
            left_out += usize::from(spec.after_match != AfterMatch::NoSkip && expected.len() > 1);
            expected.sort();
            found.sort();
            assert_eq!(
                found, expected,
                "seed {seed}: left what was found, right what there is; pattern {spec} = {:?}, conditions {:?}, \
                 events (value, time) {events:?}",
                spec.sequence, draw.conditions
            );
        }
    }
    // What has not happened has not been tested.
    assert!(
        impossible < 4_000 && with_matches > 6_000 && left_out > 500 && passed_over > 500,
        "{impossible} {with_matches} {left_out} {passed_over}"
    );
}
