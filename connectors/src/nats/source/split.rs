//! A stream, or what a filter has of it, and how far it has been read.

use std::fmt;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

/// A stream that is read, or what a filter has of it, and from where up to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatsSplit {
    pub(super) part: StreamPart,
    /// When the stream was made, in nanoseconds since 1970.
    pub(super) created: i64,
    /// The sequence that reading goes on at.
    pub(super) next: u64,
    /// The sequence before which reading ends.
    pub(super) stop: Option<u64>,
    /// How far it has come in event time.
    pub(super) watermark: Timestamp,
}

/// The name of what is read by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct StreamPart {
    pub(super) stream: String,
    pub(super) filter: Option<String>,
}

impl fmt::Display for StreamPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No name of a stream has a space.
        match &self.filter {
            None => formatter.write_str(&self.stream),
            Some(filter) => write!(formatter, "{} {filter}", self.stream),
        }
    }
}

impl NatsSplit {
    /// The name of the stream.
    pub fn stream(&self) -> &str {
        &self.part.stream
    }

    /// The filter of subjects; `None` for all.
    pub fn filter(&self) -> Option<&str> {
        self.part.filter.as_deref()
    }

    /// The sequence that reading goes on at.
    pub const fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Whether everything has been read.
    pub(super) fn is_done(&self) -> bool {
        self.stop.is_some_and(|stop| self.next >= stop)
    }
}
