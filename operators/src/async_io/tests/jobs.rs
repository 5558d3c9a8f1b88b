//! Whole jobs: backpressure, barriers, and a stop while nothing is answered.

use std::sync::LazyLock;

use futures::executor::block_on;
use millstream_runtime::job::JobOutcome;
use tokio::sync::Semaphore;

use super::*;
use crate::Environment;

/// Answers with the record once the gate is open.
async fn behind(gate: &Semaphore, number: u64) -> FunctionResult<u64> {
    let _open = gate.acquire().await?;
    Ok(number)
}

#[test]
fn checkpoints_do_not_wait_for_requests_and_a_full_operator_holds_its_input_back() {
    static GATE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(0));
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let env = Environment::new().parallelism(1).checkpoint_every(millis(5));
    let numbers = env.from_collection(0..100_u64).flat_map(|number| {
        (0..1_000).map(move |n| {
            MADE.fetch_add(1, Ordering::Relaxed);
            number * 1_000 + n
        })
    });
    let answers = numbers.map_async(|number| behind(&GATE, number)).capacity(10).ordered().collect();
    let job = env.spawn("behind a gate").unwrap();
    // What flat map makes of a record is more than there is room for: its barriers wait.
    wait_for(|| MADE.load(Ordering::Relaxed) > 0);
    pause();
    assert!(MADE.load(Ordering::Relaxed) < 10_000, "{MADE:?} of 100,000 records are there already");
    GATE.add_permits(10);
    job.join_blocking().unwrap();
    assert_eq!(answers.to_vec(), (0..100_000).collect::<Vec<_>>());
}

#[test]
fn a_checkpoint_is_complete_while_nothing_is_answered() {
    static GATE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(0));
    let env = Environment::new().parallelism(1).checkpoint_every(millis(5));
    let numbers = env.from_collection(0..50_u64);
    // Some are under way, and some that the operator has taken in have not been asked.
    let answers = numbers.map_async(|number| behind(&GATE, number)).capacity(3).unordered().collect();
    let job = env.spawn("behind a gate").unwrap();
    wait_for(|| job.latest_checkpoint().is_some_and(|checkpoint| checkpoint.number() > 2));
    assert!(answers.to_vec().is_empty());
    GATE.add_permits(10);
    job.join_blocking().unwrap();
    assert_eq!(answers.sorted(), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_job_that_stops_with_a_savepoint_asks_again_when_it_goes_on() {
    static GATE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(0));
    let folder = tempfile::tempdir().unwrap();
    let savepoint = folder.path().join("savepoint").to_string_lossy().into_owned();
    let build = |env: &Environment| {
        let numbers = env.from_collection(0..50_u64).uid("numbers");
        numbers.map_async(|number| behind(&GATE, number)).capacity(7).ordered().uid("answers").collect()
    };
    let env = Environment::new().parallelism(1);
    let before = build(&env);
    let job = env.spawn("behind a gate").unwrap();
    let asked = || job.metrics().operator("Async wait").metric("inFlightRequests").is_some();
    wait_for(asked);
    block_on(job.stop_with_savepoint(&savepoint)).unwrap();
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::StoppedWithSavepoint);

    GATE.add_permits(10);
    let env = Environment::new().parallelism(3).restore_from(&savepoint);
    let after = build(&env);
    env.execute("behind a gate").unwrap();
    assert_eq!((before.to_vec(), after.sorted()), (vec![], (0..50).collect::<Vec<_>>()));
}

#[test]
fn a_request_that_panics_fails_the_job_and_names_the_operator() {
    let env = Environment::new();
    let asked = env.from_collection([1_u64]).map_async(|number| async move {
        assert!(number > 1, "no such number");
        Ok(number)
    });
    asked.ordered().name("ask").discard();
    let error: Error = env.execute("panic").unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Panic, Some("ask")));
    assert!(error.to_string().contains("no such number"), "{error}");
}

#[test]
fn mistakes_are_errors_of_the_job() {
    let env = Environment::new();
    env.from_collection([1])
        .map_async(|n: u64| async move { Ok(n) })
        .capacity(0)
        .ordered()
        .name("ask")
        .discard();
    let error = env.execute("mistake").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("`ask`") && error.to_string().contains("capacity"), "{error}");
}

#[allow(clippy::disallowed_methods, reason = "a job's threads need real time")]
fn wait_for(mut holds: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if holds() {
            return;
        }
        std::thread::sleep(millis(2));
    }
    panic!("waited in vain");
}

/// Time in which a job could do what it must not do.
#[allow(clippy::disallowed_methods, reason = "a job's threads need real time")]
fn pause() {
    std::thread::sleep(millis(50));
}
