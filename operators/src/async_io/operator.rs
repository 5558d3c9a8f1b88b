//! The operator: makes requests, and lets results leave in order.
//!
//! What it has taken in and not emitted is its state, whether a request is under way, answered or not made yet. So it
//! never suspends its work while it waits for answers, and barriers pass. A record leaves the state when it begins to leave
//! the operator, and no barrier passes before all of its results have left.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext, TaskContext};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::metrics::{Counter, Gauge};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Record, Timestamp};

use super::queue::{Departure, Input, Marker, Queue};
use super::requests::{Outcome, Requests};
use super::settings::AsyncSettings;
use super::{AsyncFunction, RequestTimeout};
use crate::current_watermark::CurrentWatermark;
use crate::function::Closing;

const IN_FLIGHT: &str = "in flight";

/// The hash of a record's key, where the records of a key must stay in the subtask that owns it.
pub(crate) type KeyHash<I> = fn(&I) -> u64;

/// Waits for the answers of requests. As Flink's `AsyncWaitOperator`.
pub(crate) struct AsyncWait<I, O, F> {
    /// Before the function, so that they are given up before it is closed.
    requests: Requests<O>,
    function: Closing<Arc<F>>,
    settings: AsyncSettings<I, O>,
    key_hash: Option<KeyHash<I>>,
    /// What requests have been made for.
    queue: Queue<I, O>,
    /// What there was no room for.
    backlog: VecDeque<Arrival<I>>,
    /// Results of a record that is leaving.
    leaving: (IntoIter<O>, Timestamp),
    watermark: CurrentWatermark,
    /// When the operator has asked to be woken, on the monotonic clock.
    alarm: Duration,
    metrics: Metrics,
}

enum Arrival<I> {
    Record(Input<I>),
    Marker(Marker),
}

#[derive(Default)]
struct Metrics {
    in_flight: Arc<Gauge>,
    timeouts: Arc<Counter>,
    retries: Arc<Counter>,
}

/// What the monotonic clock says, read once at most.
#[derive(Default)]
struct Now(Option<Duration>);

impl Now {
    fn get(&mut self, cx: &TaskContext) -> Duration {
        *self.0.get_or_insert_with(|| cx.monotonic())
    }
}

impl<I: Record, O: Send + 'static, F: AsyncFunction<I, O>> AsyncWait<I, O, F> {
    pub(crate) fn new(function: F, settings: AsyncSettings<I, O>, key_hash: Option<KeyHash<I>>) -> Self {
        Self {
            requests: Requests::new(),
            function: Closing::new(Arc::new(function), |function| function.close()),
            queue: Queue::new(settings.order),
            settings,
            key_hash,
            backlog: VecDeque::new(),
            leaving: (Vec::new().into_iter(), Timestamp::MIN),
            watermark: CurrentWatermark::default(),
            alarm: Duration::MAX,
            metrics: Metrics::default(),
        }
    }

    /// Takes up what was in flight: records are asked about again, behind the watermarks that they came behind, as
    /// far as all subtasks have seen those.
    fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.watermark.restore_earliest(cx)?;
        let mut inputs = cx.take_list::<Input<I>>(IN_FLIGHT)?.unwrap_or_default();
        if let Some(key_hash) = self.key_hash {
            let (groups, range) = (cx.info().groups, cx.info().range());
            inputs.retain(|(record, ..)| range.contains(groups.of_hash(key_hash(record))));
        }
        // Of one subtask they are in this order already; those of several are brought together.
        inputs.sort_by_key(|(.., behind)| *behind);
        for mut input in inputs {
            input.2 = input.2.min(self.watermark.get());
            self.arrive_behind(input.2);
            self.backlog.push_back(Arrival::Record(input));
        }
        self.arrive_behind(self.watermark.get());
        Ok(())
    }

    /// What follows has come behind this watermark.
    fn arrive_behind(&mut self, watermark: Timestamp) {
        let before = match self.backlog.back() {
            Some(Arrival::Record((.., behind))) => *behind,
            _ => Timestamp::MIN,
        };
        if watermark > before {
            self.arrive(Marker::Watermark(watermark));
        }
    }

    fn arrive(&mut self, marker: Marker) {
        match self.backlog.back_mut() {
            Some(Arrival::Marker(before)) if marker.replaces(*before) => *before = marker,
            _ => self.backlog.push_back(Arrival::Marker(marker)),
        }
    }

    /// Makes the requests that there is room for.
    fn begin_requests(&mut self, now: &mut Now, cx: &TaskContext) {
        while let Some(next) = self.backlog.pop_front() {
            match next {
                Arrival::Marker(marker) => self.queue.push_marker(marker),
                Arrival::Record(input) if self.queue.records() >= self.settings.capacity => {
                    self.backlog.push_front(Arrival::Record(input));
                    return;
                }
                Arrival::Record(input) => {
                    let deadline = match self.settings.timeout {
                        Duration::MAX => Duration::MAX,
                        timeout => now.get(cx).saturating_add(timeout),
                    };
                    // One stays, for the snapshot and for further attempts.
                    let record = input.0.clone();
                    let number = self.queue.push(input);
                    self.requests.begin((number, record), deadline, self.function.get(), cx);
                }
            }
        }
    }

    /// Takes the answers that have come, and plans further attempts.
    fn take_outcomes(&mut self, now: &mut Now, cx: &TaskContext) -> Result<()> {
        let Self { requests, queue, settings, metrics, .. } = self;
        requests.take_outcomes(|requests, Outcome { number, attempt, answer }| {
            let retry = settings.retry.as_ref();
            let delay = match &answer {
                Ok(answers) => retry.and_then(|retry| retry.after_answer(attempt, answers)),
                Err(error) => retry.and_then(|retry| retry.after_error(attempt, error)),
            };
            if let Some(delay) = delay {
                metrics.retries.add(1);
                requests.retry_at(now.get(cx).saturating_add(delay), number);
                return Ok(());
            }
            let answers = answer.map_err(|error| match attempt {
                1 => error,
                _ => {
                    let kind = error.kind();
                    error.wrapped(kind, format_args!("a request has failed in {attempt} attempts"))
                }
            })?;
            requests.end(number);
            queue.answer(number, answers);
            Ok(())
        })
    }

    /// Gives up requests whose time is over, and makes those again whose time has come.
    fn see_to_time(&mut self, now: &mut Now, cx: &TaskContext) -> Result<()> {
        if self.requests.next_due() == Duration::MAX {
            return Ok(());
        }
        let now = now.get(cx);
        while let Some((number, attempts)) = self.requests.next_overdue(now) {
            self.metrics.timeouts.add(1);
            let Some(record) = self.queue.get(number).cloned() else { continue };
            let answers = match &self.settings.on_timeout {
                Some(on_timeout) => on_timeout(record),
                None => {
                    let timeout = RequestTimeout { timeout: self.settings.timeout, attempts };
                    self.function.get().timeout(record, timeout)?
                }
            };
            self.queue.answer(number, answers);
        }
        while let Some(number) = self.requests.next_retry(now) {
            let Some(record) = self.queue.get(number).cloned() else { continue };
            self.requests.begin_again((number, record), self.function.get(), cx);
        }
        Ok(())
    }

    /// Goes on with everything that can go on.
    fn advance(&mut self, now: &mut Now, output: &mut Output<'_, O>) -> Result<()> {
        self.take_outcomes(now, output.context())?;
        let waits = loop {
            self.begin_requests(now, output.context());
            if output.should_yield() {
                // Not suspended: what is left is state, and the task runs again.
                break false;
            }
            match self.queue.pop() {
                None => break true,
                Some(Departure::Marker(Marker::Watermark(watermark))) => output.emit_watermark(watermark)?,
                Some(Departure::Marker(Marker::Status(status))) => output.emit_status(status)?,
                Some(Departure::Answers(answers, timestamp)) => {
                    self.leaving = (answers.into_iter(), timestamp);
                    if !self.emit_leaving(output)? {
                        break false;
                    }
                }
            }
        };
        self.metrics.in_flight.set_integer(i64::try_from(self.queue.records()).unwrap_or(i64::MAX));
        let (cx, due) = (output.context(), self.requests.next_due());
        if due < self.alarm {
            self.alarm = due;
            cx.wake_after(due.saturating_sub(now.get(cx)));
        }
        if waits && self.queue.records() >= self.settings.capacity {
            // An answer wakes the task, or the time of a request. Until then upstream waits.
            cx.hold_input();
        }
        Ok(())
    }

    /// Emits the results of the record that is leaving; false if the task should yield before all are emitted.
    fn emit_leaving(&mut self, output: &mut Output<'_, O>) -> Result<bool> {
        let (answers, timestamp) = &mut self.leaving;
        while let Some(answer) = answers.next() {
            output.emit(answer, *timestamp)?;
            if answers.len() > 0 && !output.goes_on() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_done(&self) -> bool {
        self.queue.is_empty() && self.backlog.is_empty() && self.leaving.0.len() == 0
    }
}

impl<I: Record, O: Send + 'static, F: AsyncFunction<I, O>> OperatorHooks<O> for AsyncWait<I, O, F> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let metrics = cx.metric_group();
        self.metrics = Metrics {
            in_flight: metrics.gauge("inFlightRequests"),
            timeouts: metrics.counter("numRequestTimeouts"),
            retries: metrics.counter("numRequestRetries"),
        };
        let function = Arc::get_mut(self.function.opening());
        function
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a function is in use before it is open"))?
            .open(cx)?;
        self.restore(cx)
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if self.emit_leaving(output)? { self.poll(output) } else { Ok(()) }
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let before = self.watermark.get();
        let reached = self.watermark.advance(watermark);
        if reached > before {
            self.arrive(Marker::Watermark(reached));
        }
        self.advance(&mut Now::default(), output)
    }

    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, O>) -> Result<()> {
        self.arrive(Marker::Status(status));
        self.advance(&mut Now::default(), output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let backlog = self.backlog.iter().filter_map(|arrival| match arrival {
            Arrival::Record(input) => Some(input),
            Arrival::Marker(_) => None,
        });
        // Records of a key go to its owner, who finds them among all.
        let redistribution =
            if self.key_hash.is_some() { Redistribution::Union } else { Redistribution::Split };
        cx.list(IN_FLIGHT, redistribution, self.queue.inputs().chain(backlog))?;
        self.watermark.snapshot(cx)
    }

    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        // What has been asked for holds for one wake-up.
        self.alarm = Duration::MAX;
        let now = &mut Now::default();
        // First the answers: one that is there has come in time.
        self.take_outcomes(now, output.context())?;
        self.see_to_time(now, output.context())?;
        self.advance(now, output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.advance(&mut Now::default(), output)?;
        if !self.is_done() {
            output.context().hold_end();
        }
        Ok(())
    }
}

impl<I: Record, O: Send + 'static, F: AsyncFunction<I, O>> Operator<I, O> for AsyncWait<I, O, F> {
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()> {
        let behind = self.watermark.get();
        let arrivals = batch.drain_timed().map(|(record, timestamp)| (record, timestamp, behind));
        self.backlog.extend(arrivals.map(Arrival::Record));
        self.advance(&mut Now::default(), output)
    }
}
