//! Who owns a job's folder: names of jobs, the stores behind URLs, and several processes on one folder.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use futures::executor::block_on;
use millstream::prelude::*;
use millstream::runtime::job::RestartStrategy;
use object_store::memory::InMemory;

/// Runs a job of this name to its end, and returns how many of two numbers it has read.
fn run(env: Environment, job: &str) -> Result<u32> {
    let env = env
        .set_restart_strategy(RestartStrategy::None)
        .checkpointing(millstream::runtime::checkpoint::CheckpointConfig::every(Duration::from_secs(60)));
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
    Environment::new().set_snapshot_folder(folder.to_string_lossy())
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
    let env = environment().set_snapshot_folder("vault://blue/jobs");
    env.from_generator(None, |number| number).uid("numbers").discard();
    let job = env.spawn("counting").unwrap();
    let error = block_on(job.trigger_savepoint("memory:///savepoint")).unwrap_err();
    assert!(error.to_string().contains("gone with the process"), "{error}");
    block_on(job.stop_with_savepoint("vault://blue/savepoints/1")).unwrap();

    let env = environment().restore_from("vault://blue/savepoints/1");
    env.from_generator(Some(0), |number| number).uid("numbers").discard();
    env.execute("counting").unwrap();
}
