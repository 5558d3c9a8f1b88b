//! The script of a scripted source: what comes, and what it waits for.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use millstream_state::Timestamp;
use parking_lot::Mutex;

/// One thing after another that a split of a [`ScriptedSource`](super::ScriptedSource) does.
#[derive(Clone)]
pub(super) enum ScriptStep<T> {
    Record(T, Timestamp),
    Watermark(Timestamp),
    Idle,
    Active,
    Pause(Duration),
    Wait(Gate),
}

/// What one split of a [`ScriptedSource`](super::ScriptedSource) does, step after step; then it ends.
#[must_use = "a script does nothing before it is part of a source"]
pub struct Script<T> {
    pub(super) steps: Vec<ScriptStep<T>>,
}

impl<T> Default for Script<T> {
    fn default() -> Self {
        Self { steps: Vec::new() }
    }
}

impl<T> Script<T> {
    /// A script without steps.
    pub fn new() -> Self {
        Self::default()
    }

    fn then(mut self, step: ScriptStep<T>) -> Self {
        self.steps.push(step);
        self
    }

    /// Emits a record without a timestamp.
    pub fn record(self, record: T) -> Self {
        self.record_at(record, Timestamp::MIN)
    }

    /// Emits a record with a timestamp.
    pub fn record_at(self, record: T, timestamp: Timestamp) -> Self {
        self.then(ScriptStep::Record(record, timestamp))
    }

    /// Emits records without timestamps.
    pub fn records(self, records: impl IntoIterator<Item = T>) -> Self {
        records.into_iter().fold(self, Self::record)
    }

    /// Brings the split's event time to `watermark`. The watermark of a subtask that reads several splits is
    /// the lowest of those that are active.
    pub fn watermark(self, watermark: Timestamp) -> Self {
        self.then(ScriptStep::Watermark(watermark))
    }

    /// Declares the split idle: its watermarks are ignored until its next record or watermark.
    pub fn idle(self) -> Self {
        self.then(ScriptStep::Idle)
    }

    /// Declares the split active again, before its next record or watermark.
    pub fn active(self) -> Self {
        self.then(ScriptStep::Active)
    }

    /// Waits for some time. A restored source waits anew, and for all of it.
    pub fn pause(self, duration: Duration) -> Self {
        self.then(ScriptStep::Pause(duration))
    }

    /// Waits until the test opens the gate.
    pub fn wait_for(self, gate: &Gate) -> Self {
        self.then(ScriptStep::Wait(gate.clone()))
    }
}

/// What a [`Script`] waits for until the test opens it; then it stays open. Clones are the same gate.
///
/// A simulation, which is the same each time, has no place for it: nothing but its seed may decide when
/// something happens.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<GateState>>);

#[derive(Default)]
struct GateState {
    is_open: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    /// A gate that is closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate: the splits that wait for it go on.
    pub fn open(&self) {
        let mut state = self.0.lock();
        state.is_open = true;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// Whether the gate is open; if not, `waker` is woken when it is opened.
    pub(super) fn is_open_or_wakes(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock();
        if !state.is_open && !state.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
        state.is_open
    }
}
