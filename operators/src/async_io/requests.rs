//! Requests that are under way: their attempts, and the time that each has.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::guard::guarded;
use parking_lot::Mutex;

use super::AsyncFunction;

/// What an attempt has come to.
pub(super) struct Outcome<O> {
    /// Of which request.
    pub(super) number: u64,
    /// Which of its attempts it was, from 1.
    pub(super) attempt: u32,
    pub(super) answer: Result<Vec<O>>,
}

/// A request that has not been answered.
struct Request {
    /// On the monotonic clock.
    deadline: Duration,
    /// How often it has been made.
    attempts: u32,
    /// The attempt that is under way; none between two attempts.
    attempt: Option<IoHandle<()>>,
}

/// Requests that are under way, by the numbers of their records. Dropping them gives them up.
pub(super) struct Requests<O> {
    /// What attempts have come to since it was looked at last; they add to it from wherever they run.
    outcomes: Arc<Mutex<Vec<Outcome<O>>>>,
    /// The vector that takes its place, so that neither is made anew.
    looked_at: Vec<Outcome<O>>,
    /// The first has the earliest deadline: all have the same time.
    requests: BTreeMap<u64, Request>,
    /// When requests are made again.
    retries: BinaryHeap<Reverse<(Duration, u64)>>,
}

impl<O: Send + 'static> Requests<O> {
    pub(super) fn new() -> Self {
        let (outcomes, looked_at) = (Arc::default(), Vec::new());
        Self { outcomes, looked_at, requests: BTreeMap::new(), retries: BinaryHeap::new() }
    }

    /// Makes the request for a record, for the first time.
    pub(super) fn begin<I: Send + 'static>(
        &mut self,
        (number, record): (u64, I),
        deadline: Duration,
        function: &Arc<impl AsyncFunction<I, O>>,
        cx: &TaskContext,
    ) {
        let attempt = Some(self.attempt(number, 1, record, function, cx));
        self.requests.insert(number, Request { deadline, attempts: 1, attempt });
    }

    /// Makes a request again.
    pub(super) fn begin_again<I: Send + 'static>(
        &mut self,
        (number, record): (u64, I),
        function: &Arc<impl AsyncFunction<I, O>>,
        cx: &TaskContext,
    ) {
        let Some(attempts) = self.requests.get(&number).map(|request| request.attempts + 1) else { return };
        let attempt = Some(self.attempt(number, attempts, record, function, cx));
        if let Some(request) = self.requests.get_mut(&number) {
            (request.attempts, request.attempt) = (attempts, attempt);
        }
    }

    fn attempt<I: Send + 'static>(
        &self,
        number: u64,
        attempt: u32,
        record: I,
        function: &Arc<impl AsyncFunction<I, O>>,
        cx: &TaskContext,
    ) -> IoHandle<()> {
        let (function, outcomes) = (function.clone(), self.outcomes.clone());
        cx.spawn_io(async move {
            let answer = guarded(async { Ok(function.invoke(record).await?) }).await;
            outcomes.lock().push(Outcome { number, attempt, answer });
            Ok(())
        })
    }

    /// Calls `take` with what attempts have come to since the last time, and not with those that have been given up.
    pub(super) fn take_outcomes(
        &mut self,
        mut take: impl FnMut(&mut Self, Outcome<O>) -> Result<()>,
    ) -> Result<()> {
        let mut outcomes = std::mem::take(&mut self.looked_at);
        std::mem::swap(&mut outcomes, &mut *self.outcomes.lock());
        for outcome in outcomes.drain(..) {
            let is_awaited =
                |request: &Request| request.attempts == outcome.attempt && request.attempt.is_some();
            if self.requests.get(&outcome.number).is_some_and(is_awaited) {
                take(self, outcome)?;
            }
        }
        self.looked_at = outcomes;
        Ok(())
    }

    /// The request is over: what is still under way for it is given up.
    pub(super) fn end(&mut self, number: u64) {
        self.requests.remove(&number);
    }

    /// The request is to be made again at this time of the monotonic clock.
    pub(super) fn retry_at(&mut self, time: Duration, number: u64) {
        if let Some(request) = self.requests.get_mut(&number) {
            request.attempt = None;
            self.retries.push(Reverse((time, number)));
        }
    }

    /// Takes a request whose time is over; returns how often it was made, too.
    pub(super) fn next_overdue(&mut self, now: Duration) -> Option<(u64, u32)> {
        let first = self.requests.first_entry().filter(|first| first.get().deadline <= now)?;
        let (number, request) = first.remove_entry();
        Some((number, request.attempts))
    }

    /// Takes a request that is to be made again by now.
    pub(super) fn next_retry(&mut self, now: Duration) -> Option<u64> {
        while self.retries.peek().is_some_and(|Reverse((time, _))| *time <= now) {
            let Reverse((_, number)) = self.retries.pop()?;
            // Its time may have been over meanwhile.
            if self.requests.contains_key(&number) {
                return Some(number);
            }
        }
        None
    }

    /// When something is to be done next, on the monotonic clock; [`Duration::MAX`] for never.
    pub(super) fn next_due(&self) -> Duration {
        let deadline = self.requests.first_key_value().map_or(Duration::MAX, |(_, first)| first.deadline);
        self.retries.peek().map_or(deadline, |Reverse((time, _))| deadline.min(*time))
    }
}
