//! Mistakes in writing a job down: each is told with its cause, and none of them hangs.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use millstream::connectors::files::FileSink;
use millstream::{Environment, ErrorKind};

/// What running a job fails with, which must be the user's mistake.
fn mistake(env: &Environment) -> String {
    let error = env.execute("mistaken").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    error.to_string()
}

#[test]
fn streams_of_two_environments_do_not_meet() {
    let (one, other) = (Environment::new(), Environment::new());
    let strange = other.from_collection(10..13);
    let _collected = one.from_collection(0..3).union(&strange).collect();
    assert!(mistake(&one).contains("a stream of another environment"));

    let (numbers, strange) = (one.from_collection(0..3), other.from_collection(10..13));
    let _connected = numbers.connect(&strange).map(|a| a, |b| b).collect();
    assert!(mistake(&one).contains("a stream of another environment"));

    let numbers = other.from_collection(0..3).collect();
    other.execute("the other one").unwrap();
    assert_eq!(numbers.sorted(), [0, 1, 2], "its own job is not disturbed");
}

#[test]
fn a_stream_from_before_execute_is_of_no_use_after_it() {
    let env = Environment::new();
    let numbers = env.from_collection(0..3);
    let first = numbers.collect();
    env.execute("first").unwrap();
    assert_eq!(first.sorted(), [0, 1, 2]);

    let _second = numbers.map(|number| number + 1).collect();
    assert!(mistake(&env).contains("before the last `execute`"));

    let third = env.from_collection(3..5).collect();
    env.execute("third").unwrap();
    assert_eq!(third.sorted(), [3, 4]);
}

#[test]
fn channels_need_room() {
    let env = Environment::new().parallelism(2).channel_batches(0);
    let _collected = env.from_collection(0..3).rebalance().map(|number| number).collect();
    assert!(mistake(&env).contains("room for 0 batches"));
}

#[test]
fn two_sinks_need_two_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").to_string_lossy().into_owned();
    let sink = |path: &str| FileSink::text(path, |number: &i32| number.to_string());
    let env = Environment::new();
    let numbers = env.from_collection(0..3);
    let _first = numbers.sink_to(sink(&path)).name("first");
    let _second = numbers.sink_to(sink(&format!("{path}/../out/"))).name("second");
    let error = mistake(&env);
    assert!(error.contains("`second`") && error.contains("`first` uses the folder"), "{error}");
    assert!(!folder.path().join("out").exists(), "nothing has run");

    let numbers = env.from_collection(0..3);
    let _first = numbers.sink_to(sink(&path));
    let _second = numbers.sink_to(sink(&format!("{path}-2")));
    env.execute("two folders").unwrap();
}

#[test]
fn a_chain_of_thousands_of_maps_runs() {
    let env = Environment::new().parallelism(1);
    let first = env.from_collection(0..3_u32);
    let mut numbers = first.clone();
    for _ in 0..4_000 {
        numbers = numbers.map(|number| number + 1);
    }
    let collected = numbers.collect();
    env.execute("a long chain").unwrap();
    assert_eq!(collected.sorted(), [4_000, 4_001, 4_002]);
}

#[test]
fn stateless_operators_come_and_go_around_restored_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let env =
        Environment::new().parallelism(2).checkpoint_every(Duration::from_secs(60)).snapshot_folder(&path);
    env.from_collection(0..10_u32).key_by(|number| number % 2).count().discard();
    env.execute("counts").unwrap();

    // Restored in full, though nothing has a uid: unclaimed state would be an error.
    let env = Environment::new().parallelism(2).restore_from(&path);
    let counted = env
        .from_collection(0..10_u32)
        .filter(|number| *number < 99)
        .map(|number| number + 1)
        .key_by(|number| number % 2)
        .count()
        .map(|(key, count)| (key, count))
        .collect();
    env.execute("counts").unwrap();
    assert!(counted.is_empty(), "the source has nothing left to read: {:?}", counted.sorted());
}
