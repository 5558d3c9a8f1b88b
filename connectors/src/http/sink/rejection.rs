//! What happens to requests that the server does not want.

use std::fmt;
use std::sync::Arc;

/// What to do about a request that the server rejects, and would reject again.
///
/// ```
/// use std::sync::Arc;
///
/// use millstream::connectors::http::{Rejection, WebhookSink};
///
/// let sink = WebhookSink::json::<u64>("http://localhost:8080/numbers").on_rejection(Rejection::Call(Arc::new(|rejected| {
///     eprintln!("{} records were rejected with status {}: {}", rejected.records, rejected.status, rejected.answer);
/// })));
/// ```
#[derive(Clone)]
pub enum Rejection {
    /// The job fails, for good.
    Fail,
    /// The records are passed over, and counted as `rejectedRecords`.
    Skip,
    /// The same, and the function gets the request: a dead letter. It is called on the I/O pool and must not block; after a
    /// failure of the job it may be called again for the same records.
    Call(Arc<dyn Fn(Rejected) + Send + Sync>),
}

impl fmt::Debug for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fail => "Fail",
            Self::Skip => "Skip",
            Self::Call(_) => "Call",
        })
    }
}

/// A request that the server has rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The status of the answer.
    pub status: u16,
    /// What the answer says, up to a kilobyte of it.
    pub answer: String,
    /// What was sent.
    pub body: Vec<u8>,
    /// How many records that is.
    pub records: u64,
}
