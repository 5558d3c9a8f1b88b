//! Crashes: whatever happens, each record is visible once.

use futures::executor::block_on;
use millstream_runtime::ErrorKind;
use proptest::prelude::*;

use super::*;
use crate::files::sink::commit::commit_all;

fn committable(length: u64) -> Committable {
    Committable { pending: "out/.pending".to_owned().into(), target: "out/part".to_owned(), length }
}

fn commit(store: &Arc<FailingStore>, length: u64) -> Result<()> {
    let stores = FileStores::given(store.clone());
    block_on(commit_all(&stores.locate("out")?, vec![committable(length)]))
}

#[test]
fn committing_again_changes_nothing() {
    let store = FailingStore::new();
    store.write("out/.pending", "abc");
    commit(&store, 3).unwrap();
    let files = store.files();
    assert_eq!(files.clone().into_iter().collect::<Vec<_>>(), [("out/part".into(), "abc".into())]);
    commit(&store, 3).unwrap();
    assert_eq!(store.files(), files);
}

#[test]
fn an_interrupted_commit_is_finished_by_the_next() {
    for operation in ["copy", "delete", "get"] {
        let store = FailingStore::new();
        store.write("out/.pending", "abc");
        store.fail(operation, 0);
        let error = commit(&store, 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External, "{operation}");
        commit(&store, 3).unwrap();
        assert_eq!(store.files().into_iter().collect::<Vec<_>>(), [("out/part".into(), "abc".into())]);
    }
}

#[test]
fn lost_data_is_an_error_that_names_the_file() {
    let store = FailingStore::new();
    let error = commit(&store, 3).unwrap_err();
    assert!(!error.kind().is_retryable(), "no restart brings it back");
    assert!(
        error.to_string().contains("data is lost") && error.to_string().contains("out/.pending"),
        "{error}"
    );
    store.write("out/part", "truncated");
    let error = commit(&store, 3).unwrap_err();
    assert!(!error.kind().is_retryable());
    assert!(error.to_string().contains("data is lost") && error.to_string().contains("out/part"), "{error}");
}

#[test]
fn the_file_of_another_run_is_not_touched() {
    for other in ["xyz", "of another length"] {
        let store = FailingStore::new();
        store.write("out/.pending", "abc");
        store.write("out/part", other);
        let error = commit(&store, 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        assert!(error.to_string().contains("`out/part`"), "{error}");
        assert_eq!(store.visible()["out/part"], other);
    }
}

#[test]
fn a_restore_commits_what_the_snapshot_lists() {
    let store = FailingStore::new();
    let sink = lines(&store);
    let mut harness = start(&sink);
    harness.push_all([1, 2]).unwrap();
    let snapshot = harness.snapshot(1).unwrap();
    // The checkpoint was complete, but nobody got to know: the process dies here, and again later.
    drop(harness);
    assert!(store.visible().is_empty());
    for _ in 0..2 {
        let _ = restore(&sink, 0, 1, std::slice::from_ref(&snapshot)).unwrap();
        assert_eq!(visible(&store), [1, 2]);
    }
}

#[test]
fn what_an_attempt_leaves_behind_is_not_taken_for_the_next_ones() {
    let store = FailingStore::new();
    let sink = lines(&store);
    let mut harness = start(&sink);
    harness.push_all([1, 2]).unwrap();
    // Never completed; its file has the name that the next attempt uses, but for the attempt's number.
    harness.snapshot(1).unwrap();
    drop(harness);
    let left = store.files().into_keys().next().unwrap();
    store.write(&left.replace(".pending", ".of-another.pending"), "wrong\n");
    let mut harness = start(&sink);
    harness.push_all([1, 2, 3]).unwrap();
    harness.snapshot(1).unwrap();
    harness.completed(1).unwrap();
    assert_eq!(visible(&store), [1, 2, 3]);
}

#[test]
fn names_do_not_collide_after_rescaling() {
    let store = FailingStore::new();
    let sink = lines(&store);
    check(&sink).unwrap();
    let mut snapshots = Vec::new();
    for subtask in 0..3 {
        let setup = HarnessSetup::new().subtask(subtask, 3);
        let mut harness = OperatorHarness::with(setup, sink_operator(&sink, subtask)).unwrap();
        for number in 0..=u64::from(subtask) {
            harness.push_all([u64::from(subtask) * 10 + number]).unwrap();
            snapshots.truncate(subtask as usize);
            snapshots.push(harness.snapshot(number + 1).unwrap());
        }
    }
    let mut restored = [0, 1].map(|subtask| restore(&sink, subtask, 2, &snapshots).unwrap());
    for (value, harness) in (100..).zip(&mut restored) {
        harness.push_all([value]).unwrap();
        harness.end_of_data().unwrap();
    }
    // Without checkpoints each commits when all have ended, and then sees files of the other.
    for harness in &mut restored {
        while !harness.finish().unwrap() {}
    }
    assert_eq!(visible(&store), [0, 10, 11, 20, 21, 22, 100, 101]);
    assert!(store.visible().contains_key("out/part-0-3.txt"), "{:?}", store.visible());
}

#[test]
fn a_failed_write_fails_the_attempt_and_shows_nothing() {
    for (operation, successes) in [("put", 0), ("put", 1)] {
        let store = FailingStore::new();
        let sink = lines(&store).roll_bytes(1);
        let mut harness = start(&sink);
        store.fail(operation, successes);
        let failed = (1..=3).try_for_each(|number| harness.push_all([number])).and_then(|()| harness.poll());
        let error = failed.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External);
        assert!(error.to_string().contains("out/.part-0-"), "{error}");
        assert!(store.visible().is_empty());
    }
}

/// What happens to a job.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many records come.
    Write(u64),
    /// A checkpoint begins.
    Snapshot,
    /// The last checkpoint that has begun is complete: the manifest is there.
    Complete,
    /// The sink learns of it.
    Notify,
    /// The process dies and comes back from the last complete checkpoint.
    Crash,
    /// An operation of the store will fail.
    Fail(&'static str, usize),
}

fn step(operations: &'static [&'static str]) -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..5_u64).prop_map(Step::Write),
        Just(Step::Snapshot),
        Just(Step::Complete),
        Just(Step::Notify),
        Just(Step::Crash),
        (prop::sample::select(operations), 0..3_usize)
            .prop_map(|(operation, after)| Step::Fail(operation, after)),
    ]
}

/// A job whose source is the numbers from 0 on.
struct Job {
    store: Arc<FailingStore>,
    sink: Lines,
    harness: Option<OperatorHarness<u64, ()>>,
    next: u64,
    checkpoint: u64,
    /// Snapshots that have begun in this attempt, with the position of the source.
    begun: Vec<(u64, HarnessSnapshot, u64)>,
    complete: Option<(HarnessSnapshot, u64)>,
    /// The checkpoint that the sink may learn of.
    notify: Option<u64>,
}

impl Job {
    /// Works, or dies and comes back, until it works.
    fn run(&mut self, work: impl Fn(&mut Self, &mut OperatorHarness<u64, ()>) -> Result<()>) {
        // Far more attempts than there can be faults.
        for _ in 0..20 {
            let Some(mut harness) = self.harness.take().or_else(|| self.attempt()) else { continue };
            if work(self, &mut harness).is_ok() {
                self.harness = Some(harness);
                return;
            }
            self.crash();
        }
        panic!("the job cannot recover");
    }

    fn attempt(&mut self) -> Option<OperatorHarness<u64, ()>> {
        self.next = self.complete.as_ref().map_or(0, |(_, next)| *next);
        let restored = match &self.complete {
            Some((snapshot, _)) => restore(&self.sink, 0, 1, std::slice::from_ref(snapshot)),
            None => OperatorHarness::new(sink_operator(&self.sink, 0)),
        };
        restored.ok()
    }

    fn crash(&mut self) {
        (self.harness, self.notify) = (None, None);
        self.begun.clear();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Write(count) => self.run(|job, harness| {
                harness.push_all(job.next..job.next + count)?;
                job.next += count;
                Ok(())
            }),
            Step::Snapshot => self.run(|job, harness| {
                job.checkpoint += 1;
                let snapshot = harness.snapshot(job.checkpoint)?;
                // A snapshot whose files could not be written is declined.
                if snapshot.list::<Committable>("committables").is_ok() {
                    job.begun.push((job.checkpoint, snapshot, job.next));
                }
                Ok(())
            }),
            Step::Complete => {
                if let Some((checkpoint, snapshot, next)) = self.begun.pop() {
                    self.begun.clear();
                    self.complete = Some((snapshot, next));
                    self.notify = Some(checkpoint);
                }
            }
            Step::Notify => self.run(|job, harness| match job.notify.take() {
                Some(checkpoint) => harness.completed(checkpoint),
                None => Ok(()),
            }),
            Step::Crash => self.crash(),
            Step::Fail(operation, after) => self.store.fail(operation, after),
        }
        let visible = visible(&self.store);
        let covered = self.complete.as_ref().map_or(0, |(_, next)| *next);
        assert!(visible.windows(2).all(|pair| pair[0] < pair[1]), "nothing twice: {visible:?}");
        assert!(visible.iter().all(|number| *number < covered), "nothing uncovered: {visible:?}");
    }
}

/// Each record is visible once, whatever happens.
fn check_job(store: Arc<FailingStore>, sink: Lines, steps: Vec<Step>) {
    check(&sink).unwrap();
    let (harness, complete, notify) = (None, None, None);
    let mut job = Job { store, sink, harness, next: 0, checkpoint: 0, begun: Vec::new(), complete, notify };
    steps.into_iter().for_each(|step| job.step(step));
    // A last, undisturbed checkpoint: the attempt may have died of an earlier fault meanwhile.
    for _ in 0..20 {
        job.step(Step::Write(100));
        job.step(Step::Snapshot);
        job.step(Step::Complete);
        job.step(Step::Notify);
    }
    let covered = job.complete.as_ref().unwrap().1;
    job.crash();
    job.run(|_, _| Ok(()));
    assert_eq!(visible(&job.store), (0..covered).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn each_record_is_visible_once(
        steps in prop::collection::vec(step(&["put", "copy", "delete", "get"]), 1..30)
    ) {
        let store = FailingStore::new();
        check_job(store.clone(), lines(&store).roll_bytes(12), steps);
    }

    #[test]
    fn each_record_is_visible_once_by_uploads(
        steps in prop::collection::vec(step(&["create", "part", "complete", "answer", "get"]), 1..30)
    ) {
        let store = FailingStore::new();
        check_job(store.clone(), uploaded_lines(&store).roll_bytes(12), steps);
    }
}
