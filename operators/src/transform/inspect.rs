//! Inspect: looks at records and lets them pass.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Calls `look` with each record and lets it pass unchanged, for debugging and for counting.
    ///
    /// After a failure records may be seen again: what `look` does outside is at least once.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// # let env = Environment::new();
    /// let seen = Arc::new(AtomicU64::new(0));
    /// let counter = seen.clone();
    /// env.from_collection(0..5).inspect(move |_| drop(counter.fetch_add(1, Ordering::Relaxed))).discard();
    /// env.execute("inspect")?;
    /// assert_eq!(seen.load(Ordering::Relaxed), 5);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn inspect(&self, look: impl FnMut(&T) + Clone + Send + Sync + 'static) -> Self {
        self.apply("Inspect", move |_| {
            let mut look = look.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, T>| {
                batch.records().iter().for_each(&mut look);
                output.forward(batch)
            })
        })
    }
}
