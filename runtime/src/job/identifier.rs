//! Names of the parts of a running job.

use std::fmt;

/// A vertex of the job graph: one chain of operators, numbered in topological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VertexId(pub u32);

/// One parallel instance of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub u32);

impl AttemptId {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
