//! What the coordinator does next, and when.

use std::time::Duration;

use millstream_state::CheckpointId;

use super::super::pending::{PendingCheckpoint, Purpose};
use super::super::{CheckpointCommand, CheckpointConfig, Control, Recipients};
use super::CheckpointCoordinator;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};
use crate::job::AttemptId;

/// What is known of the attempt that runs. Its times are those of the monotonic clock.
pub(super) struct Attempt {
    pub(super) number: AttemptId,
    /// The newest checkpoint this attempt has completed, or the one it restored if the job owns that.
    pub(super) base: Option<CheckpointId>,
    /// Automatic checkpoints that have failed in a row.
    pub(super) failures: u32,
    /// The interval's next point.
    pub(super) due: Duration,
    /// The end of the pause after the last completion.
    pub(super) paused_until: Duration,
    /// When a failed final checkpoint may be tried again.
    pub(super) retry: Duration,
    pub(super) end: End,
}

/// How near the attempt is to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Automatic checkpoints are made.
    Open,
    /// All input has ended, and this last checkpoint is under way.
    Final(CheckpointId),
    /// The sources stop with this savepoint.
    Stopping(CheckpointId),
    /// Everything is in a completed snapshot; other snapshots are still pending.
    Safe,
    /// The tasks have been notified to finish.
    Finishing,
}

/// Something the coordinator does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScheduledAction {
    Periodic,
    Final,
    Finish,
}

impl Attempt {
    pub(super) fn new(number: AttemptId, now: Duration, config: &CheckpointConfig) -> Self {
        Self {
            number,
            base: None,
            failures: 0,
            due: now.saturating_add(config.interval.unwrap_or_default()),
            paused_until: Duration::ZERO,
            retry: Duration::ZERO,
            end: End::Open,
        }
    }
}

impl CheckpointCoordinator {
    /// The next action and the earliest time for it; `None` while it waits for something else than time.
    pub(super) fn next_action(&self) -> Option<(Duration, ScheduledAction)> {
        let attempt = self.attempt.as_ref()?;
        let all_ended = self.ended.len() == self.subtasks.len();
        let idle = self.pending.is_empty();
        match attempt.end {
            End::Final(_) | End::Stopping(_) | End::Finishing => None,
            End::Safe => idle.then_some((Duration::ZERO, ScheduledAction::Finish)),
            End::Open if all_ended && !idle => None,
            End::Open if all_ended && self.config.interval.is_some() => {
                Some((attempt.retry, ScheduledAction::Final))
            }
            End::Open if all_ended => Some((Duration::ZERO, ScheduledAction::Finish)),
            End::Open => {
                let under_way = self.pending.values().filter(|pending| pending.is_checkpoint()).count();
                let due = match self.config.interval {
                    _ if !self.requests.is_empty() => Duration::ZERO,
                    Some(_) => attempt.due.max(attempt.paused_until),
                    None => return None,
                };
                (under_way < self.config.max_concurrent.max(1)).then_some((due, ScheduledAction::Periodic))
            }
        }
    }

    /// Gives up what takes too long, then takes the next action if its time has come.
    pub(super) fn advance(&mut self, now: Moment, commands: &mut Vec<CheckpointCommand>) {
        self.expire(now, commands);
        self.unalign(now, commands);
        let Some((_, action)) = self.next_action().filter(|(due, _)| *due <= now.monotonic) else { return };
        let interval = self.config.interval.unwrap_or_default();
        let Some(attempt) = &mut self.attempt else { return };
        let base = attempt.base;
        match action {
            ScheduledAction::Periodic => {
                attempt.due = now.monotonic.saturating_add(interval);
                let requests = std::mem::take(&mut self.requests);
                self.trigger(now, Purpose::Checkpoint { base, last: false, requests }, commands);
            }
            ScheduledAction::Final => {
                // The last one covers all that others would have.
                let requests = std::mem::take(&mut self.requests);
                let id = self.trigger(now, Purpose::Checkpoint { base, last: true, requests }, commands);
                if let Some(attempt) = &mut self.attempt {
                    attempt.end = End::Final(id);
                }
            }
            ScheduledAction::Finish => {
                attempt.end = End::Finishing;
                let control = Control::Finish { stopped: self.stopped_with.is_some() };
                commands.push(CheckpointCommand::Send { to: Recipients::All, control });
            }
        }
    }

    /// The oldest snapshot that tasks are still to take.
    pub(super) fn oldest_collecting(&self) -> Option<&PendingCheckpoint> {
        self.pending.values().find(|pending| !pending.is_writing())
    }

    /// Lets tasks wait for the barriers of a checkpoint no longer, if it has waited long enough. A savepoint that
    /// was triggered before it comes first: its barriers must not be overtaken.
    pub(super) fn unalign(&mut self, now: Moment, commands: &mut Vec<CheckpointCommand>) {
        let Some(id) = self.oldest_collecting().map(|pending| pending.id) else { return };
        let Some(pending) = self.pending.get_mut(&id).filter(|_| self.attempt.is_some()) else { return };
        if let Some((_, barrier)) = pending.unalign.take_if(|(due, _)| *due <= now.monotonic) {
            Self::send_to_all(Control::Unalign(barrier), commands);
        }
    }

    /// A manifest that is being written may be real any moment: its checkpoint is past timeouts.
    fn expire(&mut self, now: Moment, commands: &mut Vec<CheckpointCommand>) {
        let timeout = self.config.timeout;
        let late =
            self.pending.values().filter(|pending| !pending.is_writing() && pending.age(now) >= timeout);
        for id in late.map(|pending| pending.id).collect::<Vec<_>>() {
            if self.attempt.is_none() {
                return; // The attempt has failed: the rest is discarded with it.
            }
            let error = Error::new(ErrorKind::Checkpoint, format!("not complete after {timeout:?}"));
            self.abort(now, id, &error, commands);
        }
    }
}
