//! Traces of a job: spans of its checkpoints, starts and restarts. As Flink's `OpenTelemetryTraceReporter`.

mod spans;

use std::pin::pin;

use ::opentelemetry::trace::Tracer;
use futures::{StreamExt, stream};
use millstream_runtime::checkpoint::CheckpointStatistics;
use millstream_runtime::driver::actor::{JobHandle, StatusChange};

use self::spans::{Starts, of_checkpoint};

/// What has happened to a job.
enum Event {
    Checkpoint(CheckpointStatistics),
    Status(StatusChange),
}

/// Gives the tracer a span of each checkpoint and savepoint, and of each start and restart of the job, when it is over. The future ends
/// with the job, when all of them have been reported: run it beside the job, and wait for it before the tracer's provider is
/// shut down. Where the spans go is up to the provider.
///
/// Spans have the names and attributes of Flink's, the time of the job's clock, and no parent:
///
/// | Span | From | To | Attributes, besides `job_name` |
/// |---|---|---|---|
/// | `Checkpoint` | its trigger | its completion or failure | `checkpointId`, `checkpointType`, `checkpointStatus` (`COMPLETED`, `FAILED`), `checkpointedSize` and `fullSize` in bytes, `isUnaligned` |
/// | `JobInitialization` | the beginning of an attempt | when all its subtasks run | `initializationStatus` |
/// | `JobRestart` | a failure | when the job runs again, or is over | `restartStatus` |
///
/// What has failed is an error, with its message. The future may be polled by any runtime that a span may be ended in: the simple span processor of
/// `opentelemetry_sdk` blocks by `futures::executor::block_on` and panics inside another of these, but not inside tokio. Of checkpoints that end while the future is not polled only the last ten are
/// reported.
///
/// ```
/// use millstream::connectors::opentelemetry::report;
/// use millstream::prelude::*;
/// use opentelemetry::trace::TracerProvider;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
///
/// // Of the crate `opentelemetry-otlp`, for instance, where there is a collector.
/// let exporter = InMemorySpanExporter::default();
/// let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
///
/// let env = Environment::new().checkpoint_every(Duration::from_secs(10));
/// env.from_collection([1, 2]).discard();
/// let job = env.spawn("numbers")?;
/// let report = report(&job, provider.tracer("millstream"));
/// let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let reporting = std::thread::spawn(move || runtime.block_on(report));
/// job.join_blocking()?;
/// reporting.join().unwrap();
///
/// let mut names: Vec<_> = exporter.get_finished_spans().unwrap().into_iter().map(|span| span.name).collect();
/// names.sort();
/// // The checkpoint is the last one, at the end of the data.
/// assert_eq!(names, ["Checkpoint", "JobInitialization"]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("OpenTelemetryTraceReporter", "TraceReporter", "traces.reporter"))]
pub fn report<T: Tracer + Send + 'static>(
    job: &JobHandle,
    tracer: T,
) -> impl Future<Output = ()> + Send + 'static + use<T> {
    let name = job.name().to_owned();
    let checkpoints = job.ended_checkpoints().map(Event::Checkpoint);
    let events = stream::select(checkpoints, job.status_changes().map(Event::Status));
    async move {
        let mut events = pin!(events);
        let mut starts = Starts::default();
        while let Some(event) = events.next().await {
            match event {
                Event::Checkpoint(checkpoint) => {
                    of_checkpoint(&checkpoint).into_iter().for_each(|span| span.emit(&name, &tracer));
                }
                Event::Status(change) => {
                    let over = starts.change(change.status, change.time, change.cause.as_ref());
                    over.into_iter().for_each(|span| span.emit(&name, &tracer));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
