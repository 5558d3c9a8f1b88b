//! Count: how many records each key has had.

use std::convert::Infallible;

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::{KeyedStream, Stream};

#[derive(Clone)]
pub(super) struct Count;

impl<K: Key, T> RollingFunction<K, T> for Count {
    type Accumulator = u64;
    type Output = (K, u64);
    type Failure = Infallible;

    fn first(&mut self, key: &K, _: T) -> Result<(u64, (K, u64)), Infallible> {
        Ok((1, (key.clone(), 1)))
    }

    fn next(&mut self, count: &mut u64, key: K, _: T) -> Result<(K, u64), Infallible> {
        *count += 1;
        Ok((key, *count))
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Emits, for each record, how many its key has had so far.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let words = env.from_collection(["to", "be", "or", "not", "to", "be"].map(String::from));
    /// let counts = words.key_by(|word| word.clone()).count().collect();
    /// env.execute("count words")?;
    /// let expected = [("be", 1), ("be", 2), ("not", 1), ("or", 1), ("to", 1), ("to", 2)];
    /// assert_eq!(counts.sorted(), expected.map(|(word, count)| (word.to_owned(), count)));
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count(&self) -> Stream<(K, u64)> {
        self.rolling("Count", Count)
    }
}
