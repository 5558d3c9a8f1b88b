//! A user who takes savepoints, stops the job with one or cancels it, and starts it again.

use std::sync::Arc;

use super::World;
use crate::checkpoint::{AfterSavepoint, RequestId, SavepointInfo};
use crate::driver::simulation::process::{Process, STORE};
use crate::error::Result;
use crate::job::{JobOutcome, RestoreFrom};

/// What the user has asked for.
#[derive(Default)]
pub(super) struct User {
    /// How many savepoints there were to be: the numbers of the requests, and of their folders.
    savepoints: u64,
    /// Those of the living process that are to stop the job.
    stopping: Vec<RequestId>,
    /// Where the one lies with which it stops.
    stopped_at: Option<Arc<str>>,
    /// Whether the living process was asked to cancel the job.
    cancelled: bool,
}

impl User {
    /// The process has died before it could say that the job has stopped.
    pub(super) fn forget_stop(&mut self) {
        self.stopped_at = None;
    }
}

impl World {
    /// The user asks for something.
    pub(super) fn ask(&mut self, process: &Process) {
        self.report.requests += 1;
        match self.random.below(4) {
            0 => {
                self.user.cancelled = true;
                process.cancel();
            }
            kind => {
                let request = RequestId(self.user.savepoints);
                self.user.savepoints += 1;
                let then = if kind == 1 { AfterSavepoint::Stop } else { AfterSavepoint::GoOn };
                if then.stops() {
                    self.user.stopping.push(request);
                }
                process.take_savepoint(request, format!("{STORE}/savepoints/{}", request.0).into(), then);
            }
        }
    }

    pub(super) fn savepoint_answered(&mut self, request: RequestId, result: Result<SavepointInfo>) {
        let Ok(savepoint) = result else { return };
        self.report.savepoints += 1;
        if self.user.stopping.contains(&request) {
            self.user.stopped_at = Some(savepoint.path);
        }
    }

    /// Whether the user has ended the job, and so will start it again.
    pub(super) fn is_to_go_on(&mut self, ended: &Result<Option<JobOutcome>>) -> bool {
        let goes_on = match ended {
            Ok(Some(JobOutcome::Cancelled)) => self.user.cancelled,
            // It may fail in the middle of it, and then the error says where to start from.
            Ok(Some(JobOutcome::StoppedWithSavepoint)) | Err(_) => self.user.stopped_at.is_some(),
            Ok(None | Some(JobOutcome::Finished)) => false,
        };
        self.report.stops += u32::from(goes_on);
        if !goes_on || matches!(ended, Ok(Some(JobOutcome::Cancelled))) {
            self.user.stopped_at = None;
        }
        goes_on
    }

    /// What a new process restores: the savepoint that the job has stopped with, or half of the time
    /// whatever the job's folder says.
    pub(super) fn begin_life(&mut self) -> RestoreFrom {
        self.user.stopping.clear();
        self.user.cancelled = false;
        // A path says what to restore whatever has happened since. It may only be used if no other
        // process can have gone on from there meanwhile.
        let is_alone = !self.may_go_on_elsewhere();
        match self.user.stopped_at.take() {
            Some(savepoint) if is_alone && self.random.below(2) == 0 => RestoreFrom::Path(savepoint),
            _ => RestoreFrom::IfAny(None),
        }
    }
}
