//! What can be seen of a job: its report, the changes of its status, and what holds watermarks back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::executor::block_on;
use millstream_runtime::job::{JobOutcome, JobStatus, RestartStrategy, SubtaskId};
use millstream_state::Timestamp;
use parking_lot::Mutex;

use super::*;
use crate::WatermarkStrategy;
use crate::source::GeneratorSource;

#[test]
fn a_report_and_the_changes_of_the_status_tell_of_a_restart() {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    let env = Environment::new()
        .parallelism(1)
        .checkpoint_every(Duration::from_millis(5))
        .restart_strategy(RestartStrategy::fixed_delay(3, Duration::from_millis(1)));
    let numbers = env.from_source(GeneratorSource::new(Some(2_000), |number| number).rate(20_000.0));
    let doubled = numbers.flat_map(|number| [number, number]).try_map(|number| {
        if number == 1_000 && !HAS_FAILED.swap(true, Ordering::Relaxed) {
            Err("the disk is full")?;
        }
        Ok(number)
    });
    let all = doubled.name("store").collect();
    let job = env.spawn("numbers").unwrap();
    let changes = block_on(job.status_changes().collect::<Vec<_>>());
    let report = job.join_blocking().unwrap();
    assert_eq!(all.to_vec().len(), 4_000);

    let statuses: Vec<_> = changes.iter().map(|change| change.status).collect();
    assert_eq!(statuses.first(), Some(&JobStatus::Deploying));
    assert_eq!(statuses.last(), Some(&JobStatus::Finished));
    let restarting = changes.iter().find(|change| change.status == JobStatus::Restarting).unwrap();
    let cause = restarting.cause.as_ref().unwrap();
    assert!(
        cause.to_string().contains("`store`") && cause.to_string().contains("the disk is full"),
        "{cause}"
    );
    assert!(changes.is_sorted_by_key(|change| change.time));

    assert_eq!((report.outcome, report.restarts), (JobOutcome::Finished, 1));
    assert_eq!(report.status_changes.len(), changes.len());
    assert_eq!(report.failures().count(), 1);
    assert!(report.duration >= Duration::from_millis(100), "{:?}", report.duration);
    assert_eq!(report.latest_checkpoint, job.latest_checkpoint());
    assert!(report.metrics.checkpoints.completed() > 0);
    // Of the last attempt, which began from a checkpoint or anew.
    assert!((1..=2_000).contains(&report.records_in));
    assert_eq!(report.records_out, 2 * report.records_in);
    // A second reader sees the same, also when all is over.
    assert_eq!(block_on(job.status_changes().count()), changes.len());
}

#[test]
fn a_job_that_fails_for_good_says_why() {
    let env = Environment::new();
    env.from_collection([1]).try_map(|_: i32| -> crate::FunctionResult<i32> { Err("no")? }).discard();
    let job = env.spawn("fails").unwrap();
    let changes = block_on(job.status_changes().collect::<Vec<_>>());
    let last = changes.last().unwrap();
    assert_eq!(last.status, JobStatus::Failed);
    assert!(last.cause.is_some());
    assert!(job.join_blocking().is_err());
}

#[test]
fn the_subtask_that_holds_watermarks_back_is_named_up_to_the_source() {
    let env = Environment::new().parallelism(1);
    let time = |offset: i64| {
        WatermarkStrategy::monotonous()
            .timestamp_assigner(move |number: &u64| Timestamp::from_millis(number.cast_signed() + offset))
    };
    let source = |name: &'static str, offset: i64| {
        let numbers = env.from_source(GeneratorSource::new(None, |number| number).rate(2_000.0)).name(name);
        numbers.assign_timestamps_and_watermarks(time(offset))
    };
    let (quick, slow) = (source("quick", 1_000_000_000), source("slow", 0));
    let both = quick.union(&slow).key_by(|number| number % 7).count().name("counts");
    both.rebalance().discard();
    let job = env.spawn("two sources").unwrap();
    let named = |name: &str| {
        let report = job.watermarks();
        let mut found = report.subtasks.iter().filter(|(_, subtask)| subtask.name.contains(name));
        found.next().map(|(subtask, watermark)| (*subtask, watermark.clone()))
    };
    let is_held_back = || {
        let held_back_by = named("counts").and_then(|(_, counts)| counts.held_back_by);
        held_back_by.is_some() && named("counts").is_some_and(|(_, counts)| counts.watermark > Timestamp::MIN)
    };
    assert!((0..2_000).any(|_| wait_until(is_held_back)), "{}", job.watermarks());
    let report = job.watermarks();
    let (slow, counts) = (named("slow").unwrap().0, named("counts").unwrap().0);
    let is_sink = |subtask: &&SubtaskId| **subtask > counts;
    let sink = *report.subtasks.keys().find(is_sink).unwrap();
    assert_eq!(report.path(counts).last(), Some(&slow), "{report}");
    assert_eq!(report.path(sink).first(), Some(&counts), "{report}");
    assert!(report.to_string().contains("held back by"), "{report}");
    job.cancel();
    job.join_blocking().unwrap();
}

#[allow(clippy::disallowed_methods, reason = "a job's threads need real time")]
fn wait_until(holds: impl Fn() -> bool) -> bool {
    std::thread::sleep(Duration::from_millis(2));
    holds()
}

#[test]
fn a_source_that_waits_for_checkpoints_is_refused_without_any() {
    let limited = || GeneratorSource::new(Some(9), |number| number).per_checkpoint(3);
    let env = Environment::new();
    env.from_source(limited()).name("numbers").discard();
    for error in [env.explain().err().unwrap(), env.job("numbers").err().unwrap()] {
        assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidJob, Some("numbers")));
        assert!(error.to_string().contains("`checkpoint_every`"), "{error}");
    }
    let env = Environment::new();
    let endless = GeneratorSource::new(None, |number| number);
    env.from_source(crate::source::HybridSource::new(limited(), endless)).discard();
    assert!(env.job("numbers").is_err());
    let env = Environment::new().checkpoint_every(Duration::from_secs(1));
    env.from_source(limited()).discard();
    assert!(env.job("numbers").is_ok());
}

/// Keeps the messages of one target.
struct Log(Arc<Mutex<Vec<String>>>);

/// The message of an event.
struct Message<'a>(&'a mut Vec<String>);

impl tracing::field::Visit for Message<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.push(format!("{value:?}"));
        }
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "millstream::metrics"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Message(&mut self.0.lock()));
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn metrics_are_logged_where_the_caller_logs_until_the_job_ends() {
    let messages = Arc::new(Mutex::new(Vec::new()));
    let env = Environment::new().parallelism(1);
    let numbers = env.from_source(GeneratorSource::new(None, |number| number).rate(1_000.0));
    numbers.name("numbers").discard();
    let job = env.spawn("logged").unwrap();
    let error = job.log_metrics(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    tracing::subscriber::with_default(Log(messages.clone()), || {
        job.log_metrics(Duration::from_millis(1)).unwrap();
    });
    while messages.lock().len() < 3 {
        std::thread::yield_now();
    }
    job.cancel();
    job.join_blocking().unwrap();
    let line = "flink_taskmanager_job_task_operator_numRecordsOut{job_name=\"logged\"";
    assert!(messages.lock().iter().all(|message| message.contains(line)));
    let weak = Arc::downgrade(&messages);
    drop(messages);
    while weak.strong_count() > 0 {
        std::thread::yield_now();
    }
}
