//! Sinks without memory: throwing records away, and calling a function with each.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::StreamSink;
use crate::Stream;
use crate::transform::each_batch;

impl<T: Record> Stream<T> {
    /// Throws the records away, for measuring what comes before. As Flink's `DiscardingSink`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// env.from_collection(0..3).discard();
    /// env.execute("nothing")?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "DiscardingSink")]
    pub fn discard(&self) -> StreamSink {
        self.end_in("Discard", || {
            each_batch(|batch: &mut Batch<T>, _: &mut Output<'_, ()>| {
                batch.clear();
                Ok(())
            })
        })
    }

    /// Calls `function` with each record, at the end of the stream.
    ///
    /// It runs on the task's thread and must not block. What it does outside is at least once:
    /// after a failure records come again. Exactly once takes a [`Sink`](crate::sink::Sink).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// # let env = Environment::new();
    /// let sum = Arc::new(AtomicU64::new(0));
    /// let adder = sum.clone();
    /// env.from_collection(1..=3).for_each(move |n| drop(adder.fetch_add(n, Ordering::Relaxed)));
    /// env.execute("sum")?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 6);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn for_each(&self, function: impl FnMut(T) + Clone + Send + Sync + 'static) -> StreamSink {
        self.end_in("For each", move || {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, _: &mut Output<'_, ()>| {
                batch.drain().for_each(&mut function);
                Ok(())
            })
        })
    }
}
