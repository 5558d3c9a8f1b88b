use millstream_state::codec::decode;

use super::*;
use crate::checkpoint::{CheckpointMode, SnapshotTarget};
use crate::event::StreamStatus;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn barrier(checkpoint: u64) -> Arc<Barrier> {
    Arc::new(Barrier {
        checkpoint: CheckpointId::new(checkpoint),
        triggered: at(0),
        mode: CheckpointMode::ExactlyOnce,
        target: SnapshotTarget::Checkpoint { base: None },
    })
}

fn head() -> HeadOperator {
    HeadOperator { id: OperatorId::from_uid("head"), name: "head".into() }
}

/// A recording of a task with two inputs that has come to watermark 5.
fn recording(awaited: [bool; 2]) -> Recording {
    let mut watermarks = WatermarkMerger::new(2);
    watermarks.watermark(0, at(5));
    watermarks.watermark(1, at(5));
    let mut recording = Recording::new(&barrier(7), head(), awaited.to_vec(), watermarks, false);
    recording.declare::<u32>(0).unwrap();
    recording
}

fn batch(records: &[(u32, i64)]) -> Event<u32> {
    Event::Batch(Batch::from_timed(records.iter().map(|(record, millis)| (*record, at(*millis)))))
}

fn items(recording: Recording) -> Vec<InFlight<u32>> {
    let (operator, lists) = recording.into_states().unwrap();
    assert_eq!(operator.id, head().id);
    let items = lists.into_iter().flat_map(|list| {
        assert_eq!((&*list.name, list.redistribution), ("_in_flight_0", Redistribution::Union));
        let ListItems::Ready(items) = list.items else { panic!("they are at hand") };
        items
    });
    items.map(|item| decode(&item).unwrap()).collect()
}

#[test]
fn records_are_kept_with_the_watermark_that_they_come_after() {
    let mut recording = recording([true, true]);
    recording.note(0, 0, &batch(&[(1, 6), (2, 7)])).unwrap();
    recording.note::<u32>(0, 0, &Event::Watermark(at(9))).unwrap();
    recording.note(0, 0, &batch(&[(3, 8)])).unwrap();
    recording.note::<u32>(1, 0, &Event::Watermark(at(10))).unwrap();
    recording.note(1, 0, &batch(&[(4, 8)])).unwrap();
    assert!(recording.awaits(0) && recording.awaits(1));
    recording.note::<u32>(0, 0, &Event::Barrier(barrier(7))).unwrap();
    assert!(!recording.awaits(0) && recording.awaits(1) && !recording.is_complete());
    recording.note::<u32>(1, 0, &Event::Barrier(barrier(7))).unwrap();
    assert!(recording.is_complete());
    // Behind 9 on input 0, but the task would still have been at 5: the other input was.
    let expected = [(at(5), vec![(1, at(6)), (2, at(7)), (3, at(8))]), (at(9), vec![(4, at(8))])];
    assert_eq!(items(recording), expected);
}

#[test]
fn a_watermark_is_kept_without_records() {
    let mut recording = recording([true, false]);
    recording.note::<u32>(0, 0, &Event::Status(StreamStatus::Idle)).unwrap();
    assert_eq!(recording.watermarks.current(), at(5));
    recording.note::<u32>(0, 0, &Event::Status(StreamStatus::Active)).unwrap();
    recording.watermarks.watermark(1, at(20));
    recording.note::<u32>(0, 0, &Event::Watermark(at(12))).unwrap();
    assert_eq!(items(recording), [(at(12), vec![])]);
}

#[test]
fn where_nothing_was_in_flight_nothing_is_kept() {
    let mut recording = recording([true, false]);
    recording.note::<u32>(0, 0, &Event::Barrier(barrier(7))).unwrap();
    assert!(recording.is_complete());
    assert_eq!(items(recording), []);
}

#[test]
fn a_later_barrier_says_that_the_checkpoint_was_dropped() {
    let mut recording = recording([true, true]);
    recording.note::<u32>(0, 0, &Event::Barrier(barrier(6))).unwrap();
    assert!(!recording.is_abandoned(), "one that was dropped before");
    recording.note::<u32>(0, 0, &Event::Barrier(barrier(8))).unwrap();
    assert!(recording.is_abandoned() && !recording.awaits(0) && !recording.awaits(1));
}

#[test]
fn states_are_known_by_their_names() {
    assert_eq!(edge_of_state(&in_flight_state(3)), Some(3));
    assert_eq!(edge_of_state("_watermark"), None);
}
