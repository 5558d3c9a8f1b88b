//! Filter: only some records stay.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Keeps the records for which `keep` holds. As Flink's `filter`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let even = env.from_collection(1..=6).filter(|n| n % 2 == 0).collect();
    /// env.execute("even numbers")?;
    /// assert_eq!(even.sorted(), [2, 4, 6]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "FilterFunction")]
    #[must_use]
    pub fn filter(&self, keep: impl FnMut(&T) -> bool + Clone + Send + Sync + 'static) -> Self {
        self.apply("Filter", move |_| {
            let mut keep = keep.clone();
            // In place: the batch that came in goes on, shorter.
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, T>| {
                batch.retain(&mut keep);
                output.forward(batch)
            })
        })
    }
}
