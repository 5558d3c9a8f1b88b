//! Fold: each key's records combined into a value of another type.

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::{KeyedStream, Stream};

#[derive(Clone)]
struct Fold<A, F> {
    init: A,
    function: F,
}

impl<K, T, A, F> RollingFunction<K, T> for Fold<A, F>
where
    K: Key,
    A: Record,
    F: FnMut(&mut A, T) + Clone + Send + Sync + 'static,
{
    type Accumulator = A;
    type Output = (K, A);

    fn first(&mut self, key: &K, record: T) -> (A, (K, A)) {
        let mut accumulator = self.init.clone();
        (self.function)(&mut accumulator, record);
        (accumulator.clone(), (key.clone(), accumulator))
    }

    fn next(&mut self, accumulator: &mut A, key: K, record: T) -> (K, A) {
        (self.function)(accumulator, record);
        (key, accumulator.clone())
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
        function: impl FnMut(&mut A, T) + Clone + Send + Sync + 'static,
    ) -> Stream<(K, A)> {
        self.rolling("Fold", Fold { init, function })
    }
}
