//! Filter map: one record becomes another, or nothing.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Turns each record into another, or drops it where the function says `None`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["1", "two", "3"].map(String::from));
    /// let numbers = words.filter_map(|word| word.parse::<i64>().ok()).collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [1, 3]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn filter_map<O: Record>(
        &self,
        function: impl FnMut(T) -> Option<O> + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.apply("Filter map", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, O>| {
                // At most as many go out as came in, so there is no need to look at the room.
                let target = output.batch();
                if !batch.has_timestamps() {
                    target.extend_untimed(batch.drain().filter_map(&mut function));
                    return Ok(());
                }
                for (record, timestamp) in batch.drain_timed() {
                    if let Some(made) = function(record) {
                        target.push(made, timestamp);
                    }
                }
                Ok(())
            })
        })
    }
}
