//! Sum, min and max over the records of a window.

use std::cmp::Ordering;
use std::ops::AddAssign;

use millstream_state::{Key, Record};

use super::function::Results;
use super::pane::MapReduce;
use super::{FiringRule, WindowAssigner, WindowResult, WindowedStream};
use crate::Stream;
use crate::rolling::beats;

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowedStream<K, T, W, R> {
    /// Adds up a field of the records of each window. As Flink's `sum`.
    ///
    /// The sum has the type that `field` yields: choose one that is wide enough.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let sales = env.from_collection([("tea".to_owned(), 3_u32), ("tea".to_owned(), 4)]);
    /// let totals = sales
    ///     .key_by(|(what, _)| what.clone())
    ///     .window(GlobalWindows::at_end())
    ///     .sum(|(_, pieces)| u64::from(*pieces))
    ///     .map(|result| (result.key, result.value))
    ///     .collect();
    /// env.execute("totals")?;
    /// assert_eq!(totals.to_vec(), [("tea".to_owned(), 7)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn sum<N: Record + AddAssign>(
        self,
        mut field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, N, W::Window>> {
        self.apply(Results(MapReduce {
            map: move |record: T| field(&record),
            reduce: |sum: &mut N, next| *sum += next,
        }))
    }

    /// The smallest value of a field among the records of each window. As Flink's `min`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let prices = env.from_collection([3.5, 3.0, 4.0]);
    /// let lowest = prices.key_by(|_| ()).window(GlobalWindows::at_end()).min(|price| *price);
    /// let lowest = lowest.map(|result| result.value).collect();
    /// env.execute("lowest price")?;
    /// assert_eq!(lowest.to_vec(), [3.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn min<N: Record + PartialOrd>(
        self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, N, W::Window>> {
        self.best_value(field, Ordering::Less)
    }

    /// The greatest value of a field among the records of each window. As Flink's `max`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let prices = env.from_collection([3.5, 3.0, 4.0]);
    /// let highest = prices.key_by(|_| ()).window(GlobalWindows::at_end()).max(|price| *price);
    /// let highest = highest.map(|result| result.value).collect();
    /// env.execute("highest price")?;
    /// assert_eq!(highest.to_vec(), [4.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn max<N: Record + PartialOrd>(
        self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, N, W::Window>> {
        self.best_value(field, Ordering::Greater)
    }

    /// The record of each window with the smallest value of a field; of several with the same, the first. As Flink's `minBy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["tea", "to", "be"].map(String::from));
    /// let shortest = words.key_by(|_| ()).window(GlobalWindows::at_end()).min_by(|word| word.len());
    /// let shortest = shortest.map(|result| result.value).collect();
    /// env.execute("shortest word")?;
    /// assert_eq!(shortest.to_vec(), ["to"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "minBy")]
    pub fn min_by<N: PartialOrd>(
        self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, T, W::Window>> {
        self.best_record(field, Ordering::Less)
    }

    /// The record of each window with the greatest value of a field; of several with the same, the first. As Flink's `maxBy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new().parallelism(1);
    /// let words = env.from_collection(["to", "tea", "ten"].map(String::from));
    /// let longest = words.key_by(|_| ()).window(GlobalWindows::at_end()).max_by(|word| word.len());
    /// let longest = longest.map(|result| result.value).collect();
    /// env.execute("longest word")?;
    /// assert_eq!(longest.to_vec(), ["tea"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "maxBy")]
    pub fn max_by<N: PartialOrd>(
        self,
        field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, T, W::Window>> {
        self.best_record(field, Ordering::Greater)
    }

    fn best_value<N: Record + PartialOrd>(
        self,
        mut field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
        wanted: Ordering,
    ) -> Stream<WindowResult<K, N, W::Window>> {
        self.apply(Results(MapReduce {
            map: move |record: T| field(&record),
            reduce: move |best: &mut N, next: N| {
                if beats(&next, best, wanted) {
                    *best = next;
                }
            },
        }))
    }

    fn best_record<N: PartialOrd>(
        self,
        mut field: impl FnMut(&T) -> N + Clone + Send + Sync + 'static,
        wanted: Ordering,
    ) -> Stream<WindowResult<K, T, W::Window>> {
        self.apply(Results(MapReduce {
            map: |record: T| record,
            reduce: move |best: &mut T, next: T| {
                if beats(&field(&next), &field(best), wanted) {
                    *best = next;
                }
            },
        }))
    }
}
