//! Which subtasks of a job a process runs.

use std::collections::BTreeSet;

use crate::job::SubtaskId;

/// Which subtasks of a job a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// All of them.
    #[default]
    Everything,
    /// These.
    Only(BTreeSet<SubtaskId>),
}

impl Placement {
    /// Whether a subtask is one of them.
    pub fn contains(&self, subtask: SubtaskId) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(subtasks) => subtasks.contains(&subtask),
        }
    }
}
