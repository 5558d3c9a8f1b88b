//! Mistakes in writing a job down: each is reported with its cause, and none of them hangs.

use millstream::prelude::*;
use millstream::window::WindowAssigner;

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

/// What is wrong with a window that is no whole number of milliseconds: reported for every length it has.
#[test]
fn windows_are_whole_milliseconds() {
    fn refused<W: WindowAssigner<i64, Window = TimeWindow>>(windows: W, lateness: Duration) -> String {
        let env = Environment::new();
        let time = WatermarkStrategy::monotonous().timestamp_assigner(|n: &i64| Timestamp::from_millis(*n));
        let numbers = env.from_collection([1_i64]).assign_timestamps_and_watermarks(time);
        numbers.key_by(|n| *n).window(windows).allowed_lateness(lateness).count().name("counts").discard();
        mistake(&env)
    }
    let (whole, broken, none) = (Duration::from_millis(2), Duration::from_micros(1_500), Duration::ZERO);
    let (tumbling, sliding) = (TumblingEventTimeWindows::of, SlidingEventTimeWindows::of);
    let sessions = EventTimeSessionWindows::with_gap;
    for (said, of) in [
        (refused(tumbling(broken), none), "the size of tumbling windows"),
        (refused(tumbling(whole).offset(broken), none), "the offset of tumbling windows"),
        (refused(sliding(broken, whole), none), "the size of sliding windows"),
        (refused(sliding(whole, broken), none), "the slide of sliding windows"),
        (refused(sliding(whole, whole).offset(broken), none), "the offset of sliding windows"),
        (refused(sessions(broken), none), "the gap of session windows"),
        (refused(tumbling(whole), broken), "the allowed lateness"),
        (refused(sessions(whole), broken), "the allowed lateness"),
    ] {
        let problem = format!("`counts`: {of} must be a whole number of milliseconds, but is 1.5ms");
        assert!(said.contains(&problem), "`{problem}` is missing: {said}");
    }
    for (said, of) in [
        (refused(tumbling(none), none), "the size of tumbling windows"),
        (refused(sliding(whole, none), none), "the slide of sliding windows"),
        (refused(sessions(none), none), "the gap of session windows"),
    ] {
        assert!(said.contains(&format!("{of} must be at least 1 ms, but is 0")), "{said}");
    }
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
