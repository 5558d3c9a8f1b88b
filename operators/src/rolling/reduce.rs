//! Reduce: each key's records combined into one of the same type.

use std::convert::Infallible;

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::function::{FunctionError, FunctionResult};
use crate::{KeyedStream, Stream};

#[derive(Clone)]
pub(super) struct Reduce<F>(pub(super) F);

impl<K, T, E, F> RollingFunction<K, T> for Reduce<F>
where
    K: Key,
    T: Record,
    E: Into<FunctionError>,
    F: FnMut(T, T) -> Result<T, E> + Clone + Send + Sync + 'static,
{
    /// Empty only while the function has it: taking it out of the table altogether would cost
    /// looking the key up twice.
    type Accumulator = Option<T>;
    type Output = T;
    type Failure = E;

    fn first(&mut self, _: &K, record: T) -> Result<(Option<T>, T), E> {
        Ok((Some(record.clone()), record))
    }

    fn next(&mut self, accumulator: &mut Option<T>, _: K, record: T) -> Result<T, E> {
        let reduced = match accumulator.take() {
            Some(before) => (self.0)(before, record)?,
            None => record,
        };
        *accumulator = Some(reduced.clone());
        Ok(reduced)
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
    /// let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["ab", "ac", "b"].map(String::from));
    /// let joined = words.key_by(|word| word.len()).reduce(|before, word| before + &word).collect();
    /// env.execute("join words")?;
    /// assert_eq!(joined.sorted(), ["ab", "abac", "b"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce(&self, mut function: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static) -> Stream<T> {
        self.rolling("Reduce", Reduce(move |before, record| Ok::<_, Infallible>(function(before, record))))
    }

    /// Combines each key's records into one, and emits that for each record, or fails the job. As
    /// [`reduce`](Self::reduce).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let prices = env.from_collection([200_u8, 50, 100]);
    /// let sums = prices.key_by(|_| ()).try_reduce(|sum, price| Ok(sum.checked_add(price).ok_or("too dear")?));
    /// sums.discard();
    /// let error = env.execute("sums").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Function);
    /// assert!(error.to_string().contains("too dear"));
    /// ```
    pub fn try_reduce(
        &self,
        function: impl FnMut(T, T) -> FunctionResult<T> + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        self.rolling("Reduce", Reduce(function))
    }
}
