//! Min and max: the smallest or greatest of each key's records, or of a field of them.

use std::cmp::Ordering;
use std::convert::Infallible;

use millstream_state::{Key, Record};

use super::RollingFunction;
use crate::{KeyedStream, Stream};

/// Whether `new` takes the place of `best`: among equals the first stays, and what cannot be
/// compared with itself (NaN) gives way to anything.
pub(crate) fn beats<N: PartialOrd>(new: &N, best: &N, wanted: Ordering) -> bool {
    match new.partial_cmp(best) {
        Some(ordering) => ordering == wanted,
        None => best.partial_cmp(best).is_none(),
    }
}

/// Keeps the field's best value.
#[derive(Clone)]
pub(super) struct BestValue<F> {
    pub(super) field: F,
    pub(super) wanted: Ordering,
}

impl<K, T, N, F> RollingFunction<K, T> for BestValue<F>
where
    K: Key,
    N: Record + PartialOrd,
    F: FnMut(&T) -> N + Clone + Send + Sync + 'static,
{
    type Accumulator = N;
    type Output = (K, N);
    type Failure = Infallible;

    fn first(&mut self, key: &K, record: T) -> Result<(N, (K, N)), Infallible> {
        let value = (self.field)(&record);
        Ok((value.clone(), (key.clone(), value)))
    }

    fn next(&mut self, best: &mut N, key: K, record: T) -> Result<(K, N), Infallible> {
        let value = (self.field)(&record);
        if beats(&value, best, self.wanted) {
            *best = value;
        }
        Ok((key, best.clone()))
    }
}

/// Keeps the record whose field is best.
#[derive(Clone)]
struct BestRecord<F> {
    pub(super) field: F,
    pub(super) wanted: Ordering,
}

impl<K, T, N, F> RollingFunction<K, T> for BestRecord<F>
where
    K: Key,
    T: Record,
    N: PartialOrd,
    F: FnMut(&T) -> N + Clone + Send + Sync + 'static,
{
    type Accumulator = T;
    type Output = T;
    type Failure = Infallible;

    fn first(&mut self, _: &K, record: T) -> Result<(T, T), Infallible> {
        Ok((record.clone(), record))
    }

    fn next(&mut self, best: &mut T, _: K, record: T) -> Result<T, Infallible> {
        if beats(&(self.field)(&record), &(self.field)(best), self.wanted) {
            best.clone_from(&record);
            return Ok(record);
        }
        Ok(best.clone())
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Emits, for each record, the smallest value of a field among its key's records so far. As
    /// Flink's `min`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let prices = env.from_collection([("tea".to_owned(), 3.5), ("tea".to_owned(), 3.0), ("tea".to_owned(), 4.0)]);
    /// let lowest = prices.keyed().min(|price| *price).map(|(_, price)| price).collect();
    /// env.execute("lowest prices")?;
    /// assert_eq!(lowest.to_vec(), [3.5, 3.0, 3.0]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn min<N: Record + PartialOrd>(
        &self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<(K, N)> {
        self.rolling("Min", BestValue { field, wanted: Ordering::Less })
    }

    /// Emits, for each record, the greatest value of a field among its key's records so far. As
    /// Flink's `max`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let prices = env.from_collection([("tea".to_owned(), 3.5), ("tea".to_owned(), 3.0), ("tea".to_owned(), 4.0)]);
    /// let highest = prices.keyed().max(|price| *price).map(|(_, price)| price).collect();
    /// env.execute("highest prices")?;
    /// assert_eq!(highest.to_vec(), [3.5, 3.5, 4.0]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn max<N: Record + PartialOrd>(
        &self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<(K, N)> {
        self.rolling("Max", BestValue { field, wanted: Ordering::Greater })
    }

    /// Emits, for each record, the one with the smallest value of a field among its key's records
    /// so far; of several with the same, the first. As Flink's `minBy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["tea", "to", "ta"].map(String::from));
    /// let shortest = words.key_by(|word| word.as_bytes()[0]).min_by(|word| word.len()).collect();
    /// env.execute("shortest words")?;
    /// assert_eq!(shortest.to_vec(), ["tea", "to", "to"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "minBy")]
    pub fn min_by<N: PartialOrd>(
        &self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        self.rolling("Min by", BestRecord { field, wanted: Ordering::Less })
    }

    /// Emits, for each record, the one with the greatest value of a field among its key's records
    /// so far; of several with the same, the first. As Flink's `maxBy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["to", "tea", "tie"].map(String::from));
    /// let longest = words.key_by(|word| word.as_bytes()[0]).max_by(|word| word.len()).collect();
    /// env.execute("longest words")?;
    /// assert_eq!(longest.to_vec(), ["to", "tea", "tea"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "maxBy")]
    pub fn max_by<N: PartialOrd>(
        &self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        self.rolling("Max by", BestRecord { field, wanted: Ordering::Greater })
    }
}
