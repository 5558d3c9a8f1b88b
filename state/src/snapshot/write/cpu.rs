//! Where blocks are encoded: not where somebody waits for the network.

use futures::channel::oneshot;

use crate::{Result, StateError};

/// Threads for work that computes and never waits.
pub trait CpuPool: Send + Sync {
    /// Does the work on one of them. It does not panic.
    fn compute(&self, work: Box<dyn FnOnce() + Send>);
}

/// Does the work at once, on the thread that asks for it: for tools and tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnThisThread;

impl CpuPool for OnThisThread {
    fn compute(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// What `work` gives, once the pool has done it.
///
/// # Errors
/// Those of the work; [`StateError::Usage`] where the pool was stopped first.
pub(super) async fn computed<T: Send + 'static>(
    pool: &dyn CpuPool,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, result) = oneshot::channel();
    pool.compute(Box::new(move || {
        // The caller may have stopped waiting.
        let _ = answer.send(work());
    }));
    let stopped = |_| StateError::Usage("the threads that encode snapshots have been stopped".into());
    result.await.map_err(stopped)?
}
