//! Names of operators and checkpoints inside snapshots.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::stable_hash;

/// Says which operator a piece of state belongs to, across restarts and versions of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperatorId(u64);

impl OperatorId {
    /// The identifier of an operator with this `uid`, or with this description of its place in the graph.
    pub fn from_uid(uid: &str) -> Self {
        Self(stable_hash(uid))
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Numbers checkpoints and savepoints of a job, upwards from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(u64);

impl CheckpointId {
    /// The checkpoint with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Numbers the processes that have owned a job's folder, upwards from 1; each has one of its own.
///
/// 0 stands for builds that kept no journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Names a checkpoint among all that processes have ever written into a job's folder: its own folder
/// is called `chk-<id>-e<epoch>`, or `chk-<id>` where no journal was kept.
///
/// The epoch keeps what a process writes that has been replaced, however late, out of its
/// successor's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckpointName {
    /// The checkpoint's number.
    pub id: CheckpointId,
    /// The epoch of the process that made it.
    pub epoch: Epoch,
}

impl CheckpointName {
    /// The checkpoint whose folder has this name; only names as they are written here count, neither
    /// `chk-07` nor `chk-+7`.
    pub fn parse(folder: &str) -> Option<Self> {
        let rest = folder.strip_prefix("chk-")?;
        let (id, epoch) = match rest.split_once("-e") {
            Some((id, epoch)) => (id, epoch.parse().ok()?),
            None => (rest, 0),
        };
        let name = Self { id: CheckpointId::new(id.parse().ok()?), epoch: Epoch(epoch) };
        (name.to_string() == folder).then_some(name)
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "chk-{}", self.id)?;
        if self.epoch > Epoch(0) { write!(formatter, "-e{}", self.epoch) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_checkpoints_are_distinguished_from_others() {
        for folder in ["chk-7", "chk-7-e4", "chk-0-e1"] {
            assert_eq!(CheckpointName::parse(folder).unwrap().to_string(), folder);
        }
        for folder in
            ["chk-07", "chk-+7", "chk-7-e0", "chk-7-e04", "chk-7-e", "chk--e1", "chk-7e1", "7", "chk-"]
        {
            assert_eq!(CheckpointName::parse(folder), None, "{folder}");
        }
    }
}
