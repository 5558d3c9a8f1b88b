//! Flat map: one record becomes any number of others.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::Record;

use super::each_batch;
use crate::Stream;

impl<T: Record> Stream<T> {
    /// Turns each record into any number of others, which carry its timestamp. As Flink's `flatMap`.
    ///
    /// ```
    /// # use millstream_operators::Environment;
    /// # let env = Environment::new();
    /// let lines = env.from_collection(["to be", "or not"].map(String::from));
    /// let words = lines.flat_map(|line| line.split(' ').map(String::from).collect::<Vec<_>>()).collect();
    /// env.execute("words")?;
    /// assert_eq!(words.sorted(), ["be", "not", "or", "to"]);
    /// # Ok::<(), millstream_operators::Error>(())
    /// ```
    pub fn flat_map<O: Record, M: IntoIterator<Item = O>>(
        &self,
        function: impl FnMut(T) -> M + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.transform("Flat map", move |_| {
            let mut function = function.clone();
            each_batch(move |batch: &mut Batch<T>, output: &mut Output<'_, O>| {
                for (record, timestamp) in batch.drain_timed() {
                    for made in function(record) {
                        output.emit(made, timestamp)?;
                    }
                }
                Ok(())
            })
        })
    }
}
