//! A nondeterministic finite automaton (NFA) that finds patterns in a sequence of events, independent of streams.
//!
//! A [`PatternSpec`] says which stages there are, in what order, how often and how close to each other; it knows
//! conditions only by number. [`Nfa::compile`] turns it into positions and edges. [`Matches`] is what has been found
//! so far in one sequence, for instance of one key: plain data, to be kept in a state. [`Nfa::process`] takes the next
//! event, asks [`Predicates`] which conditions hold for it, and hands complete matches to a [`MatchOutput`].
//!
//! What counts as a match is said by pairs of events that are neighbours in it: what may lie between the two. An edge
//! of the automaton stands for such a pair, and a run (a partial match) is the last event taken, together with those of
//! its position's edges that what has come since still allows. So there is one run for each partial match, however
//! many ways there are to go on. Semantics are those of
//! [FlinkCEP](https://nightlies.apache.org/flink/flink-docs-stable/docs/libs/cep/).
//!
//! Events are kept once, in a buffer that all runs share: a run refers to the node of its last event, and each node to
//! the one before.

mod buffer;
mod compile;
mod evaluate;
mod matched;
mod matches;
mod program;
mod run;
mod skip;
mod spec;

pub use evaluate::Predicates;
pub use matched::Matched;
pub use matches::{MatchOutput, Matches, Nfa};
pub use spec::{
    AfterMatch, Contiguity, OnMiss, Part, PatternSpec, PredicateId, Quantifier, Sequence, StageId, What,
};

#[cfg(test)]
mod tests;
