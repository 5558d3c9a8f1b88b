//! Savepoints and the job handle: stop, move the folder, go on elsewhere at another parallelism; cancel;
//! jobs inside tokio runtimes, and several at once.

use std::path::Path;
use std::sync::Arc;

use crate::support::breaking_store::BreakingStore;
use futures::executor::block_on;
use millstream::job::{JobOutcome, JobStatus};
use millstream::prelude::*;
use millstream::source::GeneratorSource;
use tempfile::TempDir;

const RECORDS: u64 = 20_000;
const KEYS: u64 = 100;

/// Numbers the records of each key, slowly: `rate` records a second.
fn counting(folder: &Path, parallelism: u32, rate: f64, restore: Option<&Path>) -> JobHandle {
    let mut env = Environment::new()
        .parallelism(parallelism)
        .snapshot_folder(folder.join("snapshots").to_string_lossy());
    if let Some(path) = restore {
        env = env.restore_from(path.to_string_lossy());
    }
    counting_in(env, folder, rate)
}

fn counting_in(env: Environment, folder: &Path, rate: f64) -> JobHandle {
    let env = env.checkpoint_every(Duration::from_millis(50));
    let sink =
        FileSink::text(folder.join("output").to_string_lossy().into_owned(), |(key, count): &(u64, u64)| {
            format!("{key},{count}")
        });
    env.from_source(GeneratorSource::new(Some(RECORDS), |number| number % KEYS).rate(rate))
        .uid("numbers")
        .key_by(|key| *key)
        .count()
        .uid("counts")
        .sink_to(sink.overwrite())
        .uid("results");
    env.spawn("counting").unwrap()
}

/// Every key must have each of its numbers once.
#[track_caller]
fn assert_exact(folder: &Path) {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder.join("output")).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
            lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
    lines.sort_unstable();
    let expected = (0..KEYS).flat_map(|key| (1..=RECORDS / KEYS).map(move |count| format!("{key},{count}")));
    let mut expected: Vec<_> = expected.collect();
    expected.sort_unstable();
    assert!(lines == expected, "{} lines of {}", lines.len(), expected.len());
}

fn wait_for(job: &JobHandle, mut holds: impl FnMut(&JobHandle) -> bool) {
    for _ in 0..3_000 {
        if holds(job) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the job does not get on: {:?}", job.metrics());
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_job_stops_with_a_savepoint_and_goes_on_from_where_that_was_moved_to() {
    let home = folder();
    let mut restore = None;
    for (step, parallelism) in [2, 3, 1].into_iter().enumerate() {
        let job = counting(home.path(), parallelism, 10_000.0, restore.as_deref());
        wait_for(&job, |job| job.latest_checkpoint().is_some());
        let path = home.path().join(format!("savepoint-{step}"));
        let info = block_on(job.stop_with_savepoint(path.to_string_lossy())).unwrap();
        assert_eq!(*info.path, *path.to_string_lossy());
        assert!(info.total_bytes > 0);
        assert_eq!(job.status(), JobStatus::Finished);
        assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::StoppedWithSavepoint);
        let moved = home.path().join(format!("elsewhere/{step}"));
        std::fs::create_dir_all(moved.parent().unwrap()).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        // Self-contained: it needs nothing of the job's checkpoints.
        std::fs::remove_dir_all(home.path().join("snapshots")).unwrap();
        restore = Some(moved);
    }
    let report = counting(home.path(), 4, 1e9, restore.as_deref()).join_blocking().unwrap();
    assert_eq!(report.outcome, JobOutcome::Finished);
    assert_exact(home.path());
}

#[test]
fn a_savepoint_does_not_disturb_the_job_and_can_be_restored_later() {
    let home = folder();
    let job = counting(home.path(), 2, 20_000.0, None);
    wait_for(&job, |job| job.latest_checkpoint().is_some());
    let path = home.path().join("savepoint");
    let info = block_on(job.trigger_savepoint(path.to_string_lossy())).unwrap();
    assert!(path.join("manifest").is_file());
    assert!(!job.status().is_final());
    let again = block_on(job.trigger_savepoint(path.to_string_lossy())).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Checkpoint);
    assert!(again.to_string().contains("there is a snapshot already"), "{again}");
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::Finished);
    assert_exact(home.path());
    assert!(job.latest_checkpoint() > Some(info.checkpoint));
    let late = block_on(job.trigger_savepoint(home.path().join("late").to_string_lossy())).unwrap_err();
    assert_eq!(late.to_string(), "no savepoint: the job is not running");

    // Into another directory: there, the second half of the answer is missing, and comes.
    let other = folder();
    counting(other.path(), 3, 1e9, Some(&path)).join_blocking().unwrap();
    let lines = std::fs::read_dir(other.path().join("output")).unwrap().count();
    assert!(lines > 0);
}

#[test]
fn a_cancelled_job_ends_as_cancelled_and_goes_on_from_its_checkpoint() {
    let home = folder();
    let job = counting(home.path(), 2, 10_000.0, None);
    wait_for(&job, |job| job.status() == JobStatus::Running && job.latest_checkpoint().is_some());
    job.cancel();
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::Cancelled);
    assert_eq!(job.status(), JobStatus::Cancelled);
    job.cancel();
    let checkpoints = home.path().join("snapshots");
    counting(home.path(), 3, 1e9, Some(&checkpoints)).join_blocking().unwrap();
    assert_exact(home.path());
}

/// Jobs of one process do not know of each other.
#[test]
fn several_jobs_run_in_a_process_and_each_has_its_own_end() {
    let homes = [folder(), folder(), folder()];
    let jobs: Vec<_> = homes.iter().map(|home| counting(home.path(), 2, 40_000.0, None)).collect();
    jobs[1].cancel();
    let outcomes: Vec<_> = jobs.iter().map(|job| job.join_blocking().unwrap().outcome).collect();
    assert_eq!(outcomes, [JobOutcome::Finished, JobOutcome::Cancelled, JobOutcome::Finished]);
    assert_exact(homes[0].path());
    assert_exact(homes[2].path());
}

async fn squares() -> Result<Vec<u64>> {
    let env = Environment::new().parallelism(2);
    let squares = env.from_collection(0..100_u64).map(|n| n * n).rebalance().filter(|n| n % 2 == 0).collect();
    env.spawn("squares")?.await?;
    Ok(squares.sorted())
}

#[test]
fn jobs_can_be_awaited_in_any_runtime() {
    let expected: Vec<_> = (0..100_u64).map(|n| n * n).filter(|n| n % 2 == 0).collect();
    let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(current.block_on(squares()).unwrap(), expected);
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let all = multi.block_on(async {
        let jobs = (0..4).map(|_| tokio::spawn(squares()));
        futures::future::join_all(jobs).await
    });
    all.into_iter().for_each(|got| assert_eq!(got.unwrap().unwrap(), expected));
    assert_eq!(block_on(squares()).unwrap(), expected);
    let thread = std::thread::spawn(|| {
        let env = Environment::new();
        let numbers = env.from_collection(0..3_u64).collect();
        env.execute("numbers").unwrap();
        numbers.sorted()
    });
    assert_eq!(thread.join().unwrap(), [0, 1, 2]);
}

/// Whatever became of the last writes of a process that stops with a savepoint: what is committed, and
/// what the folder says the next one goes on from, fit each other.
#[test]
fn a_crash_around_a_savepoint_that_stops_the_job_leaves_a_folder_to_go_on_from() {
    let mut stopped = 0;
    for (writes, takes_effect) in (0..10).flat_map(|writes| [(writes, false), (writes, true)]) {
        let home = folder();
        let store = Arc::new(BreakingStore::default());
        let environment = |store: Arc<BreakingStore>| {
            let env = Environment::new().register_store("vault://blue", store).parallelism(2);
            env.snapshot_folder("vault://blue/jobs").restart_strategy(RestartStrategy::None)
        };
        let job = counting_in(environment(store.clone()), home.path(), 20_000.0);
        wait_for(&job, |job| job.latest_checkpoint().is_some());
        store.break_after(writes, takes_effect);
        let outcome = block_on(job.stop_with_savepoint("vault://blue/savepoint"));
        stopped += u32::from(outcome.is_ok());
        // It has stopped, or it has failed: the store does not come back.
        job.cancel();
        let _ = job.join_blocking();

        let next = environment(Arc::new(store.for_next_process())).restore_from("vault://blue/jobs");
        counting_in(next, home.path(), 1e9).join_blocking().unwrap_or_else(|error| {
            panic!("after {writes} writes, and one that took effect: {takes_effect}: {error}")
        });
        assert_exact(home.path());
    }
    assert!(stopped > 0 && stopped < 20, "{stopped} of 20 stopped");
}

/// An older checkpoint than what is visible, at a lower parallelism: the files of the subtasks that are
/// no more have names that nobody would write to again.
#[test]
fn an_older_checkpoint_is_refused_where_files_of_later_ones_are_visible() {
    for parallelism in [1, 2, 4] {
        let home = folder();
        let job = counting(home.path(), 4, 20_000.0, None);
        wait_for(&job, |job| job.latest_checkpoint().is_some());
        let path = home.path().join("savepoint");
        block_on(job.trigger_savepoint(path.to_string_lossy())).unwrap();
        job.join_blocking().unwrap();
        assert_exact(home.path());

        let error = counting(home.path(), parallelism, 1e9, Some(&path)).join_blocking().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        assert!(error.to_string().contains("newer than the snapshot"), "{error}");
        assert_exact(home.path());
    }
}

#[test]
fn a_checkpoint_is_taken_when_it_is_asked_for() {
    let home = folder();
    let env = || Environment::new().parallelism(2).snapshot_folder(home.path().to_string_lossy());
    let numbers = |env: &Environment| {
        let source = GeneratorSource::new(None, |number: u64| number).rate(10_000.0);
        env.from_source(source).uid("numbers").key_by(|number| number % 7).count().uid("counts").discard();
        env.spawn("numbers").unwrap()
    };
    // There is no interval: none is taken otherwise.
    let job = numbers(&env());
    wait_for(&job, |job| job.status() == JobStatus::Running);
    let mut latest = None;
    // Often, so that an answer that overtakes what the handle shows is noticed.
    for _ in 0..50 {
        let checkpoint = block_on(job.trigger_checkpoint()).unwrap();
        assert_eq!(job.latest_checkpoint(), Some(checkpoint));
        assert!(latest.replace(checkpoint) < Some(checkpoint));
    }
    job.cancel();
    job.join_blocking().unwrap();
    assert!(block_on(job.trigger_checkpoint()).is_err(), "the job is over");
    let job = numbers(&env().restore_from(home.path().to_string_lossy()));
    wait_for(&job, |job| job.status() == JobStatus::Running);
    assert!(Some(block_on(job.trigger_checkpoint()).unwrap()) > latest, "restored, it counts on");
    job.cancel();
    job.join_blocking().unwrap();
}

#[test]
fn a_job_that_is_drained_comes_to_the_end_of_its_windows() {
    let home = folder();
    let env = Environment::new()
        .parallelism(2)
        .checkpoint_every(Duration::from_millis(20))
        .snapshot_folder(home.path().join("snapshots").to_string_lossy());
    let time = WatermarkStrategy::monotonous()
        .timestamp_assigner(|number: &u64| Timestamp::from_millis(i64::try_from(*number).unwrap()));
    let counts = env
        .from_source(GeneratorSource::new(None, |number: u64| number).rate(5_000.0))
        .assign_timestamps_and_watermarks(time)
        .key_by(|_| 0_u8)
        // Longer than any run of this test: only the end of time makes them fire.
        .window(TumblingEventTimeWindows::of(Duration::from_secs(1_000_000)))
        .count()
        .map(|result| result.value)
        .collect();
    let job = env.spawn("windows").unwrap();
    wait_for(&job, |job| job.metrics().checkpoints.completed() > 2);
    let savepoint = home.path().join("savepoint");
    block_on(job.drain_with_savepoint(savepoint.to_string_lossy())).unwrap();
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::StoppedWithSavepoint);
    let counts = counts.sorted();
    assert!(matches!(counts[..], [count] if count > 0), "{counts:?}");
}
