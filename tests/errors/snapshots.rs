//! Snapshots that cannot be restored.

use std::path::Path;

use futures::executor::block_on;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

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
