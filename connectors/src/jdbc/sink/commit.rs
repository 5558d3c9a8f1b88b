//! Writes what checkpoints cover, any number of times with the same outcome.

use std::sync::Arc;

use millstream_operators::sink::Committer;
use millstream_runtime::Result;
use serde::{Deserialize, Serialize};

use super::Change;
use crate::commits::Turn;
use crate::jdbc::mark::Mark;
use crate::jdbc::pool::Pool;
use crate::jdbc::session::Write;
use crate::jdbc::statement::WriteTarget;

/// The changes of a subtask between two checkpoints, which are written when the second is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JdbcCommittable {
    pub(super) mark: Mark,
    pub(super) changes: Vec<Change>,
}

/// Writes changes whose checkpoint is complete. A mark says that everything before it is written, so that commits must happen
/// in order, and none behind one that has failed.
pub(super) struct JdbcCommitter {
    pool: Pool,
    target: Arc<WriteTarget>,
    turn: Turn,
}

impl JdbcCommitter {
    pub(super) const fn new(pool: Pool, target: Arc<WriteTarget>, turn: Turn) -> Self {
        Self { pool, target, turn }
    }
}

impl Committer<JdbcCommittable> for JdbcCommitter {
    async fn commit(&self, mut committables: Vec<JdbcCommittable>) -> Result<()> {
        self.turn.begin().await?;
        // Of several writers, after a restore; each in its order.
        committables.sort_by(|one, other| {
            (&one.mark.writer, one.mark.sequence).cmp(&(&other.mark.writer, other.mark.sequence))
        });
        for JdbcCommittable { mark, changes } in &committables {
            self.pool.ask(&Write { target: &self.target, changes, mark: Some(mark) }).await?;
        }
        self.turn.succeeded();
        Ok(())
    }
}
