//! Jobs that are cancelled and delete their checkpoints: what goes, what stays, and crashes in the middle.

use std::path::Path;
use std::sync::Arc;

use crate::support::breaking_store::BreakingStore;
use futures::StreamExt;
use futures::executor::block_on;
use millstream::job::JobOutcome;
use millstream::prelude::*;
use millstream::source::GeneratorSource;
use object_store::ObjectStore;

/// Counts numbers by key for ever, or up to `count`, with a checkpoint every few milliseconds.
fn counting(env: Environment, count: Option<u64>) -> JobHandle {
    let checkpoints = CheckpointConfig::every(Duration::from_millis(20)).tolerable_failures(1_000);
    let checkpoints = checkpoints.delete_on_cancellation();
    let env = env.parallelism(2).checkpointing(checkpoints).restart_strategy(RestartStrategy::None);
    let numbers = GeneratorSource::new(count, |number| number).rate(20_000.0);
    env.from_source(numbers).uid("numbers").key_by(|number| number % 100).count().uid("counts").discard();
    env.spawn("counting").unwrap()
}

fn wait_for_checkpoints(job: &JobHandle, count: u64) {
    while job.metrics().checkpoints.completed() < count {
        assert!(!job.status().is_final(), "the job has ended: {:?}", job.metrics());
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
fn cancel(job: &JobHandle) {
    job.cancel();
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::Cancelled);
}

/// All files in a folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[test]
fn the_checkpoints_go_and_savepoints_stay() {
    let home = tempfile::tempdir().unwrap();
    let (folder, savepoint) = (home.path().join("jobs"), home.path().join("savepoint"));
    let env = || Environment::new().snapshot_folder(folder.to_string_lossy());

    let job = counting(env(), None);
    wait_for_checkpoints(&job, 3);
    block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
    cancel(&job);
    let left = files(&folder);
    assert!(left.iter().all(|file| file.starts_with("counting/journal/")), "{left:?}");
    let saved = files(&savepoint);

    // Nobody goes on from what is no more.
    let error = counting(env().restore_from(folder.to_string_lossy()), None).join_blocking().unwrap_err();
    assert!(error.to_string().contains("its checkpoints were deleted with it"), "{error}");

    // What the job was restored from is not its own.
    let job = counting(env().restore_from(savepoint.to_string_lossy()), None);
    wait_for_checkpoints(&job, 1);
    cancel(&job);
    assert_eq!(files(&savepoint), saved);
    let left = files(&folder);
    assert!(left.iter().all(|file| file.starts_with("counting/journal/")), "{left:?}");
    let job = counting(env().restore_from(savepoint.to_string_lossy()), None);
    wait_for_checkpoints(&job, 1);
    cancel(&job);

    // As for a job that has never run.
    let job = counting(env().restore_or_start(folder.to_string_lossy()), Some(1_000));
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::Finished);
    let left = files(&folder);
    assert!(left.iter().any(|file| file.ends_with("/manifest")), "it was not cancelled: {left:?}");
}

/// Wherever the store breaks off: whatever the journal goes on from, and whatever has a manifest, is whole.
#[test]
fn a_crash_while_checkpoints_are_deleted_leaves_nothing_that_lacks_files() {
    let (mut whole, mut gone) = (0, 0);
    for (writes, takes_effect) in (0..14).flat_map(|writes| [(writes, false), (writes, true)]) {
        let context = format!("after {writes} writes, and one that took effect: {takes_effect}");
        let store = Arc::new(BreakingStore::default());
        let environment = |store: &BreakingStore| {
            let next = Arc::new(store.for_next_process());
            let env = Environment::new().register_store("vault://blue", next.clone());
            (env.snapshot_folder("vault://blue/jobs"), next)
        };
        let (env, own) = environment(&store);
        let job = counting(env, None);
        wait_for_checkpoints(&job, 2);
        own.break_after(writes, takes_effect);
        job.cancel();
        job.join_blocking().unwrap();

        let manifests = block_on(store.list(None).collect::<Vec<_>>());
        let manifests = manifests.into_iter().map(|object| object.unwrap().location.to_string());
        let checkpoints = manifests.filter_map(|file| Some(file.strip_suffix("/manifest")?.to_owned()));
        for location in checkpoints.chain(["jobs".to_owned()]) {
            let (env, _) = environment(&store.fork());
            let job = counting(env.restore_from(format!("vault://blue/{location}")), Some(100));
            match job.join_blocking() {
                Ok(_) => whole += 1,
                Err(error) if error.to_string().contains("its checkpoints were deleted with it") => gone += 1,
                Err(error) => panic!("{context}: {error}"),
            }
        }
    }
    assert!(whole > 0 && gone > 0, "{whole} could be restored, {gone} were gone");
}
