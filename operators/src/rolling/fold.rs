//! Fold: each key's records combined into a value of another type.

use std::convert::Infallible;

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::function::{FunctionError, FunctionResult};
use crate::{KeyedStream, Stream};

#[derive(Clone)]
struct Fold<A, F> {
    init: A,
    function: F,
}

impl<K, T, A, E, F> RollingFunction<K, T> for Fold<A, F>
where
    K: Key,
    A: Record,
    E: Into<FunctionError>,
    F: FnMut(&mut A, T) -> Result<(), E> + Clone + Send + Sync + 'static,
{
    type Accumulator = A;
    type Output = (K, A);
    type Failure = E;

    fn first(&mut self, key: &K, record: T) -> Result<(A, (K, A)), E> {
        let mut accumulator = self.init.clone();
        (self.function)(&mut accumulator, record)?;
        Ok((accumulator.clone(), (key.clone(), accumulator)))
    }

    fn next(&mut self, accumulator: &mut A, key: K, record: T) -> Result<(K, A), E> {
        (self.function)(accumulator, record)?;
        Ok((key, accumulator.clone()))
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Adds each record to its key's accumulator, which begins as `init`, and emits a copy of it.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let numbers = env.from_collection(1..=4);
    /// let products = numbers.key_by(|n| n % 2).fold(1, |product, n| *product *= n).collect();
    /// env.execute("products")?;
    /// assert_eq!(products.sorted(), [(0, 2), (0, 8), (1, 1), (1, 3)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn fold<A: Record>(
        &self,
        init: A,
        mut function: impl FnMut(&mut A, T) + Clone + Send + Sync + 'static,
    ) -> Stream<(K, A)> {
        let function = move |accumulator: &mut A, record| {
            function(accumulator, record);
            Ok::<_, Infallible>(())
        };
        self.rolling("Fold", Fold { init, function })
    }

    /// Adds each record to its key's accumulator, which begins as `init`, and emits a copy of it, or fails
    /// the job. As [`fold`](Self::fold).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let total = |words: [&str; 2]| {
    ///     let env = Environment::new();
    ///     let words = env.from_collection(words.map(String::from)).parallelism(1);
    ///     let totals = words.key_by(|_| ()).try_fold(0, |total, word| {
    ///         *total += word.parse::<u32>()?;
    ///         Ok(())
    ///     });
    ///     let totals = totals.map(|(_, total)| total).collect();
    ///     env.execute("totals").map(|_| totals.to_vec())
    /// };
    /// assert_eq!(total(["3", "4"])?, [3, 7]);
    /// assert!(total(["3", "four"]).unwrap_err().to_string().contains("invalid digit"));
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn try_fold<A: Record>(
        &self,
        init: A,
        function: impl FnMut(&mut A, T) -> FunctionResult + Clone + Send + Sync + 'static,
    ) -> Stream<(K, A)> {
        self.rolling("Fold", Fold { init, function })
    }
}
