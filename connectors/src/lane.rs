//! What a writer has to say to an outside system, one after another.

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use millstream_runtime::Result;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::guard::guarded;

use crate::under_way::UnderWay;

/// Work, whose outcome several may wait for.
pub(crate) type Work<T> = Shared<BoxFuture<'static, Result<T>>>;

/// Does one piece of work after another: records keep their order, and what is prepared is behind all of them.
pub(crate) struct Lane {
    /// The last piece of work. Whoever waits for it waits for all before.
    last: Work<()>,
    under_way: UnderWay,
}

impl Default for Lane {
    fn default() -> Self {
        Self { last: async { Ok(()) }.boxed().shared(), under_way: UnderWay::default() }
    }
}

impl Lane {
    /// Does something after everything before, unless that has failed.
    pub(crate) fn push<T: Clone + Send + Sync + 'static>(
        &mut self,
        cx: &TaskContext,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Work<T> {
        let before = self.last.clone();
        // Guarded before it is shared: the panic is reported to all that wait for it.
        let work = guarded(async move {
            before.await?;
            work.await
        });
        let work = work.boxed().shared();
        self.last = work.clone().map(|done| done.map(drop)).boxed().shared();
        self.under_way.push(cx.spawn_io(self.last.clone()));
        work
    }

    /// Whether so much is under way that no more should be taken: some of it is certain to wake the task then.
    pub(crate) fn is_too_long(&mut self) -> Result<bool> {
        self.under_way.is_too_much()
    }
}
