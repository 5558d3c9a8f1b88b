//! Checkpoints that a user asks for.

use super::*;

impl Story {
    fn request(&mut self, request: u64) -> Vec<String> {
        self.act(|coordinator, now, out| coordinator.checkpoint(now, RequestId(request), out))
    }
}

#[test]
fn a_checkpoint_is_triggered_at_once() {
    let mut story = Story::new(every(10));
    story.at(3);
    assert_eq!(story.request(7), ["trigger 1"]);
    assert_eq!(story.complete(1), ["completed 1", "answer 7 with 1"]);
    // The interval begins anew.
    assert_eq!(story.at(12), NOTHING);
    assert_eq!(story.at(13), ["trigger 2 on 1"]);
}

#[test]
fn no_interval_is_needed() {
    let mut story = Story::new(CheckpointConfig::disabled());
    assert_eq!(story.request(1), ["trigger 1"]);
    assert_eq!(story.complete(1), ["completed 1", "answer 1 with 1"]);
    assert_eq!(story.at(1_000), NOTHING);
}

#[test]
fn one_that_is_under_way_is_not_the_answer() {
    let mut story = Story::new(every(10));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.request(1), NOTHING);
    assert_eq!(story.request(2), NOTHING);
    assert_eq!(story.complete(1), ["completed 1", "trigger 2 on 1"]);
    assert_eq!(
        story.complete(2),
        ["completed 2", "delete 1: chk-1/0 chk-1/1", "answer 1 with 2", "answer 2 with 2"]
    );
}

#[test]
fn a_failed_one_is_refused() {
    let mut story = Story::new(every(10).tolerable_failures(5));
    story.at(1);
    assert_eq!(story.request(1), ["trigger 1"]);
    assert_eq!(story.decline(1), ["aborted 1", "refuse 1"]);
    story.at(2);
    assert_eq!(story.request(2), ["trigger 2"]);
    assert_eq!(story.request(3), NOTHING);
    assert_eq!(story.stop(ErrorKind::External), ["refuse 3", "refuse 2"]);
    assert_eq!(story.request(4), ["refuse 4"]);
}

#[test]
fn the_last_checkpoint_answers_too() {
    let mut story = Story::new(every(10));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.request(1), NOTHING);
    assert_eq!(story.end_of_data(), NOTHING);
    assert_eq!(story.complete(1), ["completed 1", "trigger 2 on 1"]);
    assert_eq!(story.complete(2), ["completed 2", "delete 1: chk-1/0 chk-1/1", "answer 1 with 2", "finish"]);
}
