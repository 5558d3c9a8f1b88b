//! Who owns a job's folder: names of jobs, the stores behind URLs, and several processes on one folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};

use futures::executor::block_on;
use millstream::checkpoint::CheckpointStatistics;
use millstream::engine::batch::Batch;
use millstream::engine::chain::{Operator, OperatorHooks, Output};
use millstream::job::JobStatus;
use millstream::prelude::*;
use object_store::memory::InMemory;

/// Runs a job of this name to its end, and returns how many of two numbers it has read.
fn run(env: Environment, job: &str) -> Result<u32> {
    let env = env
        .restart_strategy(RestartStrategy::None)
        .checkpointing(CheckpointConfig::every(Duration::from_secs(60)));
    let read = Arc::new(AtomicU32::new(0));
    let seen = read.clone();
    env.from_collection([1, 2])
        .uid("numbers")
        .inspect(move |_: &u64| {
            seen.fetch_add(1, SeqCst);
        })
        .discard();
    env.execute(job)?;
    Ok(read.load(SeqCst))
}

fn on(folder: &Path) -> Environment {
    Environment::new().snapshot_folder(folder.to_string_lossy())
}

#[test]
fn another_jobs_checkpoint_is_restored_by_its_own_path_only() {
    let disk = tempfile::tempdir().unwrap();
    let (folder, path) =
        (disk.path(), |inside: &str| disk.path().join(inside).to_string_lossy().into_owned());
    assert_eq!(run(on(folder), "a b").unwrap(), 2);

    for job in ["a-b", "taxis"] {
        let error = run(on(folder).restore_from(path("")), job).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restore);
        assert!(error.to_string().contains("only those of `a=20b`"), "{error}");
    }
    assert_eq!(run(on(folder).restore_from(path("")), "a b").unwrap(), 0, "it had read everything");
    assert_eq!(run(on(folder).restore_from(path("a=20b")), "taxis").unwrap(), 0);
    assert_eq!(run(on(folder), "a-b").unwrap(), 2);
    assert!(disk.path().join("a-b").is_dir() && disk.path().join("a=20b").is_dir());
}

#[test]
fn checkpoints_savepoints_and_restores_share_the_stores_that_are_registered() {
    let store = Arc::new(InMemory::new());
    let environment = || Environment::new().register_store("vault://blue", store.clone());
    let env = environment().snapshot_folder("vault://blue/jobs");
    env.from_generator(None, |number| number).uid("numbers").discard();
    let job = env.spawn("counting").unwrap();
    while job.status() != JobStatus::Running {
        std::thread::yield_now();
    }
    let error = block_on(job.trigger_savepoint("memory:///savepoint")).unwrap_err();
    assert!(error.to_string().contains("gone with the process"), "{error}");
    block_on(job.stop_with_savepoint("vault://blue/savepoints/1")).unwrap();

    let env = environment().restore_from("vault://blue/savepoints/1");
    env.from_generator(Some(0), |number| number).uid("numbers").discard();
    env.execute("counting").unwrap();
}

/// Counts 20,000 numbers under 2,000 keys, and says what the last checkpoint was like.
fn count(env: Environment) -> CheckpointStatistics {
    let env = env.checkpointing(CheckpointConfig::every(Duration::from_secs(60)));
    let numbers = env.from_collection(0..20_000_u64).uid("numbers");
    numbers.key_by(|number| number % 2_000).count().uid("counts").discard();
    let job = env.spawn("counts").unwrap();
    job.join_blocking().unwrap();
    job.metrics().checkpoints.recent().next_back().unwrap().clone()
}

#[test]
fn the_first_checkpoint_of_a_restored_job_holds_only_what_has_changed() {
    let disk = tempfile::tempdir().unwrap();
    let folder = disk.path().to_string_lossy().into_owned();
    let environment = |parallelism| on(disk.path()).parallelism(parallelism);
    let full = count(environment(2));
    // What is written is a little more than the state: files have headers.
    assert!(full.total_bytes > 2_000 && full.written_bytes >= full.total_bytes, "{full:?}");
    for parallelism in [2, 3] {
        // Everything has been read: nothing changes any more.
        let restored = count(environment(parallelism).restore_from(&folder));
        assert!(restored.total_bytes > full.total_bytes / 2, "{restored:?}");
        assert!(restored.written_bytes * 5 < full.written_bytes, "{restored:?} after {full:?}");
    }
    // Deleted before the job was over: the checkpoints of earlier processes are its own.
    let manifests = |name: &str| disk.path().join("counts").join(name).join("manifest").exists();
    assert_eq!(["chk-1-e1", "chk-2-e2", "chk-3-e3"].map(manifests), [false, false, true]);
    // A savepoint, or a snapshot that is not claimed, is nobody's base.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = disk.path().join("counts/chk-3-e3").to_string_lossy().into_owned();
    let other = count(on(elsewhere.path()).restore_from(path));
    assert!(other.written_bytes >= other.total_bytes, "{other:?}");
    assert!(manifests("chk-3-e3"));
}

#[test]
fn a_fresh_run_that_dies_early_does_not_go_on_from_the_one_before() {
    let disk = tempfile::tempdir().unwrap();
    let folder = disk.path().to_string_lossy().into_owned();
    assert_eq!(run(on(disk.path()), "numbers").unwrap(), 2);
    let env = on(disk.path()).checkpoint_every(Duration::from_secs(60));
    env.from_generator(None, |number| number).uid("numbers").discard();
    let job = env.spawn("numbers").unwrap();
    while job.status() != JobStatus::Running {
        std::thread::yield_now();
    }
    job.cancel();
    job.join_blocking().unwrap();

    let error = run(on(disk.path()).restore_from(&folder), "numbers").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore);
    assert!(error.to_string().contains("the last run of job `numbers` has not completed any"), "{error}");
    assert!(error.to_string().contains("`chk-1-e1`"), "{error}");
    assert_eq!(run(on(disk.path()).restore_or_start(&folder), "numbers").unwrap(), 2);
    let path = disk.path().join("numbers/chk-1-e1").to_string_lossy().into_owned();
    assert_eq!(run(on(disk.path()).restore_from(path), "numbers").unwrap(), 0);
}

#[test]
fn of_two_jobs_on_one_folder_the_older_is_fenced() {
    let disk = tempfile::tempdir().unwrap();
    let start = || {
        let env = on(disk.path()).checkpoint_every(Duration::from_millis(5));
        env.from_generator(None, |number| number).discard();
        env.spawn("numbers").unwrap()
    };
    let older = start();
    while older.latest_checkpoint().is_none() {
        std::thread::yield_now();
    }
    let newer = start();
    let error = older.join_blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced);
    let process = format!("fenced: process {} on host", std::process::id());
    assert!(error.to_string().contains(&process), "{error}");
    assert_eq!(older.metrics().restarts, 0);
    while newer.latest_checkpoint().is_none() {
        std::thread::yield_now();
    }
    newer.cancel();
    newer.join_blocking().unwrap();
}

/// Stands for a sink that finds, once it is told to look, what another process has written.
struct Finds(Arc<AtomicBool>);

impl OperatorHooks<u64> for Finds {}

impl Operator<u64, u64> for Finds {
    fn process(&mut self, batch: &mut Batch<u64>, _: &mut Output<'_, u64>) -> Result<()> {
        batch.clear();
        if self.0.load(SeqCst) {
            return Err(Error::new(ErrorKind::InvalidJob, "there is output of another run"));
        }
        Ok(())
    }
}

#[test]
fn what_a_newer_process_has_done_is_not_taken_for_a_mistake_of_the_job() {
    let disk = tempfile::tempdir().unwrap();
    let start = || {
        let env = on(disk.path()).checkpoint_every(Duration::from_secs(600));
        let finds = Arc::new(AtomicBool::new(false));
        let told = finds.clone();
        env.from_generator(None, |number| number).transform("Finds", move |_| Finds(told.clone())).discard();
        let job = env.spawn("numbers").unwrap();
        while job.status() != JobStatus::Running {
            std::thread::yield_now();
        }
        (job, finds)
    };
    let (older, older_finds) = start();
    let (newer, newer_finds) = start();
    // It has no checkpoint in which it would learn that it was overtaken.
    older_finds.store(true, SeqCst);
    let error = older.join_blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(older.metrics().restarts, 0);
    // The one that has the folder is at fault itself.
    newer_finds.store(true, SeqCst);
    let error = newer.join_blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    assert!(error.to_string().contains("output of another run"), "{error}");
}
