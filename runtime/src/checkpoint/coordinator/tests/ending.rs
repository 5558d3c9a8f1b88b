//! Stories about final checkpoints and savepoints a job stops with.

use super::*;

#[test]
fn the_job_finishes_after_a_final_checkpoint() {
    let mut story = Story::new(every(10).min_pause(Duration::from_secs(100)));
    story.at(10);
    assert_eq!(story.complete(1), ["completed 1"]);
    assert_eq!(story.end_of_data(), ["trigger 2 on 1"], "without waiting for interval or pause");
    assert_eq!(story.at(500), NOTHING);
    assert_eq!(story.savepoint(7, false), ["savepoint 3"]);
    assert_eq!(story.complete(2), ["completed 2", "delete 1: chk-1/0 chk-1/1"]);
    assert_eq!(story.savepoint(8, false), ["refuse 8"]);
    assert_eq!(story.complete(3), ["answer 7 with 3", "finish"], "not before the savepoint is done");
    assert_eq!(story.savepoint(9, true), ["refuse 9"]);
    assert_eq!(story.at(5_000), NOTHING);
}

#[test]
fn the_final_checkpoint_waits_for_pending_ones() {
    let mut story = Story::new(every(10));
    story.at(10);
    assert_eq!(story.end_of_data(), NOTHING);
    assert_eq!(story.complete(1), ["completed 1", "trigger 2 on 1"]);
}

#[test]
fn a_failed_final_checkpoint_is_tried_again() {
    let mut story = Story::new(every(10).tolerable_failures(1));
    assert_eq!(story.end_of_data(), ["trigger 1"]);
    assert_eq!(story.decline(1), ["aborted 1"]);
    assert_eq!(story.deadline(), Some(1));
    assert_eq!(story.at(1), ["trigger 2"]);
    assert_eq!(story.decline(2), ["aborted 2", "fail"]);
}

#[test]
fn without_checkpoints_the_job_finishes_at_once() {
    let mut story = Story::new(CheckpointConfig::disabled());
    assert_eq!(story.deadline(), None);
    assert_eq!(story.end_of_data(), ["finish"]);
}

#[test]
fn data_may_have_ended_before_the_attempt_starts() {
    let mut story = Story::new(CheckpointConfig::disabled());
    story.stop(ErrorKind::External);
    assert_eq!(story.end_of_data(), NOTHING);
    assert_eq!(story.restart(1), ["finish"]);
}

#[test]
fn stop_with_savepoint_is_the_last_snapshot() {
    let mut story = Story::new(every(10));
    story.at(10);
    assert_eq!(story.savepoint(7, true), ["stop with 2"]);
    assert!(story.coordinator.is_stopping());
    assert_eq!(story.savepoint(8, false), ["refuse 8"]);
    assert_eq!(story.at(20), NOTHING);
    assert_eq!(story.end_of_data(), NOTHING);
    assert_eq!(story.acknowledge_all(2), ["write 2"]);
    let described = story.written(2);
    assert_eq!(described, ["completed 2", "aborted 1", "answer 7 with 2", "finish stopped"]);
    assert_eq!(story.coordinator.stopped_with().map(|info| info.total_bytes), Some(200));
    assert_eq!(story.coordinator.latest_checkpoint(), None, "the savepoint is the user's");
}

#[test]
fn a_failed_stop_with_savepoint_fails_the_attempt() {
    let mut story = Story::new(every(10).tolerable_failures(100));
    story.savepoint(7, true);
    assert_eq!(story.decline(1), ["aborted 1", "refuse 7", "fail"]);
    story.stop(ErrorKind::Checkpoint);
    story.restart(1);
    story.savepoint(8, true);
    assert_eq!(story.at(600), ["aborted 2", "refuse 8", "fail"], "after a timeout as well");
}

#[test]
fn a_savepoint_written_while_the_job_ends_is_answered_truthfully() {
    for (stop, reason, answer) in [
        (false, ErrorKind::Panic, "answer 7 with 1"),
        (true, ErrorKind::Cancelled, "answer 7 with 1"),
        (true, ErrorKind::Panic, "refuse 7"), // it is there, but the job has not stopped with it
    ] {
        let mut story = Story::new(every(10));
        story.savepoint(7, stop);
        story.acknowledge_all(1);
        assert_eq!(story.stop(reason), NOTHING);
        assert_eq!(story.written(1), [answer]);
    }
}
