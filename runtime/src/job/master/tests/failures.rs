//! Stories about attempts that fail, and what follows them.

use super::*;

#[test]
fn a_failed_attempt_is_followed_by_one_from_the_last_checkpoint() {
    let mut story = Story::running(MasterConfig { restore: RestoreFrom::Path(Arc::from("sp")), ..every(10) });
    assert_eq!(story.fail(ErrorKind::Function), ["stop 0"]);
    assert_eq!(story.master.status(), JobStatus::Restarting);
    assert_eq!(story.fail(ErrorKind::Panic), NOTHING, "the first failure wins");
    assert_eq!(story.stopped(), ["wake at 5"]);
    assert_eq!(story.at(4), NOTHING);
    assert_eq!(story.at(5), ["deploy 1 from sp"], "no checkpoint yet: from where the user said");
    story.attempt = attempt(1);
    assert_eq!(story.deployed(1), ["wake at 15"]);
    assert_eq!(story.at(15), ["trigger 1", "wake at 615"]);
    assert_eq!(story.acknowledge_all(1), ["write 1 of 1", "wake at 25"][..1], "nothing to wake for yet");
    assert_eq!(story.written(1), ["completed 1", "wake at 25"]);
    assert_eq!(story.master.latest_checkpoint(), Some(CheckpointId::new(1)));
    story.attempt = AttemptId::default();
    assert_eq!(story.fail(ErrorKind::Panic), NOTHING, "a late report of the first attempt");
    assert_eq!(story.deployed(9), NOTHING);
    story.attempt = attempt(1);
    assert_eq!(story.fail(ErrorKind::Panic), ["stop 1"]);
    assert_eq!(story.stopped(), ["wake at 20"]);
    assert_eq!(story.at(20), ["deploy 2 from 1"]);
    assert_eq!((story.master.restarts(), story.master.failures()), (2, 2));
    assert!(story.master.last_failure().is_some_and(|error| error.kind() == ErrorKind::Panic));
    story.attempt = attempt(2);
    story.deployed(2);
    assert_eq!(story.fail(ErrorKind::Panic), ["stop 2"]);
    let final_error = "done: operator `count` (subtask 0): the job has failed after 2 restarts: boom";
    assert_eq!(story.stopped(), [final_error]);
    assert_eq!(story.master.status(), JobStatus::Failed);
}

#[test]
fn some_failures_are_not_retried() {
    for kind in [ErrorKind::InvalidJob, ErrorKind::InvalidInput, ErrorKind::Restore, ErrorKind::Fenced] {
        let mut story = Story::running(every(10));
        assert_eq!(story.fail(kind), ["stop 0"]);
        assert_eq!(story.master.status(), JobStatus::Stopping);
        assert!(story.stopped()[0].starts_with("done: operator `count` (subtask 0): "));
        assert_eq!(story.master.status(), JobStatus::Failed);
    }
}

#[test]
fn a_failed_deployment_counts_as_a_failure() {
    let mut story = Story::new(every(10));
    story.event(MasterEvent::Start);
    let failed =
        |kind| MasterEvent::DeployFailed { attempt: AttemptId::default(), error: Error::new(kind, "no") };
    assert_eq!(story.event(failed(ErrorKind::External)), ["wake at 5"]);
    assert_eq!(story.event(failed(ErrorKind::External)), NOTHING);
    assert_eq!(story.at(5), ["deploy 1"]);
    let gone =
        MasterEvent::DeployFailed { attempt: attempt(1), error: Error::new(ErrorKind::Restore, "gone") };
    assert_eq!(story.event(gone), ["done: the job has failed after 1 restart: gone"]);
}

#[test]
fn a_subtask_may_fail_before_all_are_deployed() {
    let mut story = Story::new(every(10));
    story.event(MasterEvent::Start);
    assert_eq!(story.fail(ErrorKind::Panic), ["stop 0"]);
    assert_eq!(story.deployed(1), NOTHING);
    assert_eq!(story.stopped(), ["wake at 5"]);
}

#[test]
fn the_next_attempt_waits_for_a_manifest_under_way() {
    let mut story = Story::running(every(10));
    story.at(10);
    assert_eq!(story.acknowledge_all(1), ["write 1 of 0"]);
    story.fail(ErrorKind::Panic);
    assert_eq!(story.stopped(), NOTHING);
    assert_eq!(story.at(100), NOTHING);
    assert_eq!(story.written(1), ["wake at 105"]);
    assert_eq!(story.at(105), ["deploy 1 from 1"]);
}

#[test]
fn too_many_failed_checkpoints_fail_the_attempt() {
    let mut story = Story::running(every(10));
    story.at(10);
    let error = Error::new(ErrorKind::External, "disk full");
    let declined = Report::Declined { checkpoint: CheckpointId::new(1), error };
    assert_eq!(story.report(0, declined), ["aborted 1", "stop 0"]);
    assert_eq!(story.stopped(), ["wake at 15"]);
}

#[test]
fn a_checkpoint_that_can_never_succeed_fails_the_job() {
    let checkpoint = CheckpointConfig::every(Duration::from_secs(10)).tolerable_failures(100);
    let mut story = Story::running(MasterConfig { checkpoint, ..every(10) });
    story.at(10);
    let error = Error::new(ErrorKind::InvalidJob, "no encoding");
    let declined = Report::Declined { checkpoint: CheckpointId::new(1), error };
    assert_eq!(story.report(0, declined), ["aborted 1", "stop 0"]);
    assert_eq!(
        story.stopped(),
        ["done: the job has failed without a restart: checkpoint 1 failed: no encoding"]
    );
}

#[test]
fn a_job_that_fails_after_its_last_savepoint_is_not_restarted() {
    let mut story = Story::running(every(10));
    story.savepoint(7, true);
    story.acknowledge_all(1);
    story.written(1);
    assert_eq!(story.fail(ErrorKind::External), ["stop 0"]);
    let described = story.stopped();
    assert!(described[0].contains("the savepoint at `file:///sp` is complete"), "{described:?}");
    assert_eq!(story.master.status(), JobStatus::Failed);
}

#[test]
fn a_job_goes_on_with_other_subtasks_between_two_attempts_only() {
    let mut story = Story::running(every(100));
    let one = [SUBTASKS[0]];
    assert!(!story.master.replan(one), "an attempt is under way");
    story.fail(ErrorKind::Lost);
    assert!(!story.master.replan(one), "its tasks are not gone yet");
    story.stopped();
    assert!(story.master.replan(one));
    story.at(5);
    story.attempt = attempt(1);
    story.deployed(1);
    story.report(0, Report::EndOfData);
    story.acknowledge_all(1);
    story.written(1);
    story.report(0, Report::Finished);
    assert_eq!(story.master.status(), JobStatus::Finished, "the other subtask is not waited for");
}
