//! Stories about a job of two subtasks; every command is described in a word or two.

mod failures;

use std::sync::Arc;
use std::time::Duration;

use millstream_state::Timestamp;
use millstream_state::snapshot::part::SubtaskPart;

use super::*;
use crate::checkpoint::{AfterSavepoint, CheckpointConfig, Control, FoundCheckpoints, RequestId};
use crate::error::ErrorKind;
use crate::job::VertexId;

const SUBTASKS: [SubtaskId; 2] =
    [SubtaskId { vertex: VertexId(0), index: 0 }, SubtaskId { vertex: VertexId(1), index: 0 }];
const NOTHING: [&str; 0] = [];

fn describe(command: &MasterCommand) -> String {
    match command {
        MasterCommand::Deploy { attempt, restore } => match restore {
            RestoreFrom::Nothing => format!("deploy {}", attempt.number),
            RestoreFrom::IfAny(path) => format!("deploy {} from {path:?}, if any", attempt.number),
            RestoreFrom::Path(path) => format!("deploy {} from {path}", attempt.number),
            RestoreFrom::Checkpoint(id) => format!("deploy {} from {id}", attempt.number),
        },
        MasterCommand::Checkpoint(command) => describe_checkpoint(command),
        MasterCommand::StopTasks { attempt } => format!("stop {}", attempt.number),
        MasterCommand::DiscardCheckpoints => "discard".to_owned(),
        MasterCommand::WakeAt(time) => format!("wake at {}", time.as_secs()),
        MasterCommand::Done(Ok(outcome)) => format!("done: {outcome:?}"),
        MasterCommand::Done(Err(error)) => format!("done: {error}"),
    }
}

fn describe_checkpoint(command: &CheckpointCommand) -> String {
    match command {
        CheckpointCommand::Send { control, .. } => match control {
            Control::Trigger(barrier) => format!("trigger {}", barrier.checkpoint),
            Control::Unalign(barrier) => format!("unalign {}", barrier.checkpoint),
            Control::CheckpointCompleted(id) => format!("completed {id}"),
            Control::CheckpointAborted(id) => format!("aborted {id}"),
            Control::Finish { stopped: false } => "finish".to_owned(),
            Control::Finish { stopped: true } => "finish stopped".to_owned(),
        },
        CheckpointCommand::WriteManifest { attempt, checkpoint, .. } => {
            format!("write {checkpoint} of {}", attempt.number)
        }
        CheckpointCommand::Delete { checkpoints, .. } => format!("delete {checkpoints:?}"),
        CheckpointCommand::AnswerSavepoint { request, result: Ok(_) }
        | CheckpointCommand::AnswerCheckpoint { request, result: Ok(_) } => format!("answer {}", request.0),
        CheckpointCommand::AnswerSavepoint { request, result: Err(_) }
        | CheckpointCommand::AnswerCheckpoint { request, result: Err(_) } => format!("refuse {}", request.0),
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
        commands.iter().map(describe).collect()
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
        let then = if stop { AfterSavepoint::Stop } else { AfterSavepoint::GoOn };
        self.event(MasterEvent::SavepointRequested { request, path, then })
    }
}

fn every(seconds: u64) -> MasterConfig {
    let checkpoint = CheckpointConfig::every(Duration::from_secs(seconds));
    let restart = RestartStrategy::FixedDelay { attempts: 2, delay: Duration::from_secs(5) };
    MasterConfig { checkpoint, restart: Some(restart), ..MasterConfig::default() }
}

fn attempt(number: u32) -> AttemptId {
    AttemptId { number, ..AttemptId::default() }
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
fn a_job_that_is_cancelled_discards_its_checkpoints_if_it_is_to() {
    let checkpoint = CheckpointConfig::every(Duration::from_secs(10)).delete_on_cancellation();
    let config = || MasterConfig { checkpoint: checkpoint.clone(), ..every(10) };
    let mut running = Story::running(config());
    running.at(10);
    running.acknowledge_all(1);
    assert_eq!(running.event(MasterEvent::CancelRequested), ["stop 0"]);
    // Whether it is complete must be known first.
    assert_eq!(running.stopped(), NOTHING);
    assert_eq!(running.written(1), ["discard"]);
    assert_eq!(running.master.status(), JobStatus::Stopping);
    assert_eq!(running.event(MasterEvent::CancelRequested), NOTHING);
    assert_eq!(running.savepoint(1, true), ["refuse 1"]);
    assert_eq!(running.event(MasterEvent::CheckpointsDiscarded), ["done: Cancelled"]);
    assert_eq!(running.event(MasterEvent::CheckpointsDiscarded), NOTHING);
    assert_eq!(running.master.status(), JobStatus::Cancelled);

    let mut failing = Story::running(config());
    failing.fail(ErrorKind::InvalidJob);
    assert!(failing.stopped()[0].starts_with("done: "), "a job that has failed keeps them");
    let mut stopping = Story::running(config());
    stopping.savepoint(7, true);
    stopping.acknowledge_all(1);
    stopping.written(1);
    assert_eq!(stopping.report_all(&Report::Finished), ["done: StoppedWithSavepoint"]);
}

#[test]
fn a_job_stops_with_a_savepoint() {
    let mut story = Story::running(every(10));
    assert_eq!(story.savepoint(7, true), ["trigger 1"]);
    assert_eq!(story.acknowledge_all(1), ["write 1 of 0"]);
    assert_eq!(story.written(1), ["completed 1", "answer 7", "finish stopped"]);
    assert_eq!(story.master.status(), JobStatus::Stopping);
    assert_eq!(story.report_all(&Report::Finished), ["done: StoppedWithSavepoint"]);
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
