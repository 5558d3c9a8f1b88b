use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, SourceHarness};
use millstream_runtime::{ErrorKind, Result};
use millstream_state::Timestamp;
use parking_lot::Mutex;
use proptest::prelude::*;

use super::adapter::SourceAdapter;
use super::{CollectionSource, GeneratorSource, Source, SourceReader};

fn adapter<S: Source>(source: S) -> SourceAdapter<S> {
    SourceAdapter::new(&Arc::new(source), Vec::new(), 0, 1)
}

fn numbers(count: u64) -> SourceAdapter<CollectionSource<u64>> {
    adapter(CollectionSource::new(0..count))
}

/// Reads `batches` batches in each of the subtasks, and snapshots them all.
fn read(count: u64, batches: &[usize], from: &[HarnessSnapshot]) -> (Vec<Vec<u64>>, Vec<HarnessSnapshot>) {
    let parallelism = u32::try_from(batches.len()).unwrap();
    let subtasks = (0..parallelism).zip(batches).map(|(subtask, batches)| {
        let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(from);
        let mut harness = SourceHarness::with(setup, numbers(count)).unwrap();
        harness.run(*batches).unwrap();
        (harness.take_records(), harness.snapshot(1).unwrap())
    });
    subtasks.unzip()
}

#[test]
fn each_subtask_reads_its_share_in_order() {
    let (read, _) = read(7, &[9, 9, 9], &[]);
    assert_eq!(read, [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
}

#[test]
fn after_the_end_there_is_nothing_also_when_restored() {
    let (_, snapshots) = read(5, &[9], &[]);
    let (read, _) = read(5, &[9], &snapshots);
    assert_eq!(read, [Vec::<u64>::new()]);
}

#[test]
fn several_shares_in_one_subtask_keep_their_order() {
    let (_, snapshots) = read(10_000, &[1, 3], &[]);
    let (rest, _) = read(10_000, &[99], &snapshots);
    assert!(rest[0].is_sorted());
    // The first subtask has read every other number up to here: its first batch is a short one.
    assert_eq!(rest[0].first(), Some(&32));
}

proptest! {
    #[test]
    fn every_element_once_whatever_the_parallelism(
        count in 0_u64..9_000,
        rounds in proptest::collection::vec(proptest::collection::vec(0_usize..3, 1..5), 0..4),
    ) {
        let (mut all, mut snapshots) = (Vec::new(), Vec::new());
        for batches in rounds.iter().chain([&vec![usize::MAX; 2]]) {
            let (records, taken) = read(count, batches, &snapshots);
            all.extend(records.concat());
            // A subtask that begins anew would start from its own share again.
            snapshots = taken;
        }
        all.sort_unstable();
        prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_rate_is_shared_by_all_subtasks_and_needs_no_sleep() {
    let source = || adapter(GeneratorSource::new(None, |number| number).rate(20.0));
    let mut harness = SourceHarness::with(HarnessSetup::new().subtask(1, 2), source()).unwrap();
    let mut counts = Vec::new();
    for _ in 0..5 {
        assert_eq!(harness.run(99).unwrap(), SourceStatus::Waiting);
        counts.push(harness.take_records().len());
        harness.advance(Duration::from_millis(250)).unwrap();
    }
    // Half of the rate: ten records a second, the first at once.
    assert_eq!(counts, [1, 2, 3, 2, 3]);
    // What was missed in a minute of standing still is not made up for, but for a second's worth.
    harness.advance(Duration::from_secs(60)).unwrap();
    harness.run(99).unwrap();
    assert_eq!(harness.take_records().len(), 11);
    // Both shares in one subtask.
    let other =
        SourceHarness::with(HarnessSetup::new().subtask(0, 2), source()).unwrap().snapshot(1).unwrap();
    let snapshots = [harness.snapshot(1).unwrap(), other];
    let mut both = SourceHarness::with(HarnessSetup::new().restore(&snapshots), source()).unwrap();
    both.run(99).unwrap();
    both.advance(Duration::from_secs(1)).unwrap();
    both.run(99).unwrap();
    assert_eq!(both.take_records().len(), 21);
}

#[test]
fn a_rate_that_lets_nothing_pass_is_a_mistake() {
    for rate in [0.0, -1.0, f64::NAN] {
        let error = block_on(GeneratorSource::new(None, |number| number).rate(rate).discover()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
    }
}

#[test]
fn a_limit_per_checkpoint_is_shared_by_all_subtasks_and_lifted_by_each_checkpoint() {
    let source = || adapter(GeneratorSource::new(Some(40), |number| number).per_checkpoint(5));
    let opened = |subtask| SourceHarness::with(HarnessSetup::new().subtask(subtask, 3), source()).unwrap();
    let mut subtasks: Vec<_> = (0..3).map(opened).collect();
    // Five are two, two and one.
    let expected = [[vec![0, 3], vec![6, 9]], [vec![1, 4], vec![7, 10]], [vec![2], vec![5]]];
    for (harness, expected) in subtasks.iter_mut().zip(expected) {
        for (checkpoint, expected) in (1..).zip(expected) {
            assert_eq!(harness.run(99).unwrap(), SourceStatus::Waiting);
            assert_eq!(harness.take_records(), expected);
            harness.snapshot(checkpoint).unwrap();
            assert_eq!(harness.run(99).unwrap(), SourceStatus::Waiting, "the checkpoint is not complete");
            assert!(harness.take_records().is_empty());
            harness.completed(checkpoint).unwrap();
        }
    }
    // All in one subtask, which has the limit for itself, down to the end.
    let snapshots: Vec<_> = subtasks.iter_mut().map(|harness| harness.snapshot(3).unwrap()).collect();
    let mut all = SourceHarness::with(HarnessSetup::new().restore(&snapshots), source()).unwrap();
    let mut counts = Vec::new();
    for checkpoint in 4.. {
        let status = all.run(99).unwrap();
        counts.push(all.take_records().len());
        if status == SourceStatus::Ended {
            break;
        }
        all.snapshot(checkpoint).unwrap();
        all.completed(checkpoint).unwrap();
    }
    assert_eq!(counts, [5, 5, 5, 5, 5, 5]);
    // One that got no split has nothing to wait for.
    let setup = HarnessSetup::new().subtask(3, 4).restore(&snapshots);
    assert_eq!(SourceHarness::with(setup, source()).unwrap().run(9).unwrap(), SourceStatus::Ended);
}

#[test]
fn a_limit_per_checkpoint_below_the_parallelism_is_a_mistake() {
    let source = adapter(GeneratorSource::new(None, |number| number).per_checkpoint(2));
    let mut third = SourceHarness::with(HarnessSetup::new().subtask(2, 3), source).unwrap();
    let error = third.next().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("leaves none for a subtask"), "{error}");
}

/// Counts, and notes what it is told of checkpoints.
struct Told {
    next: u64,
    left: Arc<Mutex<Vec<u64>>>,
}

impl SourceReader for Told {
    type Record = u64;
    type Split = u64;

    fn add_splits(&mut self, splits: Vec<u64>) {
        self.next = splits[0];
    }

    fn next(&mut self, output: &mut Output<'_, u64>) -> Result<SourceStatus> {
        output.emit(self.next, Timestamp::MIN)?;
        self.next += 1;
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<u64> {
        vec![self.next]
    }

    fn checkpoint_completed(&mut self, left: Vec<u64>, _: &mut TaskContext) -> Result<()> {
        self.left.lock().extend(left);
        Ok(())
    }
}

struct Telling(Arc<Mutex<Vec<u64>>>);

impl Source for Telling {
    type Record = u64;
    type Split = u64;
    type Reader = Told;

    fn kind(&self) -> &'static str {
        "Telling"
    }

    fn reader(&self) -> Told {
        Told { next: 0, left: self.0.clone() }
    }
}

#[test]
fn a_reader_is_told_what_was_left_at_the_checkpoint_that_is_complete() {
    let left = Arc::<Mutex<Vec<u64>>>::default();
    let source = SourceAdapter::new(&Arc::new(Telling(left.clone())), vec![5], 0, 1);
    let mut harness = SourceHarness::new(source).unwrap();
    for checkpoint in 1..=4 {
        harness.next().unwrap();
        harness.snapshot(checkpoint).unwrap();
    }
    harness.completed(2).unwrap();
    assert_eq!(*left.lock(), [7]);
    harness.aborted(3).unwrap();
    // An abort that overtakes the completion of a later one, and a completion that comes late, change nothing.
    harness.completed(4).unwrap();
    harness.completed(3).unwrap();
    assert_eq!(*left.lock(), [7, 9]);
}
