//! From what was written down to what the automaton is compiled from.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::builder::{Kind, Pattern, Stage};
use super::condition::Conditions;
use super::nfa::{AfterMatch, Nfa, Part, PatternSpec, PredicateId, Quantifier, Sequence, StageId, What};
use super::skip::{AfterMatchSkip, Skip};

/// A pattern that can be looked for.
pub(super) struct Compiled<T> {
    pub(super) nfa: Nfa,
    pub(super) conditions: Conditions<T>,
}

impl<T> Clone for Compiled<T> {
    fn clone(&self) -> Self {
        Self { nfa: self.nfa.clone(), conditions: self.conditions.clone() }
    }
}

impl<T> Pattern<T> {
    /// Compiles the pattern.
    ///
    /// # Errors
    /// What makes it impossible.
    pub(super) fn compile(&self) -> Result<Compiled<T>, String> {
        let mut lowering =
            Lowering { conditions: Conditions::default(), names: Vec::new(), known: BTreeSet::new() };
        let sequence = lowering.sequence(self)?;
        if let Some(within) = self.within {
            check_time("`within`", within)?;
        }
        let Lowering { conditions, names, .. } = lowering;
        if conditions.len() > usize::from(u16::MAX) {
            return Err(format!(
                "the pattern has {} conditions, more than can be told apart",
                conditions.len()
            ));
        }
        let after_match = after_match(&self.skip, &names)?;
        let spec = PatternSpec { sequence, names: names.into(), within: self.within, after_match };
        Ok(Compiled { nfa: Nfa::compile(spec)?, conditions })
    }
}

fn check_time(what: &str, time: Duration) -> Result<(), String> {
    if time.is_zero() || !time.subsec_nanos().is_multiple_of(1_000_000) {
        return Err(format!(
            "the time of {what} must be a whole number of milliseconds and at least 1 ms, but is {time:?}"
        ));
    }
    Ok(())
}

fn after_match(skip: &AfterMatchSkip, names: &[Arc<str>]) -> Result<AfterMatch, String> {
    let stage = |name: &str| {
        let index = names.iter().position(|other| other.as_ref() == name);
        let index = index.and_then(|index| u16::try_from(index).ok());
        index.map(StageId).ok_or_else(|| {
            let known = names.join("`, `");
            format!(
                "there is no stage `{name}` to skip to; the pattern's stages that take events are `{known}`"
            )
        })
    };
    Ok(match &skip.0 {
        Skip::No => AfterMatch::NoSkip,
        Skip::ToNext => AfterMatch::SkipToNext,
        Skip::PastLastEvent => AfterMatch::SkipPastLastEvent,
        Skip::ToFirst(name, on_miss) => AfterMatch::SkipToFirst(stage(name)?, *on_miss),
        Skip::ToLast(name, on_miss) => AfterMatch::SkipToLast(stage(name)?, *on_miss),
    })
}

struct Lowering<T> {
    conditions: Conditions<T>,
    /// Of the stages that take events, by number.
    names: Vec<Arc<str>>,
    /// All names.
    known: BTreeSet<String>,
}

impl<T> Lowering<T> {
    fn sequence(&mut self, pattern: &Pattern<T>) -> Result<Sequence, String> {
        if let Some(problem) = &pattern.problem {
            return Err(problem.clone());
        }
        let parts = pattern.stages.iter().map(|stage| self.part(stage)).collect::<Result<_, _>>()?;
        Ok(Sequence { parts })
    }

    fn part(&mut self, stage: &Stage<T>) -> Result<Part, String> {
        if let Some(within) = stage.within_previous {
            check_time(&format!("`within_previous` of {}", stage.called()), within)?;
        }
        let what = match &stage.kind {
            Kind::NotNext(name) => {
                self.name(name)?;
                return Ok(Part::NotNext(self.predicate(stage)));
            }
            Kind::NotFollowedBy(name) => {
                self.name(name)?;
                let (predicate, within_previous) = (self.predicate(stage), stage.within_previous);
                return Ok(Part::NotFollowedBy { predicate, within_previous });
            }
            Kind::Single(name) => {
                self.name(name)?;
                let number = u16::try_from(self.names.len())
                    .map_err(|_| "the pattern has more than 65,536 stages".to_owned())?;
                self.names.push(Arc::from(name.as_str()));
                What::Stage(StageId(number), self.predicate(stage))
            }
            Kind::Group(group) => {
                if group.within.is_some() || group.skip != AfterMatchSkip::no_skip() {
                    return Err(format!(
                        "{}: `within` and `after_match` belong to the pattern as a whole, not to a group",
                        stage.called()
                    ));
                }
                What::Group(self.sequence(group)?)
            }
        };
        let until = stage.until.as_ref().map(|until| self.conditions.add(until));
        let quantifier = Quantifier { until, ..stage.quantifier.clone() };
        let (contiguity, within_previous) = (stage.contiguity, stage.within_previous);
        Ok(Part::Take { contiguity, what, quantifier, within_previous })
    }

    fn predicate(&mut self, stage: &Stage<T>) -> PredicateId {
        self.conditions.add(&stage.condition)
    }

    fn name(&mut self, name: &str) -> Result<(), String> {
        if name.is_empty() {
            return Err("a stage of the pattern has an empty name".to_owned());
        }
        if !self.known.insert(name.to_owned()) {
            return Err(format!("two stages of the pattern are called `{name}`: names must be unique"));
        }
        Ok(())
    }
}
