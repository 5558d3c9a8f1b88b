//! How far a server has been read.

use serde::{Deserialize, Serialize};

/// How far a server has been read: what it is told when it is asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpSplit {
    /// The id of the last event of a stream that had one.
    pub(super) last_event_id: Option<String>,
    /// What the last answer was, when polling.
    pub(super) etag: Option<String>,
    /// And since when.
    pub(super) last_modified: Option<String>,
}

impl HttpSplit {
    /// The id of the last event that was read, if the server gives its events ids.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }
}
