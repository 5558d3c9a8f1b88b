//! The conditions of a pattern, and how the automaton asks for them.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::nfa::{Matched, PredicateId, Predicates};

type OfEvent<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;
type OfMatch<T> = Arc<dyn Fn(&T, &Matched<'_, T>) -> bool + Send + Sync>;

/// What an event must be like. Patterns are values, so conditions are closures behind a pointer: one call for each
/// condition and event, whatever the number of partial matches.
pub(super) enum Condition<T> {
    Any,
    OfEvent(OfEvent<T>),
    OfMatch(OfMatch<T>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl<T> Clone for Condition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::OfEvent(condition) => Self::OfEvent(condition.clone()),
            Self::OfMatch(condition) => Self::OfMatch(condition.clone()),
            Self::And(first, second) => Self::And(first.clone(), second.clone()),
            Self::Or(first, second) => Self::Or(first.clone(), second.clone()),
        }
    }
}

impl<T> Condition<T> {
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::Any => other,
            first => Self::And(Box::new(first), Box::new(other)),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match self {
            // As in Flink: `or` without a condition before it is the condition.
            Self::Any => other,
            first => Self::Or(Box::new(first), Box::new(other)),
        }
    }

    fn holds(&self, event: &T, matched: &Matched<'_, T>) -> bool {
        match self {
            Self::Any => true,
            Self::OfEvent(condition) => condition(event),
            Self::OfMatch(condition) => condition(event, matched),
            Self::And(first, second) => first.holds(event, matched) && second.holds(event, matched),
            Self::Or(first, second) => first.holds(event, matched) || second.holds(event, matched),
        }
    }

    fn looks_back(&self) -> bool {
        match self {
            Self::Any | Self::OfEvent(_) => false,
            Self::OfMatch(_) => true,
            Self::And(first, second) | Self::Or(first, second) => first.looks_back() || second.looks_back(),
        }
    }
}

/// All conditions of a pattern, by number.
pub(super) struct Conditions<T>(Vec<(Condition<T>, bool)>);

impl<T> Clone for Conditions<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Conditions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Conditions<T> {
    /// Adds a condition; returns its number.
    pub(super) fn add(&mut self, condition: &Condition<T>) -> PredicateId {
        let number = PredicateId(u16::try_from(self.0.len()).unwrap_or(u16::MAX));
        self.0.push((condition.clone(), condition.looks_back()));
        number
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Predicates<T> for Conditions<T> {
    #[inline]
    fn holds(
        &mut self,
        predicate: PredicateId,
        event: &T,
        _: Timestamp,
        matched: &Matched<'_, T>,
    ) -> Result<bool> {
        let condition = self.0.get(usize::from(predicate.0));
        Ok(condition.is_some_and(|(condition, _)| condition.holds(event, matched)))
    }

    #[inline]
    fn looks_back(&self, predicate: PredicateId) -> bool {
        self.0.get(usize::from(predicate.0)).is_some_and(|(_, looks_back)| *looks_back)
    }
}
