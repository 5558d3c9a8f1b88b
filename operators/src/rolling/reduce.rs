//! Reduce: each key's records combined into one of the same type.

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::{KeyedStream, Stream};

#[derive(Clone)]
pub(super) struct Reduce<F>(pub(super) F);

impl<K, T, F> RollingFunction<K, T> for Reduce<F>
where
    K: Key,
    T: Record,
    F: FnMut(T, T) -> T + Clone + Send + Sync + 'static,
{
    /// Empty only while the function has it: taking it out of the table altogether would cost
    /// looking the key up twice.
    type Accumulator = Option<T>;
    type Output = T;

    fn first(&mut self, _: &K, record: T) -> (Option<T>, T) {
        (Some(record.clone()), record)
    }

    fn next(&mut self, accumulator: &mut Option<T>, _: K, record: T) -> T {
        let reduced = match accumulator.take() {
            Some(before) => (self.0)(before, record),
            None => record,
        };
        *accumulator = Some(reduced.clone());
        reduced
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Combines each key's records into one, and emits that for each record. As Flink's `reduce`.
    ///
    /// The function gets what came of the records so far, and the new one; a key's first record is
    /// emitted as it is.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["ab", "ac", "b"].map(String::from));
    /// let joined = words.key_by(|word| word.len()).reduce(|before, word| before + &word).collect();
    /// env.execute("join words")?;
    /// assert_eq!(joined.sorted(), ["ab", "abac", "b"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce(&self, function: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static) -> Stream<T> {
        self.rolling("Reduce", Reduce(function))
    }
}
