//! Names of the parts of a running job.

use std::fmt;

use millstream_state::Epoch;
use serde::{Deserialize, Serialize};

/// A vertex of the job graph: one chain of operators, numbered in topological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VertexId(pub u32);

/// One parallel instance of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubtaskId {
    /// The vertex.
    pub vertex: VertexId,
    /// Which of its instances, counted from 0.
    pub index: u32,
}

impl fmt::Display for SubtaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.vertex.0, self.index)
    }
}

/// One try at running a job, from deployment to its end; a restart begins the next.
///
/// Ordered: of two processes that run the same job, the one that took it over later has the higher
/// epoch, and all its attempts come after those of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// Of the process that runs it; 0 where no journal says so.
    pub epoch: Epoch,
    /// Which of the process's attempts, counted from 0.
    pub number: u32,
}

impl AttemptId {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { epoch: self.epoch, number: self.number + 1 }
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.epoch, self.number)
    }
}
