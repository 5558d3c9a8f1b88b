use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, OperatorHarness};

use super::{CollectSink, CollectWriter, Collected};
use crate::sink::Sink;
use crate::sink::adapter::SinkAdapter;

fn writer(collected: &Collected<u32>, subtask: u32) -> SinkAdapter<CollectWriter<u32>> {
    SinkAdapter::new(CollectSink::new(collected).writer(subtask))
}

fn restored(
    collected: &Collected<u32>,
    (subtask, parallelism): (u32, u32),
    snapshots: &[HarnessSnapshot],
) -> OperatorHarness<u32, ()> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(snapshots);
    OperatorHarness::with(setup, writer(collected, subtask)).unwrap()
}

/// Ends the input; the first call starts the last commit, a later one finds it done.
fn finish(sink: &mut OperatorHarness<u32, ()>) {
    sink.end_of_data().unwrap();
    assert!((0..2).any(|_| sink.finish().unwrap()));
}

#[test]
fn records_appear_when_their_checkpoint_is_complete() {
    let collected = Collected::default();
    let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
    sink.push_all([1, 2]).unwrap();
    let _ = sink.snapshot(1).unwrap();
    sink.push_all([3]).unwrap();
    assert!(collected.is_empty());
    sink.completed(1).unwrap();
    assert_eq!(collected.to_vec(), [1, 2]);
}

#[test]
fn an_aborted_checkpoint_leaves_its_records_to_the_next() {
    let collected = Collected::default();
    let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
    sink.push_all([1]).unwrap();
    let _ = sink.snapshot(1).unwrap();
    sink.aborted(1).unwrap();
    sink.push_all([2]).unwrap();
    let _ = sink.snapshot(2).unwrap();
    sink.completed(2).unwrap();
    assert_eq!(collected.to_vec(), [1, 2]);
}

/// Also where the end of the data has come after the savepoint, from an operator that had held it.
#[test]
fn what_comes_after_the_savepoint_that_stops_the_job_stays_invisible() {
    let collected = Collected::default();
    let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
    sink.push_all([1, 2]).unwrap();
    let savepoint = [sink.snapshot(1).unwrap()];
    sink.completed(1).unwrap();
    sink.push_all([3]).unwrap();
    sink.end_of_data().unwrap();
    assert!((0..2).any(|_| sink.finish_with_savepoint().unwrap()));
    assert_eq!(collected.to_vec(), [1, 2]);
    let mut sink = restored(&collected, (0, 1), &savepoint);
    sink.push_all([3]).unwrap();
    finish(&mut sink);
    assert_eq!(collected.to_vec(), [1, 2, 3]);
}

#[test]
fn records_appear_once_when_the_job_dies_around_a_commit() {
    for notified in [false, true] {
        let collected = Collected::default();
        let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
        sink.push_all([1, 2]).unwrap();
        let snapshots = [sink.snapshot(1).unwrap()];
        sink.push_all([3]).unwrap();
        if notified {
            sink.completed(1).unwrap();
        }
        drop(sink);

        let mut sink = restored(&collected, (0, 1), &snapshots);
        assert_eq!(collected.to_vec(), [1, 2]);
        sink.push_all([3, 4]).unwrap();
        finish(&mut sink);
        assert_eq!(collected.to_vec(), [1, 2, 3, 4]);
    }
}

#[test]
fn numbers_do_not_collide_after_a_rescale() {
    let collected = Collected::default();
    let mut snapshots = Vec::new();
    for (subtask, records) in [(0, vec![1]), (1, vec![10, 11])] {
        let mut sink =
            OperatorHarness::with(HarnessSetup::new().subtask(subtask, 2), writer(&collected, subtask))
                .unwrap();
        for record in records {
            sink.push_all([record]).unwrap();
            snapshots.push(sink.snapshot(snapshots.len() as u64 + 1).unwrap());
        }
    }
    // Subtask 1 has come one number further than subtask 0; both snapshots of it are not needed.
    snapshots.remove(1);
    let mut sinks = [(0, 3), (1, 3), (2, 3)].map(|place| restored(&collected, place, &snapshots));
    for (record, sink) in (100..).zip(&mut sinks) {
        sink.push_all([record]).unwrap();
        finish(sink);
    }
    assert_eq!(collected.sorted(), [1, 10, 11, 100, 101, 102]);
}

#[test]
fn a_finish_that_is_tried_again_replaces_what_the_first_try_made_visible() {
    let collected = Collected::default();
    for records in [vec![1, 2], vec![2, 1], vec![]] {
        let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
        sink.push_all(records.clone()).unwrap();
        finish(&mut sink);
        assert_eq!(collected.to_vec(), records);
    }
}

#[test]
fn what_was_taken_does_not_come_back_with_a_restore() {
    let collected = Collected::default();
    let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
    sink.push_all([1]).unwrap();
    let snapshots = [sink.snapshot(1).unwrap()];
    sink.completed(1).unwrap();
    assert_eq!(collected.take(), [1]);
    let _sink = restored(&collected, (0, 1), &snapshots);
    assert!(collected.is_empty());
}
