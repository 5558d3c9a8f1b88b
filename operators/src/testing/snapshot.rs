//! A snapshot of a function under test, and what is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::testing::HarnessSnapshot;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;
use millstream_state::snapshot::part::{Redistribution, StateKind};

/// A snapshot of all subtasks of a function under test, for
/// [`HarnessBuilder::restore`](super::HarnessBuilder::restore).
///
/// What the function does after the snapshot does not show in it.
pub struct FunctionSnapshot {
    pub(super) parts: Vec<HarnessSnapshot>,
    pub(super) max_parallelism: u32,
    /// How far the clock had come.
    pub(super) clock: Duration,
}

impl FunctionSnapshot {
    /// How many entries the state `name` has: keys that have a value, a list or a map, keys of a
    /// broadcast state, panes of windows, items of an operator state.
    ///
    /// # Errors
    /// If there is no such state; the error names those there are.
    pub fn state_entries(&self, name: &str) -> Result<u64> {
        let (keyed, operator) = (self.keyed(|_| true), self.operator_states()?);
        if let Some(entries) = keyed.get(name).or_else(|| operator.get(name)) {
            return Ok(*entries);
        }
        let names: Vec<&str> =
            keyed.keys().chain(operator.keys()).copied().filter(|name| !name.starts_with('_')).collect();
        let problem = format!("the function has no state `{name}`; those it has: {}", names.join(", "));
        Err(Error::new(ErrorKind::InvalidJob, problem))
    }

    /// How many entries all keyed states have together, without timers.
    #[doc(alias = "numKeyedStateEntries")]
    pub fn keyed_state_entries(&self) -> u64 {
        let is_state = |kind| !matches!(kind, StateKind::EventTimer | StateKind::ProcessingTimer);
        self.keyed(is_state).values().sum()
    }

    /// How many event-time timers are set.
    #[doc(alias = "numEventTimeTimers")]
    pub fn event_time_timers(&self) -> u64 {
        self.keyed(|kind| kind == StateKind::EventTimer).values().sum()
    }

    /// How many processing-time timers are set.
    #[doc(alias = "numProcessingTimeTimers")]
    pub fn processing_time_timers(&self) -> u64 {
        self.keyed(|kind| kind == StateKind::ProcessingTimer).values().sum()
    }

    /// The items of an operator state, which `snapshot` of the function has handed over: those of
    /// all subtasks, one after the other.
    ///
    /// # Errors
    /// If there is no such state, or it holds another type.
    pub fn list<T: Record>(&self, name: &str) -> Result<Vec<T>> {
        let lists = self.parts.iter().map(|part| part.list(name)).collect::<Result<Vec<_>>>()?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// The entries of keyed states of certain kinds, by name.
    fn keyed(&self, is_meant: impl Fn(StateKind) -> bool) -> BTreeMap<&str, u64> {
        let mut entries = BTreeMap::new();
        let states = self.parts.iter().flat_map(HarnessSnapshot::keyed_states);
        for (meta, count) in states.filter(|(meta, _)| is_meant(meta.kind)) {
            *entries.entry(meta.name.as_str()).or_default() += count;
        }
        entries
    }

    /// The items of operator states, by name; what all subtasks hold alike counts once.
    fn operator_states(&self) -> Result<BTreeMap<&str, u64>> {
        let mut items = BTreeMap::new();
        for part in &self.parts {
            for (name, redistribution, count) in part.operator_states()? {
                let all: &mut u64 = items.entry(name).or_default();
                *all =
                    if redistribution == Redistribution::Broadcast { count.max(*all) } else { *all + count };
            }
        }
        Ok(items)
    }
}
