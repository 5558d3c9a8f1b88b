//! Sum: of a field of each key's records.

use std::convert::Infallible;
use std::ops::AddAssign;

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::{KeyedStream, Stream};

#[derive(Clone)]
struct Sum<F>(F);

impl<K, T, N, F> RollingFunction<K, T> for Sum<F>
where
    K: Key,
    N: Record + AddAssign,
    F: FnMut(&T) -> N + Clone + Send + Sync + 'static,
{
    type Accumulator = N;
    type Output = (K, N);
    type Failure = Infallible;

    fn first(&mut self, key: &K, record: T) -> Result<(N, (K, N)), Infallible> {
        let sum = (self.0)(&record);
        Ok((sum.clone(), (key.clone(), sum)))
    }

    fn next(&mut self, sum: &mut N, key: K, record: T) -> Result<(K, N), Infallible> {
        *sum += (self.0)(&record);
        Ok((key, sum.clone()))
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Emits, for each record, the sum of a field over its key's records so far. As Flink's `sum`.
    ///
    /// The sum has the type that `field` yields: choose one that is wide enough.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let sales = env.from_collection([("tea".to_owned(), 3_u32), ("tea".to_owned(), 4)]);
    /// let totals = sales.keyed().sum(|pieces| u64::from(*pieces)).collect();
    /// env.execute("totals")?;
    /// assert_eq!(totals.sorted(), [("tea".to_owned(), 3), ("tea".to_owned(), 7)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn sum<N: Record + AddAssign>(
        &self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<(K, N)> {
        self.rolling("Sum", Sum(field))
    }
}
