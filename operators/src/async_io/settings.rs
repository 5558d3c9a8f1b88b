//! What is said about the requests of an operator.

use std::sync::Arc;
use std::time::Duration;

use super::AsyncRetryStrategy;

/// As many requests at a time as in Flink.
const CAPACITY: usize = 100;
/// As Flink's SQL waits for a lookup.
const TIMEOUT: Duration = Duration::from_secs(180);

/// In which order results leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputOrder {
    /// In that of the records.
    Ordered,
    /// As they come, between two watermarks.
    Unordered,
}

/// What takes the place of an answer that has not come in time.
pub(super) type OnTimeout<I, O> = Arc<dyn Fn(I) -> Vec<O> + Send + Sync>;

/// What is said about the requests of an operator.
pub(crate) struct AsyncSettings<I, O> {
    pub(super) capacity: usize,
    /// [`Duration::MAX`] stands for any time.
    pub(super) timeout: Duration,
    pub(super) on_timeout: Option<OnTimeout<I, O>>,
    pub(super) retry: Option<AsyncRetryStrategy<O>>,
    pub(super) order: OutputOrder,
}

impl<I, O> Clone for AsyncSettings<I, O> {
    fn clone(&self) -> Self {
        let Self { capacity, timeout, on_timeout, retry, order } = self;
        Self {
            capacity: *capacity,
            timeout: *timeout,
            on_timeout: on_timeout.clone(),
            retry: retry.clone(),
            order: *order,
        }
    }
}

impl<I, O> Default for AsyncSettings<I, O> {
    fn default() -> Self {
        Self {
            capacity: CAPACITY,
            timeout: TIMEOUT,
            on_timeout: None,
            retry: None,
            order: OutputOrder::Ordered,
        }
    }
}

impl<I, O> AsyncSettings<I, O> {
    /// What is wrong with them, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        if self.capacity == 0 {
            return Some("no request may be under way: set a `capacity` of 1 or more".to_owned());
        }
        if self.timeout.is_zero() {
            return Some("no request can be answered in no time: set a longer `timeout`".to_owned());
        }
        self.retry.as_ref().and_then(AsyncRetryStrategy::problem)
    }
}
