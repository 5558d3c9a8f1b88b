//! What goes wrong is said clearly: mistakes before anything runs, snapshots that cannot be restored,
//! functions that panic, rows and stores that fail.

#![allow(missing_docs, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "a whole-job test waits for real time to pass")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/flaky_store.rs"]
mod flaky_store;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::executor::block_on;
use millstream::connectors::files::{BadRecord, BadRecordInfo};
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

fn restarts(attempts: u32) -> RestartStrategy {
    RestartStrategy::fixed_delay(attempts, Duration::from_millis(5))
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    type Build = fn(&Environment);
    let cases: [(&str, Build, ErrorKind, &[&str]); 9] = [
        ("an empty job", |_| {}, ErrorKind::InvalidJob, &["no operators"]),
        (
            "a name twice",
            |env| {
                let numbers = env.from_collection(0..3_u64).name("numbers");
                numbers.map(|n| n).name("numbers").discard();
            },
            ErrorKind::InvalidJob,
            &["`numbers`", "used for two operators"],
        ),
        (
            "a uid twice",
            |env| {
                let numbers = env.from_collection(0..3_u64).uid("numbers");
                numbers.map(|n| n).uid("numbers").discard();
            },
            ErrorKind::InvalidJob,
            &["the uid `numbers` is used twice"],
        ),
        (
            "no subtasks",
            |env| {
                env.from_collection(0..3_u64).map(|n| n).name("nobody").parallelism(0).discard();
            },
            ErrorKind::InvalidJob,
            &["`nobody`", "parallelism of 0"],
        ),
        (
            "too many subtasks",
            |env| {
                let numbers = env.from_collection(0..3_u64).map(|n| n).name("crowd");
                numbers.max_parallelism(4).parallelism(5).discard();
            },
            ErrorKind::InvalidJob,
            &["`crowd`", "parallelism of 5", "max parallelism of 4"],
        ),
        (
            "a window without time",
            |env| {
                let numbers = env.from_collection(0..3_u64).key_by(|n| *n);
                let windows = numbers.window(TumblingEventTimeWindows::of(Duration::from_secs(1)));
                windows.count().name("timeless").discard();
            },
            ErrorKind::InvalidJob,
            &["`timeless`", "assign_timestamps_and_watermarks"],
        ),
        (
            "forward to another parallelism",
            |env| {
                let numbers = env.from_collection(0..3_u64).name("three").parallelism(3);
                numbers.forward().map(|n| n).name("two").parallelism(2).discard();
            },
            ErrorKind::InvalidJob,
            &["`three`", "parallelism 3 to parallelism 2", "`two`"],
        ),
        (
            "a file that is not there",
            |env| {
                env.from_source(FileSource::text("/no/such/file.txt")).name("lines").discard();
            },
            ErrorKind::InvalidInput,
            &["`lines`", "/no/such/file.txt"],
        ),
        (
            "a rate of nothing",
            |env| {
                let numbers = GeneratorSource::new(Some(3), |n| n).rate(0.0);
                env.from_source(numbers).name("still").discard();
            },
            ErrorKind::InvalidJob,
            &["`still`", "a rate of 0"],
        ),
    ];
    for (case, build, kind, parts) in cases {
        let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
        build(&env);
        let error = env.execute("mistaken").unwrap_err();
        assert_eq!(error.kind(), kind, "{case}: {error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{case}: `{part}` is missing in: {error}");
        }
    }
}

/// Adds up numbers for each key in a state of type `V`.
#[derive(Clone)]
struct Adding<V>(fn() -> StateDescriptor<V>, fn(Option<V>, u64) -> V);

impl<V: Clone + Copy + Send + Sync + Serialize + for<'de> Deserialize<'de> + 'static>
    KeyedProcessFunction<u64, u64, (u64, u64)> for Adding<V>
where
    V: millstream::Record + Into<u64>,
{
    type State = ValueState<V>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        cx.value_state((self.0)())
    }

    fn process(
        &mut self,
        number: u64,
        total: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        let new = (self.1)(total.cloned(cx), number);
        total.set(cx, new);
        out.emit((*cx.key(), new.into()))
    }
}

const SMALL: Adding<u32> = Adding(
    || StateDescriptor::new("total"),
    |old, number| old.unwrap_or_default() + u32::try_from(number).unwrap(),
);
const LARGE: Adding<u64> =
    Adding(|| StateDescriptor::new("total"), |old, number| old.unwrap_or_default() + number);
const MIGRATED: Adding<u64> = Adding(
    || StateDescriptor::new("total").migrate_from(|old: u32| u64::from(old)),
    |old, number| old.unwrap_or_default() + number,
);

/// The job whose snapshot is restored: it adds up 400 numbers under 10 keys.
fn adding<V>(env: &Environment, function: Adding<V>, uid: &str) -> Collected<(u64, u64)>
where
    V: millstream::Record + Copy + Into<u64>,
{
    let numbers = env.from_source(GeneratorSource::new(Some(400), |n| n).rate(1_000.0)).uid("numbers");
    numbers.key_by(|n| n % 10).process(function).name("totals").uid(uid).collect()
}

/// Takes a savepoint of the job half way.
fn savepoint(path: &Path) {
    let env = Environment::new().parallelism(2).snapshot_folder(path.join("chk").to_string_lossy());
    adding(&env, SMALL, "totals");
    let job = env.spawn("adding").unwrap();
    while job.metrics().operator("totals").records_out < 100 {
        assert!(!job.status().is_final());
        std::thread::sleep(Duration::from_millis(5));
    }
    block_on(job.stop_with_savepoint(path.join("savepoint").to_string_lossy())).unwrap();
}

fn restoring(path: &Path) -> Environment {
    let env = Environment::new().parallelism(3).restart_strategy(RestartStrategy::None);
    env.restore_from(path.to_string_lossy())
}

#[track_caller]
fn assert_refused(env: &Environment, kind: ErrorKind, parts: &[&str]) {
    let error = env.execute("adding").unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn a_snapshot_that_does_not_fit_the_job_is_refused_and_what_is_registered_migrates() {
    let folder = tempfile::tempdir().unwrap();
    savepoint(folder.path());
    let path = folder.path().join("savepoint");

    let env = restoring(&path);
    adding(&env, LARGE, "totals");
    assert_refused(&env, ErrorKind::Restore, &["`totals`", "`total`", "u32", "u64"]);

    let env = restoring(&path).max_parallelism(64);
    adding(&env, SMALL, "totals");
    assert_refused(&env, ErrorKind::InvalidJob, &["`totals`", "128", "64"]);

    let env = restoring(&path);
    adding(&env, SMALL, "sums");
    assert_refused(&env, ErrorKind::Restore, &["`totals` (uid `totals`)", "allow unclaimed state"]);
    let env = restoring(&path).allow_unclaimed_state();
    adding(&env, SMALL, "sums");
    env.execute("adding").unwrap();

    let env = restoring(&path);
    let totals = adding(&env, MIGRATED, "totals");
    env.execute("adding").unwrap();
    let last = totals.sorted().into_iter().map(|(_, total)| total).max();
    assert_eq!(last, Some((0..400).filter(|n| n % 10 == 9).sum()), "what came before is part of the total");
}

#[test]
fn a_damaged_snapshot_is_refused_by_the_name_of_the_file() {
    type Damage = fn(&Path, &[u8]);
    let truncate: Damage = |path, bytes| std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    let flip: Damage = |path, bytes| {
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() * 2 / 3;
        bytes[middle] ^= 4;
        std::fs::write(path, bytes).unwrap();
    };
    let foreign: Damage = |path, _| std::fs::write(path, "PNG, or so: certainly no snapshot").unwrap();
    let empty: Damage = |path, _| std::fs::write(path, "").unwrap();
    let remove: Damage = |path, _| std::fs::remove_file(path).unwrap();
    let rename: Damage = |path, _| std::fs::rename(path, path.with_extension("old")).unwrap();

    let folder = tempfile::tempdir().unwrap();
    savepoint(folder.path());
    let path = folder.path().join("savepoint");
    let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    let attempt = || {
        let env = restoring(&path);
        adding(&env, SMALL, "totals");
        env.execute("adding")
    };
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy();
        for (damage, what) in [
            (truncate, "truncated"),
            (flip, "flipped"),
            (foreign, "foreign"),
            (empty, "empty"),
            (remove, "removed"),
            (rename, "renamed"),
        ] {
            damage(file, &bytes);
            let error = attempt().unwrap_err();
            assert_ne!(error.kind(), ErrorKind::Panic, "{name} {what}: {error}");
            // Without its manifest, the folder is no snapshot at all, and it is the folder that is named.
            let named = if name == "manifest" && what.starts_with("re") { "savepoint" } else { &*name };
            assert!(error.to_string().contains(named), "{name} {what}: {error}");
            let _ = std::fs::remove_file(file.with_extension("old"));
            std::fs::write(file, &bytes).unwrap();
        }
    }
    attempt().unwrap();
}

#[test]
fn a_panic_fails_the_attempt_and_neither_the_answer_nor_the_neighbour() {
    let neighbour = Environment::new().parallelism(2);
    let slow = neighbour.from_source(GeneratorSource::new(Some(300), |n| n).rate(1_000.0)).collect();
    let neighbour = neighbour.spawn("neighbour").unwrap();

    let build = |env: &Environment, panics: u32| {
        let left = Arc::new(AtomicU32::new(panics));
        let numbers = env.from_source(GeneratorSource::new(Some(3_000), |n| n).rate(10_000.0));
        let counts = numbers.key_by(|n| n % 7).map_values(move |n: u64| {
            let once = |left: u32| left.checked_sub(1);
            let hit = n % 1_000 == 777 && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once).is_ok();
            assert!(!hit, "cannot bear {n}");
            n
        });
        counts.collect()
    };
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(20));
    let env = env.restart_strategy(restarts(5));
    let counts = build(&env, 3);
    let job = env.spawn("panicking").unwrap();
    job.join_blocking().unwrap();
    assert_eq!(job.metrics().restarts, 3);
    let expected: Vec<_> = (0..3_000_u64).map(|n| (n % 7, n)).collect();
    let mut got: Vec<(u64, u64)> = counts.sorted();
    got.sort_by_key(|(_, n)| *n);
    assert_eq!(got, expected);

    let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
    build(&env, 1);
    let error = env.execute("panicking").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panic, "{error}");
    assert!(error.to_string().contains("cannot bear 777"), "{error}");
    assert!(error.subtask().is_some(), "{error}");

    neighbour.join_blocking().unwrap();
    assert_eq!(slow.sorted().len(), 300);
}

/// What the panic test needs of a keyed stream: a function on values that may panic.
trait MapValues {
    fn map_values(&self, f: impl FnMut(u64) -> u64 + Clone + Send + Sync + 'static) -> Stream<(u64, u64)>;
}

impl MapValues for KeyedStream<u64, u64> {
    fn map_values(&self, f: impl FnMut(u64) -> u64 + Clone + Send + Sync + 'static) -> Stream<(u64, u64)> {
        self.process(Panicking(f))
    }
}

#[derive(Clone)]
struct Panicking<F>(F);

impl<F: FnMut(u64) -> u64 + Clone + Send + Sync + 'static> KeyedProcessFunction<u64, u64, (u64, u64)>
    for Panicking<F>
{
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u64>) -> FunctionResult {
        Ok(())
    }

    fn process(
        &mut self,
        number: u64,
        (): &(),
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, (u64, u64)>,
    ) -> FunctionResult {
        let number = (self.0)(number);
        out.emit((*cx.key(), number))
    }
}

#[test]
fn a_row_that_cannot_be_read_fails_the_job_or_is_skipped_or_goes_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "name,price\ntea,3\nmilk,one\ncoffee,5\n").unwrap();
    let source = || FileSource::csv::<(String, u64)>(file.to_string_lossy().into_owned());
    let expected = [("coffee".to_owned(), 5), ("tea".to_owned(), 3)];

    let env = Environment::new().parallelism(2);
    env.from_source(source()).name("prices").discard();
    let error = env.execute("fail").unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidInput, Some("prices")));
    assert!(error.to_string().contains("prices.csv") && error.to_string().contains("milk,one"), "{error}");

    let env = Environment::new().parallelism(2);
    let read = env.from_source(source().on_error(BadRecord::Skip)).name("prices").collect();
    let job = env.spawn("skip").unwrap();
    job.join_blocking().unwrap();
    assert_eq!(read.sorted(), expected);
    assert_eq!(job.metrics().operator("prices").skipped_records, 1);

    let env = Environment::new().parallelism(2);
    let bad = OutputTag::<BadRecordInfo>::new("bad");
    let prices = env.from_source(source().on_error(BadRecord::SideOutput(bad.clone())));
    let (read, aside) = (prices.collect(), prices.side_output(&bad).map(|bad| bad.text).collect());
    env.execute("aside").unwrap();
    assert_eq!(read.sorted(), expected);
    assert_eq!(aside.sorted(), ["milk,one"]);
}

#[test]
fn a_sink_that_cannot_write_fails_the_attempt_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("output");
    std::fs::write(&blocked, "a file where the directory should be").unwrap();
    let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
    let lines = FileSink::text(blocked.to_string_lossy().into_owned(), |n: &u64| n.to_string());
    env.from_collection(0..100_u64).sink_to(lines).name("lines");
    let error = env.execute("blocked").unwrap_err();
    assert!(error.to_string().contains("output"), "{error}");
    assert_eq!(error.operator(), Some("lines"), "{error}");
}

/// Writing, renaming and cleaning up fail now and then: each time an attempt ends, and the answer is whole.
#[test]
fn a_sink_whose_store_fails_now_and_then_writes_everything_once() {
    let store = Arc::new(flaky_store::FlakyStore::new(7, 6));
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(10));
    let env = env.restart_strategy(restarts(10));
    let lines = FileSink::text("lines", |n: &u64| n.to_string()).store(store.clone());
    env.from_source(GeneratorSource::new(Some(6_000), |n| n).rate(10_000.0)).sink_to(lines).name("lines");
    let job = env.spawn("flaky").unwrap();
    job.join_blocking().unwrap();
    let mut lines: Vec<u64> = store.visible_lines().iter().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..6_000).collect::<Vec<_>>());
    assert_eq!(store.failures_left(), 0);
    assert!(job.metrics().restarts > 0);
}

/// A job that is restarted with growing delays, as any with checkpoints.
fn restarted_for_ever() -> Environment {
    Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(50))
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "name,price\ntea,3\nmilk,one\n").unwrap();
    for missing in [false, true] {
        let env = restarted_for_ever();
        let path = if missing { folder.path().join("none.csv") } else { file.clone() };
        let prices = FileSource::csv::<(String, u64)>(path.to_string_lossy().into_owned());
        env.from_source(prices).name("prices").discard();
        let job = env.spawn("hopeless").unwrap();
        let error = job.join_blocking().unwrap_err();
        assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidInput, Some("prices")), "{error}");
        assert_eq!(job.metrics().restarts, 0);
    }
}

fn fails_once(env: &Environment) {
    let left = Arc::new(AtomicU32::new(1));
    let numbers = env.from_source(GeneratorSource::new(Some(300), |n| n).rate(1_000.0));
    let checked = numbers.map(move |n: u64| {
        let once = |left: u32| left.checked_sub(1);
        let hit = n == 100 && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once).is_ok();
        assert!(!hit, "cannot bear {n}");
        n
    });
    checked.name("the shaky one").discard();
}

#[test]
fn the_last_failure_of_a_job_that_goes_on_can_be_seen() {
    let env = restarted_for_ever().restart_strategy(restarts(3));
    fails_once(&env);
    let job = env.spawn("shaky").unwrap();
    let report = job.join_blocking().unwrap();
    for failure in [report.last_failure, job.last_failure(), job.metrics().last_failure] {
        let failure = failure.unwrap();
        assert_eq!(failure.operator(), Some("the shaky one"));
        assert!(failure.to_string().contains("cannot bear 100"), "{failure}");
    }
    assert_eq!((report.restarts, job.metrics().restarts), (1, 1));
}

const IN_A_PROCESS_OF_ITS_OWN: &str = "MILLSTREAM_TEST_RESTARTS";

/// Runs this test again in a process that has no subscriber for the log.
#[test]
fn a_restart_is_told_on_standard_error_where_nobody_listens() {
    if std::env::var_os(IN_A_PROCESS_OF_ITS_OWN).is_some() {
        let env = restarted_for_ever().restart_strategy(restarts(3));
        fails_once(&env);
        env.execute("shaky").unwrap();
        // Whoever asked is told by the error.
        let env = restarted_for_ever().restart_strategy(RestartStrategy::None);
        fails_once(&env);
        env.execute("not restarted").unwrap_err();
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "a_restart_is_told_on_standard_error_where_nobody_listens", "--nocapture"]);
    let output = again.env(IN_A_PROCESS_OF_ITS_OWN, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with("millstream: ")).collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(lines[0].contains("`shaky`") && lines[0].contains("the shaky one"), "{told}");
}
