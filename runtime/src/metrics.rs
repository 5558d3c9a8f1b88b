//! Metrics, cheap enough to leave on: plain counters with one writer, read by a snapshot call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use millstream_state::Timestamp;
use parking_lot::Mutex;

use crate::job::SubtaskId;

/// A number that only grows, with one writer: adding is a load and a store, no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + amount, Ordering::Relaxed);
    }

    /// What has been added so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one operator in one subtask.
#[derive(Debug, Default)]
pub struct OperatorCounters {
    /// Records taken in.
    pub records_in: Counter,
    /// Records given out.
    pub records_out: Counter,
    /// Records dropped because they came after their window had closed.
    pub late_records: Counter,
    /// Records that could not be read and were skipped.
    pub skipped_records: Counter,
    /// Bytes read from or written to an outside system.
    pub bytes: Counter,
    /// Its place among the operators of the subtask.
    pub(crate) place: u32,
}

/// Which operator of a subtask is at work, and since when: written by the subtask, read by
/// reports on what it is doing.
#[derive(Debug)]
pub(crate) struct Running {
    operator: AtomicU32,
    /// Nanoseconds on the monotonic clock; 0 while the subtask does not run.
    since: AtomicU64,
}

impl Default for Running {
    fn default() -> Self {
        Self { operator: AtomicU32::new(u32::MAX), since: AtomicU64::new(0) }
    }
}

impl Running {
    /// Notes which operator works from now on; returns the one before.
    #[inline]
    pub(crate) fn enter(&self, operator: u32) -> u32 {
        let before = self.operator.load(Ordering::Relaxed);
        self.operator.store(operator, Ordering::Relaxed);
        before
    }

    /// The subtask begins to run.
    pub(crate) fn begin(&self, now: Duration) {
        self.operator.store(u32::MAX, Ordering::Relaxed);
        self.since.store(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
    }

    /// The subtask has done its share.
    pub(crate) fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    fn since(&self) -> Option<Duration> {
        Some(self.since.load(Ordering::Relaxed)).filter(|since| *since > 0).map(Duration::from_nanos)
    }
}

/// A subtask that has not come back from a call of a user's function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    pub(crate) subtask: SubtaskId,
    pub(crate) operator: Option<String>,
    /// When it was called, on the monotonic clock.
    pub(crate) since: Duration,
}

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
    operators: Mutex<Vec<(String, Arc<OperatorCounters>)>>,
}

impl Default for SubtaskCounters {
    fn default() -> Self {
        let [records_in, records_out, bytes_in, bytes_out] = Default::default();
        let [busy, idle, backpressured] = Default::default();
        let watermark = AtomicI64::new(Timestamp::MIN.as_millis());
        let (running, operators) = (Running::default(), Mutex::default());
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
            operators,
        }
    }
}

impl SubtaskCounters {
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
        let place = self.running.operator.load(Ordering::Relaxed) as usize;
        self.operators.lock().get(place).map(|(name, _)| name.clone())
    }

    fn read(&self) -> SubtaskMetrics {
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
            operators: operators.iter().map(|(name, counters)| (name.clone(), counters.read())).collect(),
        }
    }
}

impl OperatorCounters {
    fn read(&self) -> OperatorMetrics {
        OperatorMetrics {
            records_in: self.records_in.get(),
            records_out: self.records_out.get(),
            late_records: self.late_records.get(),
            skipped_records: self.skipped_records.get(),
            bytes: self.bytes.get(),
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

/// What one operator in one subtask has done, in the current attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperatorMetrics {
    /// Records taken in.
    pub records_in: u64,
    /// Records given out.
    pub records_out: u64,
    /// Records dropped because they came after their window had closed.
    pub late_records: u64,
    /// Records that could not be read and were skipped.
    pub skipped_records: u64,
    /// Bytes read from or written to an outside system.
    pub bytes: u64,
}

impl std::ops::AddAssign for OperatorMetrics {
    fn add_assign(&mut self, other: Self) {
        self.records_in += other.records_in;
        self.records_out += other.records_out;
        self.late_records += other.late_records;
        self.skipped_records += other.skipped_records;
        self.bytes += other.bytes;
    }
}

/// What one subtask has done, in the current attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The watermark reached; [`Timestamp::MIN`] before the first.
    pub watermark: Timestamp,
    /// The operators chained in the subtask, in order, by name.
    pub operators: Vec<(String, OperatorMetrics)>,
}
