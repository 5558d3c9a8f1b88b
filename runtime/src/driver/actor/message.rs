//! Messages to the coordinator actor.

use std::sync::Arc;

use actix::prelude::*;
use millstream_state::CheckpointId;
use tokio::sync::oneshot;

use crate::checkpoint::{AfterSavepoint, RequestId, SavepointInfo};
use crate::error::{Error, Result};
use crate::job::MasterEvent;

/// Something that the job master has to know.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CoordinatorMessage(pub(super) MasterEvent);

/// Something that the job master has to know, and that needed an explanation, with it.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Explained(pub(super) MasterEvent);

/// What a user asks through the handle.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum UserRequest {
    Savepoint { path: Arc<str>, then: AfterSavepoint, answer: oneshot::Sender<Result<SavepointInfo>> },
    Checkpoint { answer: oneshot::Sender<Result<CheckpointId>> },
    Cancel,
}

/// A savepoint cannot be taken where it was asked for.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Refuse {
    pub(super) request: RequestId,
    pub(super) error: Error,
}
