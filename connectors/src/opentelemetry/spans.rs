//! What has happened to a job, as spans.

use std::time::{Duration, SystemTime};

use ::opentelemetry::trace::{Span as _, Status, Tracer};
use ::opentelemetry::{Context, KeyValue};
use millstream_runtime::Error;
use millstream_runtime::checkpoint::{CheckpointKind, CheckpointStatistics, CheckpointStatus};
use millstream_runtime::job::JobStatus;
use millstream_state::Timestamp;

/// Something that has begun and is over.
#[derive(Debug, PartialEq)]
pub(super) struct Span {
    name: &'static str,
    start: Timestamp,
    end: Timestamp,
    attributes: Vec<KeyValue>,
    failure: Option<String>,
}

impl Span {
    /// Hands it to a tracer, as one of a job.
    pub(super) fn emit(self, job: &str, tracer: &impl Tracer) {
        let job = KeyValue::new("job_name", job.to_owned());
        let builder = tracer
            .span_builder(self.name)
            .with_start_time(system_time(self.start))
            .with_attributes(self.attributes.into_iter().chain([job]));
        // No child of what may be going on in this thread.
        let mut span = builder.start_with_context(tracer, &Context::new());
        if let Some(failure) = self.failure {
            span.set_status(Status::error(failure));
        }
        span.end_with_timestamp(system_time(self.end));
    }
}

fn system_time(time: Timestamp) -> SystemTime {
    // Before 1970 there were no jobs.
    let millis = u64::try_from(time.as_millis()).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

const fn status(is_completed: bool) -> &'static str {
    if is_completed { "COMPLETED" } else { "FAILED" }
}

/// The span of a checkpoint, once that has ended.
pub(super) fn of_checkpoint(checkpoint: &CheckpointStatistics) -> Option<Span> {
    let failure = match &checkpoint.status {
        CheckpointStatus::InProgress => return None,
        CheckpointStatus::Completed => None,
        CheckpointStatus::Failed(error) => Some(error.to_string()),
    };
    let kind = match checkpoint.kind {
        CheckpointKind::Periodic | CheckpointKind::Final => "Checkpoint",
        CheckpointKind::Savepoint => "Savepoint",
        CheckpointKind::StopWithSavepoint => "Terminate Savepoint",
    };
    let number =
        |name: &'static str, number: u64| KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX));
    let attributes = vec![
        number("checkpointId", checkpoint.id.number()),
        KeyValue::new("checkpointType", kind),
        KeyValue::new("checkpointStatus", status(failure.is_none())),
        number("checkpointedSize", checkpoint.written_bytes),
        number("fullSize", checkpoint.total_bytes),
        KeyValue::new("isUnaligned", checkpoint.in_flight_bytes > 0),
    ];
    let end = checkpoint.triggered.saturating_add(checkpoint.duration.unwrap_or_default());
    Some(Span { name: "Checkpoint", start: checkpoint.triggered, end, attributes, failure })
}

/// The starts and restarts of a job that are not over.
#[derive(Default)]
pub(super) struct Starts {
    deploying: Option<Timestamp>,
    /// Since when the job has not run, and what had failed.
    restarting: Option<(Timestamp, Option<String>)>,
}

impl Starts {
    /// The job's status has changed; returns what is over by that.
    pub(super) fn change(&mut self, to: JobStatus, time: Timestamp, cause: Option<&Error>) -> Vec<Span> {
        let cause = cause.map(ToString::to_string);
        let mut over = Vec::new();
        if let Some(start) = self.deploying.take() {
            let attributes = vec![KeyValue::new("initializationStatus", status(to == JobStatus::Running))];
            let failure = cause.clone();
            over.push(Span { name: "JobInitialization", start, end: time, attributes, failure });
        }
        match to {
            JobStatus::Deploying => self.deploying = Some(time),
            // It may fail again before it has run.
            JobStatus::Restarting => {
                self.restarting.get_or_insert((time, cause));
            }
            JobStatus::Running => over.extend(self.end_restart(time, true)),
            to if to.is_final() => over.extend(self.end_restart(time, false)),
            _ => {}
        }
        over
    }

    fn end_restart(&mut self, end: Timestamp, is_completed: bool) -> Option<Span> {
        let (start, failure) = self.restarting.take()?;
        let attributes = vec![KeyValue::new("restartStatus", status(is_completed))];
        Some(Span { name: "JobRestart", start, end, attributes, failure })
    }
}

#[cfg(test)]
mod tests {
    use millstream_runtime::ErrorKind;

    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// Name, first and last millisecond, and the last attribute.
    fn summary(span: &Span) -> (&'static str, i64, i64, String) {
        let last = span.attributes.last().map(|attribute| attribute.value.to_string());
        (span.name, span.start.as_millis(), span.end.as_millis(), last.unwrap_or_default())
    }

    #[test]
    fn starts_and_restarts_are_told_from_changes_of_the_status() {
        let (mut starts, error) = (Starts::default(), Error::new(ErrorKind::Function, "boom"));
        let changes = [
            (JobStatus::Deploying, 1, None),
            (JobStatus::Running, 3, None),
            (JobStatus::Restarting, 10, Some(&error)),
            (JobStatus::Deploying, 15, None),
            // It fails again while it is deployed.
            (JobStatus::Restarting, 16, Some(&error)),
            (JobStatus::Deploying, 20, None),
            (JobStatus::Running, 22, None),
            (JobStatus::Restarting, 30, Some(&error)),
            (JobStatus::Stopping, 31, None),
            (JobStatus::Cancelled, 32, None),
        ];
        let over =
            changes.into_iter().flat_map(|(status, time, cause)| starts.change(status, at(time), cause));
        let over: Vec<_> = over.collect();
        let spans: Vec<_> = over.iter().map(summary).collect();
        let of = |name, start, end, status: &str| (name, start, end, status.to_owned());
        let expected = [
            of("JobInitialization", 1, 3, "COMPLETED"),
            of("JobInitialization", 15, 16, "FAILED"),
            of("JobInitialization", 20, 22, "COMPLETED"),
            of("JobRestart", 10, 22, "COMPLETED"),
            of("JobRestart", 30, 32, "FAILED"),
        ];
        assert_eq!(spans, expected);
        let failures: Vec<_> = over.iter().map(|span| span.failure.is_some()).collect();
        assert_eq!(failures, [false, true, false, true, true]);
    }
}
