use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on_stream;
use futures::{Stream, StreamExt};
use millstream_runtime::ErrorKind;
use millstream_runtime::driver::actor::JobHandle;
use millstream_runtime::job::RestartStrategy;
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, OperatorHarness};

use super::{CollectSink, CollectWriter, Collected};
use crate::Environment;
use crate::sink::Sink;
use crate::sink::adapter::SinkAdapter;
use crate::source::GeneratorSource;

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

/// What a stream has for its reader now.
fn now<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    stream.poll_next_unpin(&mut Context::from_waker(Waker::noop()))
}

fn endless() -> JobHandle {
    let env = Environment::new().parallelism(1);
    env.from_source(GeneratorSource::new(None, |number| number).rate(10.0)).discard();
    env.spawn("beside the records").unwrap()
}

#[test]
fn a_stream_has_each_record_once_as_it_is_committed_until_the_job_is_over() {
    let (collected, job) = (Collected::default(), endless());
    let mut sink = OperatorHarness::new(writer(&collected, 0)).unwrap();
    let (mut first, mut second) = (collected.stream(&job), collected.stream(&job));
    sink.push_all([1, 2]).unwrap();
    let _ = sink.snapshot(1).unwrap();
    assert!(now(&mut first).is_pending());
    sink.completed(1).unwrap();
    assert!(matches!(now(&mut first), Poll::Ready(Some(Ok(1)))));
    assert!(now(&mut second).is_pending(), "the first has taken both");
    assert!(matches!(now(&mut first), Poll::Ready(Some(Ok(2)))));
    assert!(now(&mut first).is_pending());
    sink.push_all([3]).unwrap();
    finish(&mut sink);
    job.cancel();
    job.join_blocking().unwrap();
    assert!(matches!(now(&mut second), Poll::Ready(Some(Ok(3)))));
    assert!(matches!(now(&mut second), Poll::Ready(None)));
    assert!(matches!(now(&mut first), Poll::Ready(None)));
}

#[test]
fn a_stream_waits_for_commits_and_tells_what_the_job_has_failed_with() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    let env = Environment::new()
        .parallelism(1)
        .checkpoint_every(Duration::from_millis(5))
        .restart_strategy(RestartStrategy::None);
    let numbers = env.from_source(GeneratorSource::new(None, |number| number).rate(2_000.0));
    let checked = numbers.try_map(|number| match FAILS.load(Ordering::Relaxed) {
        true => Err("the disk is full".into()),
        false => Ok(number),
    });
    let collected = checked.collect();
    let job = env.spawn("numbers").unwrap();
    let mut expected = 0;
    for result in block_on_stream(collected.stream(&job)) {
        match result {
            Ok(number) => {
                assert_eq!(number, expected);
                expected += 1;
                FAILS.store(expected > 50, Ordering::Relaxed);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Function);
                assert!(expected > 50);
                return;
            }
        }
    }
    panic!("the stream has ended without the failure");
}
