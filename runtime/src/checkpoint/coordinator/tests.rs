//! Stories about the coordinator of a job with two subtasks; every command is described in a word or two.

use millstream_state::snapshot::part::{BlockReference, ListPart, OperatorPart, Redistribution};
use millstream_state::{OperatorId, Shape, Timestamp};

use super::super::{CheckpointKind, CheckpointMode, CheckpointStatus, SnapshotTarget};
use super::*;
use crate::job::VertexId;

mod ending;
mod failures;
mod requests;
mod unaligned;

const SUBTASKS: [SubtaskId; 2] =
    [SubtaskId { vertex: VertexId(0), index: 0 }, SubtaskId { vertex: VertexId(1), index: 0 }];

fn part(files: &[&str]) -> SubtaskPart {
    let list = |file: &&str| ListPart {
        name: (*file).to_owned(),
        redistribution: Redistribution::Split,
        item: Shape::from_text("u64"),
        block: BlockReference { file: Arc::from(*file), offset: 0, length: 1, checksum: 0, entries: 1 },
    };
    let lists = files.iter().map(list).collect();
    let operator = OperatorPart { operator: OperatorId::from_uid("count"), keyed: Vec::new(), lists };
    SubtaskPart { operators: vec![operator], written_bytes: 10, total_bytes: 100 }
}

fn describe(command: &CheckpointCommand) -> String {
    match command {
        CheckpointCommand::Send { to, control } => match (to, control) {
            (Recipients::Sources, Control::Trigger(barrier)) => match &barrier.target {
                SnapshotTarget::Checkpoint { base: None } => format!("trigger {}", barrier.checkpoint),
                SnapshotTarget::Checkpoint { base: Some(base) } => {
                    format!("trigger {} on {base}", barrier.checkpoint)
                }
                SnapshotTarget::Savepoint { then: AfterSavepoint::GoOn, .. } => {
                    format!("savepoint {}", barrier.checkpoint)
                }
                SnapshotTarget::Savepoint { .. } => format!("stop with {}", barrier.checkpoint),
            },
            (Recipients::All, Control::Unalign(barrier)) => format!("unalign {}", barrier.checkpoint),
            (Recipients::All, Control::CheckpointCompleted(id)) => format!("completed {id}"),
            (Recipients::All, Control::CheckpointAborted(id)) => format!("aborted {id}"),
            (Recipients::All, Control::Finish { stopped: false }) => "finish".to_owned(),
            (Recipients::All, Control::Finish { stopped: true }) => "finish stopped".to_owned(),
            other => format!("misdirected {other:?}"),
        },
        CheckpointCommand::WriteManifest { checkpoint, parts, .. } => {
            assert!(parts.iter().map(|(subtask, _)| *subtask).eq(SUBTASKS));
            format!("write {checkpoint}")
        }
        CheckpointCommand::Delete { checkpoints, files } => {
            let manifests: String = checkpoints.iter().map(|id| format!(" {id}")).collect();
            format!("delete{manifests}: {}", files.join(" "))
        }
        CheckpointCommand::AnswerSavepoint { request, result: Ok(info) } => {
            format!("answer {} with {}", request.0, info.checkpoint)
        }
        CheckpointCommand::AnswerCheckpoint { request, result: Ok(id) } => {
            format!("answer {} with {id}", request.0)
        }
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
    coordinator: CheckpointCoordinator,
    now: Moment,
    attempt: AttemptId,
}

impl Story {
    /// The attempt starts at second 0.
    fn new(config: CheckpointConfig) -> Self {
        let coordinator = CheckpointCoordinator::new(config, SUBTASKS, CheckpointId::new(1));
        let mut story = Self { coordinator, now: second(0), attempt: AttemptId::default() };
        assert!(story.restart(1).is_empty());
        story
    }

    fn act(
        &mut self,
        act: impl FnOnce(&mut CheckpointCoordinator, Moment, &mut Vec<CheckpointCommand>),
    ) -> Vec<String> {
        let mut commands = Vec::new();
        act(&mut self.coordinator, self.now, &mut commands);
        let mut described: Vec<_> = commands.iter().map(describe).collect();
        if let Some(error) = self.coordinator.take_failure() {
            assert_eq!(error.kind(), ErrorKind::Checkpoint);
            described.push("fail".to_owned());
        }
        described
    }

    fn restart(&mut self, next_id: u64) -> Vec<String> {
        self.attempt = self.attempt.next();
        let attempt = self.attempt;
        self.act(|coordinator, now, out| {
            coordinator.start(now, attempt, CheckpointId::new(next_id), FoundCheckpoints::default(), out)
        })
    }

    fn stop(&mut self, kind: ErrorKind) -> Vec<String> {
        self.act(|coordinator, now, out| coordinator.stop(now, &Error::new(kind, "over"), out))
    }

    fn at(&mut self, seconds: u64) -> Vec<String> {
        self.now = second(seconds);
        self.act(CheckpointCoordinator::tick)
    }

    fn acknowledge(&mut self, subtask: usize, id: u64, files: &[&str]) -> Vec<String> {
        let alignment = Duration::from_millis(5);
        self.act(|coordinator, now, out| {
            coordinator.acknowledge(
                now,
                SUBTASKS[subtask],
                CheckpointId::new(id),
                part(files),
                alignment,
                out,
            );
        })
    }

    /// Both subtasks acknowledge, each with one file of its own.
    fn acknowledge_all(&mut self, id: u64) -> Vec<String> {
        let mut described = self.acknowledge(0, id, &[&format!("chk-{id}/0")]);
        described.extend(self.acknowledge(1, id, &[&format!("chk-{id}/1")]));
        described
    }

    fn decline(&mut self, id: u64) -> Vec<String> {
        let error = Error::new(ErrorKind::External, "disk full").in_operator("count").in_subtask(1);
        self.act(|coordinator, now, out| coordinator.decline(now, CheckpointId::new(id), &error, out))
    }

    fn written(&mut self, id: u64) -> Vec<String> {
        self.act(|coordinator, now, out| {
            coordinator.manifest_written(now, CheckpointId::new(id), Ok(()), out)
        })
    }

    fn not_written(&mut self, id: u64) -> Vec<String> {
        let error = Error::new(ErrorKind::External, "connection reset");
        self.act(|coordinator, now, out| {
            coordinator.manifest_written(now, CheckpointId::new(id), Err(error), out)
        })
    }

    fn complete(&mut self, id: u64) -> Vec<String> {
        assert_eq!(self.acknowledge_all(id), [format!("write {id}")]);
        self.written(id)
    }

    fn savepoint(&mut self, request: u64, stop: bool) -> Vec<String> {
        self.act(|coordinator, now, out| {
            let then = if stop { AfterSavepoint::Stop } else { AfterSavepoint::GoOn };
            coordinator.savepoint(now, RequestId(request), Arc::from("s3://mine/sp"), then, out);
        })
    }

    fn end_of_data(&mut self) -> Vec<String> {
        let mut described = Vec::new();
        for subtask in SUBTASKS {
            described.extend(self.act(|coordinator, now, out| coordinator.end_of_data(now, subtask, out)));
        }
        described
    }

    fn deadline(&self) -> Option<u64> {
        self.coordinator.deadline().map(|deadline| deadline.as_secs())
    }
}

fn every(seconds: u64) -> CheckpointConfig {
    CheckpointConfig::every(Duration::from_secs(seconds))
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_checkpoint_is_complete_once_its_manifest_is_written() {
    let mut story = Story::new(every(10));
    assert_eq!(story.deadline(), Some(10));
    assert_eq!(story.at(9), NOTHING);
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.acknowledge(0, 1, &["chk-1/0"]), NOTHING);
    assert_eq!(story.acknowledge(0, 1, &["chk-1/0"]), NOTHING, "reported twice");
    assert_eq!(story.acknowledge(1, 1, &["chk-1/1"]), ["write 1"]);
    assert_eq!(story.coordinator.latest_checkpoint(), None);
    assert!(story.coordinator.is_writing());
    assert_eq!(story.written(1), ["completed 1"]);
    assert_eq!(story.written(1), NOTHING);
    assert_eq!(story.coordinator.latest_checkpoint(), Some(CheckpointId::new(1)));
    assert_eq!(story.at(20), ["trigger 2 on 1"]);
}

#[test]
fn pause_and_concurrency_hold_automatic_checkpoints_back() {
    let mut story = Story::new(every(10).min_pause(Duration::from_secs(8)));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.at(20), NOTHING, "one at a time");
    assert_eq!(story.at(21), NOTHING);
    assert_eq!(story.complete(1), ["completed 1"]);
    assert_eq!(story.deadline(), Some(29));
    assert_eq!(story.at(28), NOTHING);
    assert_eq!(story.at(29), ["trigger 2 on 1"]);
    assert_eq!(story.savepoint(7, false), ["savepoint 3"], "not held back");
    assert_eq!(story.complete(2), ["completed 2", "delete 1: chk-1/0 chk-1/1"]);
}

#[test]
fn a_newer_checkpoint_overtakes_older_ones() {
    let mut story = Story::new(every(10).max_concurrent(3));
    assert_eq!(story.at(10), ["trigger 1"]);
    assert_eq!(story.at(20), ["trigger 2"]);
    assert_eq!(story.at(30), ["trigger 3"]);
    assert_eq!(story.at(40), NOTHING);
    assert_eq!(story.acknowledge_all(1), ["write 1"]);
    assert_eq!(story.acknowledge(0, 2, &["chk-2/0"]), NOTHING);
    let described = story.complete(3);
    assert_eq!(described, ["completed 3", "aborted 2", "delete: chk-2/0", "trigger 4 on 3"]);
    assert_eq!(story.acknowledge(1, 2, &["chk-2/1"]), ["delete: chk-2/1"]);
    assert_eq!(story.written(1), ["delete 1: chk-1/0 chk-1/1"], "it has nothing to report any more");
    assert_eq!(story.coordinator.latest_checkpoint(), Some(CheckpointId::new(3)));
    assert_eq!(story.coordinator.history().failed(), 1);
}

#[test]
fn what_a_pending_checkpoint_builds_on_stays() {
    let mut story = Story::new(every(10).max_concurrent(2).tolerable_failures(9));
    story.at(10);
    story.complete(1);
    assert_eq!(story.at(20), ["trigger 2 on 1"]);
    assert_eq!(story.at(30), ["trigger 3 on 1"]);
    assert_eq!(story.acknowledge_all(2), ["write 2"]);
    assert_eq!(story.written(2), ["completed 2", "delete 1: "], "3 may refer to the files of 1");
    assert_eq!(story.decline(3), ["aborted 3", "delete: chk-1/0 chk-1/1"]);
}

#[test]
fn files_referred_to_outlive_their_checkpoint() {
    let mut story = Story::new(every(10));
    story.at(10);
    story.complete(1);
    story.at(20);
    story.acknowledge(0, 2, &["chk-1/0"]);
    story.acknowledge(1, 2, &["chk-2/1"]);
    assert_eq!(story.written(2), ["completed 2", "delete 1: chk-1/1"]);
}

#[test]
fn a_plain_savepoint_commits_nothing_and_is_nobodys_base() {
    let mut story = Story::new(every(10));
    assert_eq!(story.savepoint(7, false), ["savepoint 1"]);
    assert_eq!(story.complete(1), ["answer 7 with 1"]);
    assert_eq!(story.at(10), ["trigger 2"]);
    assert_eq!(story.savepoint(8, false), ["savepoint 3"]);
    assert_eq!(story.acknowledge_all(3), ["write 3"]);
    assert_eq!(story.not_written(3), ["aborted 3", "refuse 8"]);
    assert_eq!(story.complete(2), ["completed 2"]);
}

#[test]
fn statistics_remember_the_last_ten() {
    let mut story = Story::new(every(10).tolerable_failures(1).mode(CheckpointMode::AtLeastOnce));
    story.at(10);
    story.acknowledge(0, 1, &["chk-1/0"]);
    let history = story.coordinator.history();
    let first = history.recent().next().unwrap();
    assert_eq!((first.acknowledged, first.expected, first.written_bytes), (1, 2, 10));
    assert!(matches!(first.status, CheckpointStatus::InProgress) && first.duration.is_none());
    assert_eq!(history.in_progress(), 1);
    story.now.monotonic = Duration::from_millis(10_250);
    story.decline(1);
    for id in 2..=12 {
        story.at(id * 10);
        story.now.monotonic += Duration::from_millis(40);
        story.complete(id);
    }
    let history = story.coordinator.history();
    assert_eq!((history.triggered(), history.completed(), history.failed()), (12, 11, 1));
    let ids: Vec<_> = history.recent().map(|entry| entry.id.number()).collect();
    assert_eq!(ids, (3..=12).collect::<Vec<_>>());
    let last = history.recent().next_back().unwrap();
    assert_eq!(last.kind, CheckpointKind::Periodic);
    assert_eq!(last.duration, Some(Duration::from_millis(40)));
    assert_eq!((last.total_bytes, last.max_alignment), (200, Duration::from_millis(5)));
}
