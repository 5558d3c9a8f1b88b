//! Map: one record becomes one other.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Turns each record into another. As Flink's `map`.
    ///
    /// The function may keep something between calls; each subtask has a clone of it, and what it
    /// keeps is not part of snapshots.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let lengths = env.from_collection(["to", "be"].map(String::from)).map(|word| word.len()).collect();
    /// env.execute("lengths")?;
    /// assert_eq!(lengths.sorted(), [2, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "MapFunction")]
    pub fn map<O: Record>(&self, function: impl FnMut(T) -> O + Clone + Send + Sync + 'static) -> Stream<O> {
        self.apply("Map", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, O>| {
                batch.map_into(output.batch(), &mut function);
                Ok(())
            })
        })
    }
}
