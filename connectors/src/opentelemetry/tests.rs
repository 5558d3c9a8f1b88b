#![allow(clippy::disallowed_methods, reason = "a test that waits for a job")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::opentelemetry::trace::{Status, TracerProvider};
use millstream_operators::Environment;
use millstream_operators::source::GeneratorSource;
use millstream_runtime::job::RestartStrategy;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::report;

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

#[test]
fn all_checkpoints_and_the_restart_of_a_job_are_reported() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let env = Environment::new()
        .parallelism(2)
        .checkpoint_every(Duration::from_millis(50))
        .restart_strategy(RestartStrategy::fixed_delay(1, Duration::from_millis(5)));
    let has_failed = Arc::new(AtomicBool::new(false));
    let numbers = env.from_source(GeneratorSource::new(Some(3_000), |number| number).rate(10_000.0));
    numbers
        .try_map(move |number| match number == 1_000 && !has_failed.swap(true, Ordering::Relaxed) {
            true => Err("boom".into()),
            false => Ok(number),
        })
        .discard();
    let job = env.spawn("numbers").unwrap();
    let report = report(&job, provider.tracer("test"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let reporting = std::thread::spawn(move || runtime.block_on(report));
    let outcome = job.join_blocking().unwrap();
    reporting.join().unwrap();

    let spans = exporter.get_finished_spans().unwrap();
    assert!(spans.iter().all(|span| attribute(span, "job_name").as_deref() == Some("numbers")));
    assert!(spans.iter().all(|span| span.start_time <= span.end_time));
    let of = |name: &'static str| spans.iter().filter(move |span| span.name == name);
    let checkpoints = &outcome.metrics.checkpoints;
    let numbers: BTreeSet<_> = of("Checkpoint").filter_map(|span| attribute(span, "checkpointId")).collect();
    assert_eq!(numbers.len() as u64, checkpoints.triggered(), "each once, and none is left out");
    let completed =
        of("Checkpoint").filter(|span| attribute(span, "checkpointStatus").as_deref() == Some("COMPLETED"));
    assert_eq!(completed.count() as u64, checkpoints.completed());
    let starts: Vec<_> =
        of("JobInitialization").filter_map(|span| attribute(span, "initializationStatus")).collect();
    assert_eq!(starts, ["COMPLETED", "COMPLETED"]);
    let [restart] = of("JobRestart").collect::<Vec<_>>()[..] else { panic!("{spans:?}") };
    assert_eq!(attribute(restart, "restartStatus").as_deref(), Some("COMPLETED"));
    assert!(
        matches!(&restart.status, Status::Error { description } if description.contains("boom")),
        "{restart:?}"
    );
}
