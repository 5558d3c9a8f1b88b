//! What is looked for: stages, their order, how often and how close to each other. Conditions are numbers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The number of a stage, in the order of their names in [`PatternSpec::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StageId(pub u16);

/// The number of a condition, as [`Predicates`](super::Predicates) knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PredicateId(pub u16);

/// What may lie between two events of a match that follow each other.
#[doc(alias = "ConsumingStrategy")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contiguity {
    /// No event at all.
    #[doc(alias = "STRICT")]
    Strict,
    /// Events that the later one's stage does not accept: the next event that it does accept is taken.
    #[doc(alias = "SKIP_TILL_NEXT")]
    Relaxed,
    /// Any events, also such that could have been taken.
    #[doc(alias = "SKIP_TILL_ANY")]
    NonDeterministic,
}

/// What a part takes each time.
#[derive(Clone, Debug)]
pub enum What {
    /// One event.
    Stage(StageId, PredicateId),
    /// The events of a sequence of parts.
    Group(Sequence),
}

/// How often a part occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantifier {
    /// At least so often, if it occurs at all; from 1 on.
    pub min: u32,
    /// At most so often; `None` for any number.
    pub max: Option<u32>,
    /// It need not occur at all.
    pub optional: bool,
    /// No event that the part would accept is left out between its last one and the one after that.
    pub greedy: bool,
    /// What may lie between two occurrences.
    pub inner: Contiguity,
    /// Ends the part: no event is taken for it from the one on for which this holds.
    pub until: Option<PredicateId>,
}

impl Quantifier {
    /// Exactly once.
    pub const ONCE: Self = Self {
        min: 1,
        max: Some(1),
        optional: false,
        greedy: false,
        inner: Contiguity::Relaxed,
        until: None,
    };
}

/// One part of a sequence.
#[derive(Clone, Debug)]
pub enum Part {
    /// Takes events.
    Take {
        /// What may lie between the events of the part before and those of this one. Without a meaning for the first.
        contiguity: Contiguity,
        /// What it takes each time.
        what: What,
        /// How often.
        quantifier: Quantifier,
        /// The time from one event of the match to the next, if that one belongs to this part, must be shorter.
        within_previous: Option<Duration>,
    },
    /// The event directly after those of the part before must not be such.
    NotNext(PredicateId),
    /// Until an event of a later part is taken, no such event may come. As the last part of a pattern: within the time
    /// that is left.
    NotFollowedBy {
        /// What must not come.
        predicate: PredicateId,
        /// The time in which it must not come, from the event before it. As the last part only.
        within_previous: Option<Duration>,
    },
}

/// Parts one after the other; the first one takes events.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    /// The parts.
    pub parts: Vec<Part>,
}

/// Which matches are left out when one has been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterMatch {
    /// None.
    NoSkip,
    /// Those that begin with the same event.
    SkipToNext,
    /// Those that begin before the match has ended, or with its last event.
    SkipPastLastEvent,
    /// Those that begin before the first event of a stage. None if it has no event, unless that is an error.
    SkipToFirst(StageId, OnMiss),
    /// Those that begin before the last event of a stage. None if it has no event, unless that is an error.
    SkipToLast(StageId, OnMiss),
}

/// What happens if the stage to skip to has no event in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMiss {
    /// No match is left out.
    NoSkip,
    /// The job fails.
    Fail,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct PatternSpec {
    /// The stages and their order.
    pub sequence: Sequence,
    /// The names of the stages, by number.
    pub names: Arc<[Arc<str>]>,
    /// The time from the first event of a match to the last must be shorter.
    pub within: Option<Duration>,
    /// Which matches are left out when one has been found.
    pub after_match: AfterMatch,
}

impl fmt::Display for Contiguity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Strict => "next",
            Self::Relaxed => "followed by",
            Self::NonDeterministic => "followed by any",
        })
    }
}

impl fmt::Display for Quantifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (1, Some(1)) => {}
            (1, None) => formatter.write_str("+")?,
            (min, None) => write!(formatter, "{{{min},}}")?,
            (min, Some(max)) if min == max => write!(formatter, "{{{min}}}")?,
            (min, Some(max)) => write!(formatter, "{{{min},{max}}}")?,
        }
        if self.optional {
            formatter.write_str("?")?;
        }
        if self.max != Some(1) && self.inner != Contiguity::Relaxed {
            let inner = if self.inner == Contiguity::Strict { "consecutive" } else { "combinations" };
            write!(formatter, " {inner}")?;
        }
        formatter.write_str(if self.greedy { " greedy" } else { "" })?;
        formatter.write_str(if self.until.is_some() { " until" } else { "" })
    }
}

/// The structure, by which two patterns are told apart that cannot go on from each other's partial matches.
impl fmt::Display for PatternSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_sequence(&self.sequence, formatter)?;
        if let Some(within) = self.within {
            write!(formatter, " within {within:?}")?;
        }
        if self.after_match != AfterMatch::NoSkip {
            write!(formatter, " after match {:?}", self.after_match)?;
        }
        Ok(())
    }
}

impl PatternSpec {
    fn write_sequence(&self, sequence: &Sequence, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in sequence.parts.iter().enumerate() {
            let within = match part {
                Part::Take { contiguity, what, quantifier, within_previous } => {
                    if index > 0 {
                        write!(out, " {contiguity} ")?;
                    }
                    match what {
                        What::Stage(stage, _) => out.write_str(self.name(*stage))?,
                        What::Group(group) => {
                            out.write_str("(")?;
                            self.write_sequence(group, out)?;
                            out.write_str(")")?;
                        }
                    }
                    write!(out, "{quantifier}")?;
                    within_previous
                }
                Part::NotNext(_) => {
                    out.write_str(" not next")?;
                    &None
                }
                Part::NotFollowedBy { within_previous, .. } => {
                    out.write_str(" not followed by")?;
                    within_previous
                }
            };
            if let Some(within) = within {
                write!(out, " within {within:?} of the previous")?;
            }
        }
        Ok(())
    }

    /// The name of a stage.
    pub(super) fn name(&self, stage: StageId) -> &str {
        self.names.get(usize::from(stage.0)).map_or("", |name| name)
    }
}
