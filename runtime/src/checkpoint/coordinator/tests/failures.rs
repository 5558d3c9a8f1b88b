//! Stories about checkpoints and attempts that fail.

use millstream_state::StateError;

use super::*;

#[test]
fn failures_in_a_row_are_counted() {
    let mut story = Story::new(every(10).tolerable_failures(1));
    story.at(10);
    assert_eq!(story.acknowledge(0, 1, &["chk-1/0", "chk-0/0"]), NOTHING);
    assert_eq!(story.decline(1), ["aborted 1", "delete: chk-1/0"], "and not the file of another");
    assert_eq!(story.acknowledge(1, 1, &["chk-1/1", "chk-0/1"]), ["delete: chk-1/1"]);
    assert_eq!(story.at(20), ["trigger 2"]);
    assert_eq!(story.complete(2), ["completed 2"]);
    assert_eq!(story.at(30), ["trigger 3 on 2"]);
    assert_eq!(story.savepoint(7, false), ["savepoint 4"]);
    assert_eq!(story.decline(4), ["aborted 4", "refuse 7"], "savepoints do not count");
    assert_eq!(story.decline(3), ["aborted 3"]);
    assert_eq!(story.at(40), ["trigger 5 on 2"]);
    assert_eq!(story.decline(5), ["aborted 5", "fail"]);
    assert_eq!(story.at(50), NOTHING);
}

#[test]
fn the_error_of_a_failed_attempt_names_the_subtask() {
    let mut story = Story::new(every(10));
    story.at(10);
    let mut commands = Vec::new();
    let cause = Error::new(ErrorKind::External, "disk full").in_operator("count").in_subtask(1);
    story.coordinator.decline(story.now, CheckpointId::new(1), &cause, &mut commands);
    let error = story.coordinator.take_failure().unwrap();
    assert_eq!(error.to_string(), "operator `count` (subtask 1): checkpoint 1 failed: disk full");
    assert_eq!((error.kind(), error.subtask()), (ErrorKind::Checkpoint, Some(1)));
}

#[test]
fn state_that_has_no_encoding_fails_the_attempt_whatever_is_tolerated() {
    let mut story = Story::new(every(10).tolerable_failures(100));
    story.at(10);
    let mut commands = Vec::new();
    let source = postcard::Error::SerializeSeqLengthUnknown;
    let cause = StateError::Codec { state: "total".to_owned(), action: "encode", source };
    story.coordinator.decline(story.now, CheckpointId::new(1), &cause.into(), &mut commands);
    let error = story.coordinator.take_failure().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    assert!(error.to_string().contains("state `total`: cannot encode"), "{error}");
}

#[test]
fn a_checkpoint_times_out_unless_its_manifest_is_being_written() {
    let config = every(10).timeout(Duration::from_secs(15)).tolerable_failures(5).max_concurrent(2);
    let mut story = Story::new(config);
    story.at(10);
    story.at(20);
    story.acknowledge(0, 1, &["chk-1/0"]);
    assert_eq!(story.acknowledge_all(2), ["write 2"]);
    assert_eq!(story.deadline(), Some(25));
    assert_eq!(story.at(25), ["aborted 1", "delete: chk-1/0"]);
    assert_eq!(story.at(99), ["trigger 3"]);
    assert_eq!(story.written(2), ["completed 2"]);
}

#[test]
fn a_failed_manifest_leaves_all_files_alone() {
    let mut story = Story::new(every(10).tolerable_failures(5));
    story.at(10);
    story.complete(1);
    story.at(20);
    story.acknowledge(0, 2, &["chk-1/0"]);
    story.acknowledge(1, 2, &["chk-2/1"]);
    assert_eq!(story.not_written(2), ["aborted 2"]);
    assert_eq!(story.acknowledge(1, 2, &["chk-2/1"]), NOTHING);
    assert_eq!(story.at(30), ["trigger 3 on 1"]);
    assert_eq!(story.complete(3), ["completed 3", "delete 1: chk-1/0 chk-1/1"]);
}

#[test]
fn the_end_of_an_attempt_discards_what_is_pending() {
    let mut story = Story::new(every(10).max_concurrent(2));
    story.at(10);
    story.complete(1);
    story.at(20);
    story.at(30);
    story.savepoint(7, false);
    assert_eq!(story.acknowledge_all(2), ["write 2"]);
    story.acknowledge(0, 3, &["chk-3/0", "chk-1/0"]);
    assert_eq!(story.stop(ErrorKind::Panic), ["delete: chk-3/0", "refuse 7"]);
    assert_eq!(story.acknowledge(1, 3, &["chk-3/1"]), ["delete: chk-3/1"]);
    assert_eq!(story.savepoint(8, false), ["refuse 8"]);
    assert_eq!(story.at(60), NOTHING);
    assert!(story.coordinator.is_writing());
    assert_eq!(story.written(2), ["delete 1: chk-1/0 chk-1/1"], "it is what the next attempt restores");
    assert!(!story.coordinator.is_writing());
    assert_eq!(story.coordinator.latest_checkpoint(), Some(CheckpointId::new(2)));
    assert_eq!(story.restart(9), NOTHING);
    assert_eq!(story.at(70), ["trigger 9"], "full, and above all numbers on the store");
}
