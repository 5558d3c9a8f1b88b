//! Stories about a job of two subtasks; every command is told in a word or two.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::Timestamp;
use millstream_state::snapshot::part::SubtaskPart;

use super::*;
use crate::checkpoint::{Control, FoundCheckpoints, RequestId};
use crate::error::ErrorKind;
use crate::job::VertexId;

const SUBTASKS: [SubtaskId; 2] =
    [SubtaskId { vertex: VertexId(0), index: 0 }, SubtaskId { vertex: VertexId(1), index: 0 }];
const NOTHING: [&str; 0] = [];

fn tell(command: &MasterCommand) -> String {
    match command {
        MasterCommand::Deploy { attempt, restore } => match restore {
            RestoreFrom::Nothing => format!("deploy {}", attempt.number),
            RestoreFrom::IfAny(path) => format!("deploy {} from {path:?}, if any", attempt.number),
            RestoreFrom::Path(path) => format!("deploy {} from {path}", attempt.number),
            RestoreFrom::Checkpoint(id) => format!("deploy {} from {id}", attempt.number),
        },
        MasterCommand::Checkpoint(command) => tell_of_checkpoint(command),
        MasterCommand::StopTasks { attempt } => format!("stop {}", attempt.number),
        MasterCommand::WakeAt(time) => format!("wake at {}", time.as_secs()),
        MasterCommand::Done(Ok(outcome)) => format!("done: {outcome:?}"),
        MasterCommand::Done(Err(error)) => format!("done: {error}"),
    }
}

fn tell_of_checkpoint(command: &CheckpointCommand) -> String {
    match command {
        CheckpointCommand::Send { control, .. } => match control {
            Control::Trigger(barrier) => format!("trigger {}", barrier.checkpoint),
            Control::CheckpointCompleted(id) => format!("completed {id}"),
            Control::CheckpointAborted(id) => format!("aborted {id}"),
            Control::Finish => "finish".to_owned(),
        },
        CheckpointCommand::WriteManifest { attempt, checkpoint, .. } => {
            format!("write {checkpoint} of {}", attempt.number)
        }
        CheckpointCommand::Delete { checkpoints, .. } => format!("delete {checkpoints:?}"),
        CheckpointCommand::AnswerSavepoint { request, result: Ok(_) } => format!("answer {}", request.0),
        CheckpointCommand::AnswerSavepoint { request, result: Err(_) } => format!("refuse {}", request.0),
    }
}

/// The time of day goes backwards: nothing that is scheduled may depend on it.
fn second(second: u64) -> Moment {
    let wall = Timestamp::from_millis(-1_000 * i64::try_from(second).unwrap());
    Moment { monotonic: Duration::from_secs(second), wall }
}

struct Story {
    master: JobMaster,
    now: Moment,
    attempt: AttemptId,
}

impl Story {
    fn new(config: MasterConfig) -> Self {
        let master = JobMaster::new(config, SUBTASKS.to_vec());
        Self { master, now: second(0), attempt: AttemptId::default() }
    }

    fn running(config: MasterConfig) -> Self {
        let mut story = Self::new(config);
        story.event(MasterEvent::Start);
        story.deployed(1);
        story
    }

    fn event(&mut self, event: MasterEvent) -> Vec<String> {
        let mut commands = Vec::new();
        self.master.handle(self.now, 0.5, event, &mut commands);
        commands.iter().map(tell).collect()
    }

    fn at(&mut self, seconds: u64) -> Vec<String> {
        self.now = second(seconds);
        self.event(MasterEvent::Tick)
    }

    fn deployed(&mut self, next_id: u64) -> Vec<String> {
        let next_checkpoint_id = CheckpointId::new(next_id);
        self.event(MasterEvent::Deployed {
            attempt: self.attempt,
            next_checkpoint_id,
            found: FoundCheckpoints::default(),
        })
    }

    fn report(&mut self, subtask: usize, report: Report) -> Vec<String> {
        self.event(MasterEvent::Report { attempt: self.attempt, subtask: SUBTASKS[subtask], report })
    }

    fn report_all(&mut self, report: &Report) -> Vec<String> {
        (0..2).flat_map(|subtask| self.report(subtask, report.clone())).collect()
    }

    fn acknowledge_all(&mut self, id: u64) -> Vec<String> {
        let (checkpoint, alignment) = (CheckpointId::new(id), Duration::ZERO);
        self.report_all(&Report::Acknowledged { checkpoint, part: SubtaskPart::default(), alignment })
    }

    fn written(&mut self, id: u64) -> Vec<String> {
        let (attempt, checkpoint) = (self.attempt, CheckpointId::new(id));
        self.event(MasterEvent::ManifestWritten { attempt, checkpoint, result: Ok(()) })
    }

    fn fail(&mut self, kind: ErrorKind) -> Vec<String> {
        self.report(1, Report::Failed(Error::new(kind, "boom").in_operator("count").in_subtask(0)))
    }

    fn stopped(&mut self) -> Vec<String> {
        self.event(MasterEvent::TasksStopped { attempt: self.attempt })
    }

    fn savepoint(&mut self, request: u64, stop: bool) -> Vec<String> {
        let (request, path) = (RequestId(request), Arc::from("file:///sp"));
        self.event(MasterEvent::SavepointRequested { request, path, stop })
    }
}

fn every(seconds: u64) -> MasterConfig {
    let checkpoint = CheckpointConfig::every(Duration::from_secs(seconds));
    let restart = RestartStrategy::FixedDelay { attempts: 2, delay: Duration::from_secs(5) };
    MasterConfig { checkpoint, restart: Some(restart), ..MasterConfig::default() }
}

#[test]
fn a_job_without_checkpoints_runs_to_its_end() {
    let mut story = Story::new(MasterConfig::default());
    assert_eq!(story.master.status(), JobStatus::Created);
    assert_eq!(story.event(MasterEvent::Start), ["deploy 0"]);
    assert_eq!(story.event(MasterEvent::Start), NOTHING);
    assert_eq!(story.master.status(), JobStatus::Deploying);
    assert_eq!(story.deployed(1), NOTHING);
    assert_eq!(story.master.status(), JobStatus::Running);
    assert_eq!(story.report_all(&Report::EndOfData), ["finish"]);
    assert_eq!(story.report(0, Report::Finished), NOTHING);
    assert_eq!(story.report(0, Report::Finished), NOTHING);
    assert_eq!(story.report(1, Report::Finished), ["done: Finished"]);
    assert_eq!(story.master.status(), JobStatus::Finished);
    assert_eq!(story.fail(ErrorKind::Panic), NOTHING);
    assert_eq!(story.event(MasterEvent::CancelRequested), NOTHING);
    assert_eq!(story.savepoint(1, false), ["refuse 1"]);
}

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
    assert_eq!(story.fail(ErrorKind::Panic), NOTHING, "an echo of the first attempt");
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
    let last_words = "done: operator `count` (subtask 0): the job has failed after 2 restarts: boom";
    assert_eq!(story.stopped(), [last_words]);
    assert_eq!(story.master.status(), JobStatus::Failed);
}

#[test]
fn some_failures_no_restart_would_mend() {
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
fn cancelling_works_at_any_time() {
    let cancel = MasterEvent::CancelRequested;
    let mut created = Story::new(every(10));
    assert_eq!(created.event(cancel.clone()), ["done: Cancelled"]);
    assert_eq!(created.event(MasterEvent::Start), NOTHING);

    let mut deploying = Story::new(every(10));
    deploying.event(MasterEvent::Start);
    assert_eq!(deploying.event(cancel.clone()), ["stop 0"]);
    assert_eq!(deploying.deployed(1), NOTHING);
    assert_eq!(deploying.stopped(), ["done: Cancelled"]);

    let mut running = Story::running(every(10));
    running.savepoint(7, true);
    assert_eq!(running.master.status(), JobStatus::Stopping);
    assert_eq!(running.event(cancel.clone()), ["stop 0", "refuse 7"]);
    assert_eq!(running.master.status(), JobStatus::Stopping);
    assert_eq!(running.event(cancel.clone()), NOTHING);
    assert_eq!(running.stopped(), ["done: Cancelled"]);
    assert_eq!(running.master.status(), JobStatus::Cancelled);

    let mut failing = Story::running(every(10));
    failing.fail(ErrorKind::Panic);
    assert_eq!(failing.event(cancel.clone()), NOTHING);
    assert_eq!(failing.stopped(), ["done: Cancelled"]);

    let mut waiting = Story::running(every(10));
    waiting.fail(ErrorKind::Panic);
    waiting.stopped();
    assert_eq!(waiting.event(cancel), ["done: Cancelled"]);
    assert_eq!(waiting.at(5), NOTHING);
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
fn a_job_stops_with_a_savepoint() {
    let mut story = Story::running(every(10));
    assert_eq!(story.savepoint(7, true), ["trigger 1"]);
    assert_eq!(story.acknowledge_all(1), ["write 1 of 0"]);
    assert_eq!(story.written(1), ["completed 1", "answer 7", "finish"]);
    assert_eq!(story.master.status(), JobStatus::Stopping);
    assert_eq!(story.report_all(&Report::Finished), ["done: StoppedWithSavepoint"]);
}

#[test]
fn a_job_that_fails_after_its_last_savepoint_is_not_restarted() {
    let mut story = Story::running(every(10));
    story.savepoint(7, true);
    story.acknowledge_all(1);
    story.written(1);
    assert_eq!(story.fail(ErrorKind::External), ["stop 0"]);
    let told = story.stopped();
    assert!(told[0].contains("the savepoint at `file:///sp` is complete"), "{told:?}");
    assert_eq!(story.master.status(), JobStatus::Failed);
}

#[test]
fn savepoints_need_a_running_job() {
    let mut story = Story::new(every(10));
    assert_eq!(story.savepoint(1, false), ["refuse 1"]);
    story.event(MasterEvent::Start);
    assert_eq!(story.savepoint(2, true), ["refuse 2"]);
    story.deployed(1);
    assert_eq!(story.savepoint(3, false), ["trigger 1"]);
    assert_eq!(story.fail(ErrorKind::Panic), ["stop 0", "refuse 3"]);
    assert_eq!(story.savepoint(4, false), ["refuse 4"]);
}

fn attempt(number: u32) -> AttemptId {
    AttemptId { number, ..AttemptId::default() }
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

#[test]
fn all_attempts_bear_the_epoch_of_their_process() {
    let mut story = Story::new(every(100));
    story.master.begin_epoch(Epoch::new(3));
    story.event(MasterEvent::Start);
    story.attempt = AttemptId { epoch: Epoch::new(3), number: 0 };
    assert!(story.master.awaits_deployment(story.attempt));
    assert!(!story.master.awaits_deployment(AttemptId::default()));
    story.deployed(1);
    story.master.begin_epoch(Epoch::new(9));
    story.fail(ErrorKind::Function);
    story.stopped();
    story.at(5);
    assert!(story.master.awaits_deployment(AttemptId { epoch: Epoch::new(3), number: 1 }));
}
