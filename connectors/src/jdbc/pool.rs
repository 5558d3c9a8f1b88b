//! Sessions that are used again, and what is tried again when one fails.

use std::sync::Arc;

use millstream_runtime::{ErrorKind, Result};
use parking_lot::Mutex;
use tracing::warn;

use super::connection::JdbcConnection;
use super::session::{Request, Session};
use crate::pause::Backoff;

/// Sessions with one database. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool {
    connection: Arc<JdbcConnection>,
    idle: Arc<Mutex<Vec<Session>>>,
}

impl Pool {
    pub(super) fn new(connection: JdbcConnection) -> Self {
        Self { connection: Arc::new(connection), idle: Arc::default() }
    }

    /// Asks something of the database; again, with another session, if that fails for a reason that may pass.
    pub(super) async fn ask<R: Request>(&self, request: &R) -> Result<R::Answer> {
        let mut backoff = Backoff::default();
        let mut failures = 0;
        loop {
            let error = match self.attempt(request).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            failures += 1;
            if error.kind() != ErrorKind::External || failures > self.connection.max_retries {
                return Err(error);
            }
            warn!(%error, "a database has failed; trying again");
            // What else waits is likely to have failed, too.
            self.idle.lock().clear();
            backoff.wait().await;
        }
    }

    async fn attempt<R: Request>(&self, request: &R) -> Result<R::Answer> {
        let idle = self.idle.lock().pop();
        let mut session = match idle {
            Some(session) => session,
            None => Session::connect(&self.connection).await?,
        };
        let answer = request.ask(&mut session).await?;
        self.idle.lock().push(session);
        Ok(answer)
    }
}
