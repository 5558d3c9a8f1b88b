//! The counters of a subtask, and of all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use millstream_state::Timestamp;
use parking_lot::Mutex;

use super::input::InputWatermarks;
use super::running::{Running, Stall};
use super::{Counter, OperatorCounters, OperatorMetrics};
use crate::input::InputState;
use crate::job::SubtaskId;

/// The counters of one subtask.
#[derive(Debug)]
pub struct SubtaskCounters {
    /// Records that came through channels.
    pub records_in: Counter,
    /// Records sent into channels.
    pub records_out: Counter,
    /// Bytes that came through channels, as the records lie in memory (without what they point to).
    pub bytes_in: Counter,
    /// Bytes sent into channels, likewise.
    pub bytes_out: Counter,
    /// Nanoseconds spent working.
    pub busy: Counter,
    /// Nanoseconds spent without input.
    pub idle: Counter,
    /// Nanoseconds spent waiting for room downstream.
    pub backpressured: Counter,
    pub(crate) running: Running,
    watermark: AtomicI64,
    output_watermark: AtomicI64,
    inputs: InputWatermarks,
    operators: Mutex<Vec<(String, Arc<OperatorCounters>)>>,
}

impl Default for SubtaskCounters {
    fn default() -> Self {
        let [records_in, records_out, bytes_in, bytes_out] = Default::default();
        let [busy, idle, backpressured] = Default::default();
        let no_watermark = || AtomicI64::new(Timestamp::MIN.as_millis());
        let (watermark, output_watermark) = (no_watermark(), no_watermark());
        let (running, inputs, operators) = (Running::default(), InputWatermarks::default(), Mutex::default());
        Self {
            records_in,
            records_out,
            bytes_in,
            bytes_out,
            busy,
            idle,
            backpressured,
            running,
            watermark,
            output_watermark,
            inputs,
            operators,
        }
    }
}

impl SubtaskCounters {
    /// Notes the watermark that the subtask has sent.
    pub(crate) fn set_output_watermark(&self, watermark: Timestamp) {
        self.output_watermark.store(watermark.as_millis(), Ordering::Relaxed);
    }

    /// Notes what the input channel `index` of `channels` has reached, and whether event time waits for it.
    pub(crate) fn set_input_watermark(
        &self,
        index: usize,
        channels: usize,
        watermark: Timestamp,
        state: InputState,
    ) {
        self.inputs.set(index, channels, watermark, state);
    }

    /// Notes the watermark that the subtask has reached.
    pub fn set_watermark(&self, watermark: Timestamp) {
        self.watermark.store(watermark.as_millis(), Ordering::Relaxed);
    }

    /// The counters of an operator chained in this subtask, made on the first call.
    pub fn operator(&self, name: &str) -> Arc<OperatorCounters> {
        let mut operators = self.operators.lock();
        let place = u32::try_from(operators.len()).unwrap_or(u32::MAX);
        let counters = Arc::new(OperatorCounters { place, ..OperatorCounters::default() });
        operators.push((name.to_owned(), counters.clone()));
        counters
    }

    /// The name of the operator that is, or was last, at work.
    pub(crate) fn running_operator(&self) -> Option<String> {
        let place = self.running.operator() as usize;
        self.operators.lock().get(place).map(|(name, _)| name.clone())
    }

    pub(super) fn read(&self) -> SubtaskMetrics {
        let operators = self.operators.lock();
        SubtaskMetrics {
            records_in: self.records_in.get(),
            records_out: self.records_out.get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            busy: Duration::from_nanos(self.busy.get()),
            idle: Duration::from_nanos(self.idle.get()),
            backpressured: Duration::from_nanos(self.backpressured.get()),
            watermark: Timestamp::from_millis(self.watermark.load(Ordering::Relaxed)),
            output_watermark: Timestamp::from_millis(self.output_watermark.load(Ordering::Relaxed)),
            inputs: self.inputs.read(),
            operators: operators.iter().map(|(name, counters)| (name.clone(), counters.read())).collect(),
        }
    }
}

/// The counters of all subtasks of the current attempt.
#[derive(Debug, Default)]
pub struct MetricsRegistry(Mutex<BTreeMap<SubtaskId, Arc<SubtaskCounters>>>);

impl MetricsRegistry {
    /// New counters for a subtask; those of an earlier attempt are forgotten.
    pub fn register(&self, subtask: SubtaskId) -> Arc<SubtaskCounters> {
        let counters = Arc::new(SubtaskCounters::default());
        self.0.lock().insert(subtask, counters.clone());
        counters
    }

    /// The subtasks that have been in one call for longer than `longest`.
    pub(crate) fn stalls(&self, now: Duration, longest: Duration) -> Vec<Stall> {
        let subtasks = self.0.lock();
        let stalls = subtasks.iter().filter_map(|(subtask, counters)| {
            let since = counters.running.since()?;
            let stalled = now.saturating_sub(since) > longest;
            stalled.then(|| Stall { subtask: *subtask, operator: counters.running_operator(), since })
        });
        stalls.collect()
    }

    /// What all counters say now.
    pub fn read(&self) -> BTreeMap<SubtaskId, SubtaskMetrics> {
        self.0.lock().iter().map(|(subtask, counters)| (*subtask, counters.read())).collect()
    }
}

/// What one subtask has done, in the current attempt.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SubtaskMetrics {
    /// Records that came through channels.
    pub records_in: u64,
    /// Records sent into channels.
    pub records_out: u64,
    /// Bytes that came through channels, as the records lie in memory (without what they point to).
    pub bytes_in: u64,
    /// Bytes sent into channels, likewise.
    pub bytes_out: u64,
    /// Time spent working.
    pub busy: Duration,
    /// Time spent without input.
    pub idle: Duration,
    /// Time spent waiting for room downstream.
    pub backpressured: Duration,
    /// The watermark that its inputs have reached; [`Timestamp::MIN`] before the first.
    pub watermark: Timestamp,
    /// The watermark that it has sent; [`Timestamp::MIN`] before the first, and where nothing reads it.
    pub output_watermark: Timestamp,
    /// What each input channel has reached; none before the first watermark.
    inputs: Vec<(Timestamp, InputState)>,
    /// The operators chained in the subtask, in order, by name.
    pub operators: Vec<(String, OperatorMetrics)>,
}

impl SubtaskMetrics {
    /// What input channel `index` has reached, and whether event time waits for it.
    pub(crate) fn input(&self, index: usize) -> (Timestamp, InputState) {
        self.inputs.get(index).copied().unwrap_or((Timestamp::MIN, InputState::Active))
    }
}
