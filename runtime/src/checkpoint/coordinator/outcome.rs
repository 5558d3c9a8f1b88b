//! What follows when a snapshot is complete, and when it never will be.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;

use super::super::pending::{PendingCheckpoint, PendingProgress, Purpose};
use super::super::{CheckpointCommand, Control, Recipients, RequestId, SavepointInfo};
use super::schedule::End;
use super::{CheckpointCoordinator, REMEMBERED_ABORTS};
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};

/// The longest wait before a failed final checkpoint is tried again.
const FINAL_RETRY: Duration = Duration::from_secs(1);

impl CheckpointCoordinator {
    /// The manifest is on the store: the snapshot is real.
    pub(super) fn complete(&mut self, now: Moment, id: CheckpointId, commands: &mut Vec<CheckpointCommand>) {
        let Some(pending) = self.pending.remove(&id) else { return };
        self.history.complete(id, pending.age(now));
        match pending.purpose {
            Purpose::Checkpoint { requests, .. } => {
                self.complete_checkpoint(now, id, pending.progress, commands);
                Self::answer_checkpoints(requests, id, commands);
            }
            Purpose::Savepoint { request, path, then } => {
                let info = SavepointInfo { checkpoint: id, path, total_bytes: pending.total_bytes };
                let mut result = Ok(info.clone());
                if then.stops()
                    && let Some(attempt) = &mut self.attempt
                {
                    attempt.end = End::Safe;
                    self.stopped_with = Some(info);
                    Self::send_to_all(Control::CheckpointCompleted(id), commands);
                    self.overtake(now, id, commands);
                } else if then.stops() && self.stopped_for.kind() != ErrorKind::Cancelled {
                    let message =
                        format!("the savepoint at `{}` is complete, but the job did not stop", info.path);
                    result = Err(self.stopped_for.clone().wrapped(ErrorKind::Checkpoint, message));
                }
                commands.push(CheckpointCommand::AnswerSavepoint { request, result });
            }
        }
    }

    fn complete_checkpoint(
        &mut self,
        now: Moment,
        id: CheckpointId,
        progress: PendingProgress,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        let mut newest = false;
        if let Some(attempt) = &mut self.attempt {
            attempt.failures = 0;
            attempt.paused_until = now.monotonic.saturating_add(self.config.min_pause);
            if attempt.end == End::Final(id) {
                attempt.end = End::Safe;
            }
            // A manifest that was overtaken is not reported to anyone: a newer one covers all of it.
            newest = attempt.base < Some(id);
            attempt.base = attempt.base.max(Some(id));
        }
        if newest {
            Self::send_to_all(Control::CheckpointCompleted(id), commands);
        }
        if let PendingProgress::Writing(files) = progress {
            let dropped = self.retention.add(id, files);
            let garbage = self.sweep();
            Self::delete(dropped, garbage, commands);
        }
        if newest {
            self.overtake(now, id, commands);
        }
    }

    /// Gives up the checkpoints before a completed one: they are of no use any more, and no failures.
    fn overtake(&mut self, now: Moment, id: CheckpointId, commands: &mut Vec<CheckpointCommand>) {
        let older = self.pending.range(..id).map(|(_, pending)| pending);
        let overtaken = older.filter(|pending| pending.is_checkpoint() && !pending.is_writing());
        for older in overtaken.map(|pending| pending.id).collect::<Vec<_>>() {
            let error = Error::new(ErrorKind::Checkpoint, format!("overtaken by checkpoint {id}"));
            Self::send_to_all(Control::CheckpointAborted(older), commands);
            let overtaken = self.forget(now, older, &error, commands);
            if let Some(Purpose::Checkpoint { requests, .. }) = overtaken.map(|pending| pending.purpose) {
                Self::answer_checkpoints(requests, id, commands);
            }
        }
    }

    /// The snapshot has failed while the attempt runs, or its manifest could not be written.
    pub(super) fn abort(
        &mut self,
        now: Moment,
        id: CheckpointId,
        cause: &Error,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        if self.attempt.is_some() {
            Self::send_to_all(Control::CheckpointAborted(id), commands);
        }
        let Some(pending) = self.forget(now, id, cause, commands) else { return };
        let name = match pending.purpose {
            Purpose::Checkpoint { .. } => format!("checkpoint {id} failed"),
            Purpose::Savepoint { ref path, .. } => format!("the savepoint at `{path}` failed"),
        };
        // State that has no encoding has none in the next attempt either; and nothing that a process does
        // counts any more once it is fenced.
        let final_kind =
            Some(cause.kind()).filter(|kind| !kind.is_retryable() && *kind != ErrorKind::Cancelled);
        let hopeless = final_kind.is_some_and(|kind| pending.is_checkpoint() || kind == ErrorKind::Fenced);
        let kind = final_kind.filter(|_| hopeless).unwrap_or(ErrorKind::Checkpoint);
        let error = cause.clone().wrapped(kind, name);
        let stops = matches!(pending.purpose, Purpose::Savepoint { then, .. } if then.stops());
        let is_checkpoint = pending.is_checkpoint();
        Self::refuse(pending.purpose, error.clone(), commands);
        let (interval, tolerable) = (self.config.interval, self.config.tolerable_failures);
        let Some(attempt) = &mut self.attempt else { return };
        if is_checkpoint {
            attempt.failures += 1;
            if attempt.end == End::Final(id) {
                attempt.end = End::Open;
                attempt.retry =
                    now.monotonic.saturating_add(interval.unwrap_or(FINAL_RETRY).min(FINAL_RETRY));
            }
        }
        // The sources of a job that stops have stopped: only another attempt gets them going again.
        if stops || hopeless || attempt.failures > tolerable {
            self.attempt = None;
            self.failure = Some(error);
        }
    }

    /// Takes a snapshot out of the pending ones and cleans up after it.
    pub(super) fn forget(
        &mut self,
        now: Moment,
        id: CheckpointId,
        error: &Error,
        commands: &mut Vec<CheckpointCommand>,
    ) -> Option<PendingCheckpoint> {
        let mut pending = self.pending.remove(&id)?;
        self.history.fail(id, pending.age(now), error.clone());
        let mut garbage = pending.droppable_files();
        if pending.is_checkpoint() {
            match &mut pending.progress {
                // Whether it is listed is unknown: rather leak its files than list a checkpoint that
                // lacks some.
                PendingProgress::Writing(files) => self.retention.keep_unconfirmed(id, std::mem::take(files)),
                PendingProgress::Collecting(_) => {
                    self.aborted.insert(id);
                    if self.aborted.len() > REMEMBERED_ABORTS {
                        self.aborted.pop_first();
                    }
                }
            }
        }
        garbage.extend(self.sweep());
        Self::delete(Vec::new(), garbage.into_iter().collect(), commands);
        Some(pending)
    }

    /// Answers the requests for a snapshot: there will be none.
    pub(super) fn refuse(purpose: Purpose, error: Error, commands: &mut Vec<CheckpointCommand>) {
        match purpose {
            Purpose::Savepoint { request, .. } => {
                commands.push(CheckpointCommand::AnswerSavepoint { request, result: Err(error) });
            }
            Purpose::Checkpoint { requests, .. } => Self::refuse_checkpoints(requests, &error, commands),
        }
    }

    /// Answers requests for a checkpoint that is there, or is covered by this one.
    fn answer_checkpoints(requests: Vec<RequestId>, id: CheckpointId, commands: &mut Vec<CheckpointCommand>) {
        let answer = |request| CheckpointCommand::AnswerCheckpoint { request, result: Ok(id) };
        commands.extend(requests.into_iter().map(answer));
    }

    /// Answers requests for a checkpoint: there will be none.
    pub(super) fn refuse_checkpoints(
        requests: Vec<RequestId>,
        error: &Error,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        let error = error.clone().wrapped(ErrorKind::Checkpoint, "no checkpoint");
        let refuse = |request| CheckpointCommand::AnswerCheckpoint { request, result: Err(error.clone()) };
        commands.extend(requests.into_iter().map(refuse));
    }

    pub(super) fn delete(
        checkpoints: Vec<CheckpointId>,
        files: Vec<Arc<str>>,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        if !checkpoints.is_empty() || !files.is_empty() {
            commands.push(CheckpointCommand::Delete { checkpoints, files });
        }
    }

    fn sweep(&mut self) -> Vec<Arc<str>> {
        let bases: BTreeSet<_> = self.pending.values().filter_map(PendingCheckpoint::base).collect();
        self.retention.sweep(&bases)
    }

    pub(super) fn send_to_all(control: Control, commands: &mut Vec<CheckpointCommand>) {
        commands.push(CheckpointCommand::Send { to: Recipients::All, control });
    }
}
