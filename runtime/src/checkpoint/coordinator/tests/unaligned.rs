//! Checkpoints that do not wait for barriers for ever.

use super::*;

fn after(seconds: u64) -> CheckpointConfig {
    every(10).unaligned_after(Duration::from_secs(seconds))
}

#[test]
fn without_a_timeout_tasks_do_not_wait() {
    let mut story = Story::new(every(10).unaligned());
    assert_eq!(story.at(10), ["trigger 1", "unalign 1"]);
    assert_eq!(story.at(11), NOTHING, "once is enough");
    assert_eq!(story.complete(1), ["completed 1"]);
}

#[test]
fn a_checkpoint_that_is_slow_to_align_is_unaligned() {
    let mut story = Story::new(after(3));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.deadline(), Some(13));
    assert_eq!(story.acknowledge(0, 1, &["chk-1/0"]), NOTHING);
    assert_eq!(story.at(13), ["unalign 1"]);
    assert_eq!(story.acknowledge(1, 1, &["chk-1/1"]), ["write 1"]);
    assert_eq!(story.written(1), ["completed 1"]);
}

#[test]
fn one_that_is_quick_is_not() {
    let mut story = Story::new(after(3));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.acknowledge_all(1), ["write 1"]);
    assert_eq!(story.at(13), NOTHING, "all have taken their snapshots");
    assert_eq!(story.written(1), ["completed 1"]);
    assert_eq!(story.at(14), NOTHING);
}

#[test]
fn a_savepoint_is_not_overtaken() {
    let mut story = Story::new(after(1));
    story.at(9);
    assert_eq!(story.savepoint(1, false), ["savepoint 1"]);
    assert_eq!(story.at(10), ["trigger 2"]);
    assert_eq!(story.at(15), NOTHING);
    // Its barriers have come through everywhere.
    assert_eq!(story.acknowledge_all(1), ["write 1", "unalign 2"]);
}

#[test]
fn the_last_checkpoint_waits_until_everything_has_arrived() {
    let mut story = Story::new(every(10).unaligned());
    assert_eq!(story.end_of_data(), ["trigger 1"]);
    assert_eq!(story.at(1), NOTHING);
}

#[test]
fn what_contradicts_unaligned_checkpoints_is_named() {
    assert_eq!(every(1).unaligned().problem(), None);
    let two = every(1).max_concurrent(2).unaligned();
    assert!(two.problem().is_some_and(|problem| problem.contains("max_concurrent")));
    assert!(every(1).max_concurrent(2).problem().is_none());
    assert!(every(1).mode(CheckpointMode::AtLeastOnce).unaligned().problem().is_some());
}
