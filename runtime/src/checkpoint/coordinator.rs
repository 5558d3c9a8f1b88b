//! The checkpoint coordinator: decides when snapshots are made, and when one is real.
//!
//! A pure state machine: every call brings the time and an event, and appends commands. This file
//! holds the way of a snapshot from its trigger to its manifest; [`schedule`] says what is due
//! when, [`outcome`] what follows from success and failure.

mod outcome;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;
use millstream_state::snapshot::part::SubtaskPart;

use self::schedule::{Attempt, End};
use super::pending::{PendingCheckpoint, PendingProgress, Purpose};
use super::retention::{Retention, own_files};
use super::{
    AfterSavepoint, Barrier, CheckpointCommand, CheckpointConfig, CheckpointHistory, Control,
    FoundCheckpoints, Recipients, RequestId, SavepointInfo,
};
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{AttemptId, SubtaskId};

/// How many aborted checkpoints are remembered, to delete what is still reported of them.
const REMEMBERED_ABORTS: usize = 1_000;

/// Makes the checkpoints and savepoints of one job, over all its attempts.
///
/// It starts idle; [`start`](Self::start) and [`stop`](Self::stop) enclose each attempt.
pub struct CheckpointCoordinator {
    config: CheckpointConfig,
    subtasks: BTreeSet<SubtaskId>,
    next_id: CheckpointId,
    /// `None` while the job does not run.
    attempt: Option<Attempt>,
    /// Why it does not run.
    stopped_for: Error,
    ended: BTreeSet<SubtaskId>,
    pending: BTreeMap<CheckpointId, PendingCheckpoint>,
    /// Who wants a checkpoint that has not been triggered yet.
    requests: Vec<RequestId>,
    /// Checkpoints given up whose files may still be reported.
    aborted: BTreeSet<CheckpointId>,
    retention: Retention,
    history: CheckpointHistory,
    stopped_with: Option<SavepointInfo>,
    /// Why the attempt must end, until the job master has taken it.
    failure: Option<Error>,
}

impl CheckpointCoordinator {
    /// The coordinator of a job with these subtasks. Checkpoints are numbered from `next_id`.
    pub fn new(
        config: CheckpointConfig,
        subtasks: impl IntoIterator<Item = SubtaskId>,
        next_id: CheckpointId,
    ) -> Self {
        Self {
            retention: Retention::new(config.retained),
            config,
            subtasks: subtasks.into_iter().collect(),
            next_id,
            attempt: None,
            stopped_for: Error::new(ErrorKind::Checkpoint, "the job has not started yet"),
            ended: BTreeSet::new(),
            pending: BTreeMap::new(),
            requests: Vec::new(),
            aborted: BTreeSet::new(),
            history: CheckpointHistory::default(),
            stopped_with: None,
            failure: None,
        }
    }

    /// Why the attempt must end, if it must: too many checkpoints have failed, or a job that has stopped
    /// cannot finish. To be asked after every event that the coordinator takes in.
    pub const fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Attempts to come have other subtasks. Only between attempts.
    pub(crate) fn replan(&mut self, subtasks: impl IntoIterator<Item = SubtaskId>) {
        self.subtasks = subtasks.into_iter().collect();
    }

    /// An attempt runs from now on. `next_id` is above every number used on the store, `found` what the
    /// job owns there.
    pub fn start(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        next_id: CheckpointId,
        found: FoundCheckpoints,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        self.next_id = self.next_id.max(next_id);
        let base = found.latest;
        self.retention.adopt(found);
        self.attempt = Some(Attempt { base, ..Attempt::new(attempt, now.monotonic, &self.config) });
        self.advance(now, commands);
    }

    /// The attempt is over: what is pending is discarded, except for manifests being written, whose
    /// outcome is still awaited ([`is_writing`](Self::is_writing)).
    pub fn stop(&mut self, now: Moment, reason: &Error, commands: &mut Vec<CheckpointCommand>) {
        self.attempt = None;
        Self::refuse_checkpoints(std::mem::take(&mut self.requests), reason, commands);
        self.stopped_for = reason.clone();
        self.ended.clear();
        let unfinished = self.pending.values().filter(|pending| !pending.is_writing());
        for id in unfinished.map(|pending| pending.id).collect::<Vec<_>>() {
            let error = reason.clone().wrapped(ErrorKind::Checkpoint, "the job stopped running");
            if let Some(pending) = self.forget(now, id, &error, commands) {
                Self::refuse(pending.purpose, error, commands);
            }
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment, commands: &mut Vec<CheckpointCommand>) {
        self.advance(now, commands);
    }

    /// When [`tick`](Self::tick) is needed at the latest, on the monotonic clock.
    pub fn deadline(&self) -> Option<Duration> {
        self.attempt.as_ref()?;
        let collecting = self.pending.values().filter(|pending| !pending.is_writing());
        let timeouts =
            collecting.map(|pending| pending.triggered.monotonic.saturating_add(self.config.timeout));
        let unalign = self.oldest_collecting().and_then(|pending| Some(pending.unalign.as_ref()?.0));
        timeouts.chain(unalign).chain(self.next_action().map(|(due, _)| due)).min()
    }

    /// The user wants a savepoint at `path`, and perhaps the job to stop with it.
    pub fn savepoint(
        &mut self,
        now: Moment,
        request: RequestId,
        path: Arc<str>,
        then: AfterSavepoint,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        let refusal = match self.attempt.as_ref().map(|attempt| &attempt.end) {
            None => Some("the job is not running"),
            Some(End::Stopping(_)) => Some("the job is already stopping with a savepoint"),
            Some(End::Safe | End::Finishing) => Some("the job is finishing"),
            Some(End::Open | End::Final(_)) => None,
        };
        if let Some(refusal) = refusal {
            let error = Error::new(ErrorKind::Checkpoint, format!("no savepoint at `{path}`: {refusal}"));
            commands.push(CheckpointCommand::AnswerSavepoint { request, result: Err(error) });
            return;
        }
        let id = self.trigger(now, Purpose::Savepoint { request, path, then }, commands);
        if then.stops()
            && let Some(attempt) = &mut self.attempt
        {
            attempt.end = End::Stopping(id);
        }
        self.advance(now, commands);
    }

    /// The user wants a checkpoint now: as soon as those that are under way leave room for one.
    pub fn checkpoint(&mut self, now: Moment, request: RequestId, commands: &mut Vec<CheckpointCommand>) {
        let refusal = match self.attempt.as_ref().map(|attempt| attempt.end) {
            Some(End::Open | End::Final(_)) => {
                self.requests.push(request);
                return self.advance(now, commands);
            }
            Some(End::Stopping(_) | End::Safe | End::Finishing) => "the job is coming to its end",
            None => "the job is not running",
        };
        Self::refuse_checkpoints(vec![request], &Error::new(ErrorKind::Checkpoint, refusal), commands);
    }

    /// A subtask's part of a snapshot is on the store. Also takes late reports of earlier attempts,
    /// whose files are deleted.
    pub fn acknowledge(
        &mut self,
        now: Moment,
        subtask: SubtaskId,
        checkpoint: CheckpointId,
        part: SubtaskPart,
        alignment: Duration,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        if self.aborted.contains(&checkpoint) {
            let files: BTreeSet<_> = own_files(checkpoint, &part).collect();
            Self::delete(Vec::new(), files.into_iter().collect(), commands);
            return;
        }
        let Some(pending) = self.pending.get_mut(&checkpoint).filter(|_| self.subtasks.contains(&subtask))
        else {
            return;
        };
        if pending.is_awaited(subtask) {
            self.history.acknowledge(checkpoint, &part, alignment);
            pending.add(subtask, part);
        }
        if let Some(parts) = pending.seal(self.subtasks.len()) {
            commands.push(CheckpointCommand::WriteManifest {
                attempt: pending.attempt,
                checkpoint,
                target: pending.purpose.target(),
                triggered: pending.triggered.wall,
                parts,
            });
        }
        self.advance(now, commands);
    }

    /// A subtask could not write its part of a snapshot.
    pub fn decline(
        &mut self,
        now: Moment,
        checkpoint: CheckpointId,
        error: &Error,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        // Once all parts are there nothing can be missing: a decline then is an echo.
        if self.pending.get(&checkpoint).is_some_and(|pending| !pending.is_writing()) {
            self.abort(now, checkpoint, error, commands);
            self.advance(now, commands);
        }
    }

    /// All input of a subtask has ended. May come before [`start`](Self::start).
    pub fn end_of_data(&mut self, now: Moment, subtask: SubtaskId, commands: &mut Vec<CheckpointCommand>) {
        if self.subtasks.contains(&subtask) {
            self.ended.insert(subtask);
            self.advance(now, commands);
        }
    }

    /// A manifest is on the store, or writing it failed with an unknown outcome.
    pub fn manifest_written(
        &mut self,
        now: Moment,
        checkpoint: CheckpointId,
        result: Result<()>,
        commands: &mut Vec<CheckpointCommand>,
    ) {
        if !self.pending.get(&checkpoint).is_some_and(PendingCheckpoint::is_writing) {
            return;
        }
        match result {
            Ok(()) => self.complete(now, checkpoint, commands),
            Err(error) => self.abort(now, checkpoint, &error, commands),
        }
        self.advance(now, commands);
    }

    /// Whether a manifest is being written. The choice of what to restore must wait for it.
    pub fn is_writing(&self) -> bool {
        self.pending.values().any(PendingCheckpoint::is_writing)
    }

    /// Whether the job is stopping with a savepoint: one is under way, or complete.
    pub fn is_stopping(&self) -> bool {
        let stopping = |attempt: &Attempt| matches!(attempt.end, End::Stopping(_));
        self.stopped_with.is_some() || self.attempt.as_ref().is_some_and(stopping)
    }

    /// The savepoint the job has stopped with.
    pub const fn stopped_with(&self) -> Option<&SavepointInfo> {
        self.stopped_with.as_ref()
    }

    /// The newest completed checkpoint.
    pub fn latest_checkpoint(&self) -> Option<CheckpointId> {
        self.retention.latest()
    }

    /// What the last checkpoints were like.
    pub const fn history(&self) -> &CheckpointHistory {
        &self.history
    }

    fn trigger(
        &mut self,
        now: Moment,
        purpose: Purpose,
        commands: &mut Vec<CheckpointCommand>,
    ) -> CheckpointId {
        let id = self.next_id;
        self.next_id = id.next();
        let attempt = self.attempt.as_ref().map_or_else(AttemptId::default, |attempt| attempt.number);
        let barrier =
            Barrier { checkpoint: id, triggered: now.wall, mode: self.config.mode, target: purpose.target() };
        let barrier = Arc::new(barrier);
        self.history.begin(id, purpose.kind(), now.wall, self.subtasks.len());
        let progress = PendingProgress::Collecting(BTreeMap::new());
        // What the last one covers is to be committed, and so it must have arrived.
        let may_unalign = matches!(purpose, Purpose::Checkpoint { last: false, .. });
        let unalign = self.config.aligned_timeout.filter(|_| may_unalign);
        let unalign = unalign.map(|timeout| (now.monotonic.saturating_add(timeout), barrier.clone()));
        let pending =
            PendingCheckpoint { id, attempt, purpose, triggered: now, total_bytes: 0, unalign, progress };
        self.pending.insert(id, pending);
        let control = Control::Trigger(barrier);
        commands.push(CheckpointCommand::Send { to: Recipients::Sources, control });
        self.unalign(now, commands);
        id
    }
}

#[cfg(test)]
mod tests;
