//! Windows whose records are combined as they come.

use std::convert::Infallible;
use std::sync::Arc;

use millstream_state::{AggregateFunction, Key, Record};

use super::function::Results;
use super::pane::{Aggregate, Reduce, TryAggregate};
use super::{FiringRule, WindowAssigner, WindowResult, WindowedStream};
use crate::Stream;
use crate::function::FunctionResult;

/// An [`AggregateFunction`] that may fail: the job then fails with what it returns. See
/// [`WindowedStream::try_aggregate`] for an example.
pub trait TryAggregateFunction: Send + Sync + 'static {
    /// What is added.
    type Input;
    /// What is kept.
    type Accumulator: Record;
    /// What comes out.
    type Output: Record;

    /// An accumulator to which nothing has been added.
    fn create_accumulator(&self) -> Self::Accumulator;

    /// Adds a record.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn add(&self, input: &Self::Input, accumulator: &mut Self::Accumulator) -> FunctionResult;

    /// The result of what has been added so far.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn result(&self, accumulator: &Self::Accumulator) -> FunctionResult<Self::Output>;

    /// Adds everything that was added to `other`; [sessions](super::EventTimeSessionWindows) and
    /// [sliding windows](super::SlidingEventTimeWindows) need it.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn merge(&self, accumulator: &mut Self::Accumulator, other: Self::Accumulator) -> FunctionResult;
}

impl<K: Key, T: Record, W: WindowAssigner<T>, R: FiringRule<T, W>> WindowedStream<K, T, W, R> {
    /// Combines the records of each window into one. The function gets what came of the records so
    /// far, and the next. As Flink's `reduce`.
    ///
    /// In sessions and sliding windows the next may be what came of several records, some of which came
    /// before: the function must be associative, and commutative if records come out of order.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::window::GlobalWindows;
    /// # let env = Environment::new();
    /// let temperatures = [("Rome", 21), ("Oslo", 7), ("Rome", 24)];
    /// let temperatures = env.from_collection(temperatures.map(|(city, degrees)| (city.to_owned(), degrees)));
    /// let highest = temperatures
    ///     .key_by(|(city, _)| city.clone())
    ///     .window(GlobalWindows::at_end())
    ///     .reduce(|high, next| if next.1 > high.1 { next } else { high })
    ///     .map(|result| result.value)
    ///     .collect();
    /// env.execute("highest temperatures")?;
    /// assert_eq!(highest.sorted(), [("Oslo".to_owned(), 7), ("Rome".to_owned(), 24)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce(
        self,
        mut function: impl FnMut(T, T) -> T + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, T, W::Window>> {
        self.apply(Results(Reduce(move |before, record| Ok::<_, Infallible>(function(before, record)))))
    }

    /// Combines the records of each window into one, or fails the job. As [`reduce`](Self::reduce).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let sums = env
    ///     .from_collection([100_u8, 100, 100])
    ///     .key_by(|_| ())
    ///     .window(GlobalWindows::at_end())
    ///     .try_reduce(|sum, next| Ok(sum.checked_add(next).ok_or("the sum is above 255")?));
    /// sums.discard();
    /// let error = env.execute("sums").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Function);
    /// assert!(error.to_string().contains("the sum is above 255"));
    /// ```
    pub fn try_reduce(
        self,
        function: impl FnMut(T, T) -> FunctionResult<T> + Clone + Send + Sync + 'static,
    ) -> Stream<WindowResult<K, T, W::Window>> {
        self.apply(Results(Reduce(function)))
    }

    /// Aggregates the records of each window. As Flink's `aggregate`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    ///
    /// struct Mean;
    /// impl AggregateFunction for Mean {
    ///     type Input = f64;
    ///     type Accumulator = (f64, u32);
    ///     type Output = f64;
    ///     fn create_accumulator(&self) -> (f64, u32) {
    ///         (0.0, 0)
    ///     }
    ///     fn add(&self, input: &f64, (sum, count): &mut (f64, u32)) {
    ///         *sum += input;
    ///         *count += 1;
    ///     }
    ///     fn result(&self, (sum, count): &(f64, u32)) -> f64 {
    ///         sum / f64::from(*count)
    ///     }
    ///     fn merge(&self, (sum, count): &mut (f64, u32), other: (f64, u32)) {
    ///         *sum += other.0;
    ///         *count += other.1;
    ///     }
    /// }
    /// # let env = Environment::new();
    /// let means = env
    ///     .from_collection([0.5, 1.5, 4.0])
    ///     .key_by(|number| *number >= 2.0)
    ///     .window(GlobalWindows::at_end())
    ///     .aggregate(Mean)
    ///     .map(|result| (result.key, result.value.to_string()))
    ///     .collect();
    /// env.execute("means")?;
    /// assert_eq!(means.sorted(), [(false, "1".to_owned()), (true, "4".to_owned())]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn aggregate<A: AggregateFunction<Input = T>>(
        self,
        function: A,
    ) -> Stream<WindowResult<K, A::Output, W::Window>> {
        self.apply(Results(Aggregate(Arc::new(function))))
    }

    /// Aggregates the records of each window with a function that may fail the job. As
    /// [`aggregate`](Self::aggregate).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::TryAggregateFunction;
    ///
    /// /// Adds up numbers in words.
    /// struct Sum;
    ///
    /// impl TryAggregateFunction for Sum {
    ///     type Input = String;
    ///     type Accumulator = u64;
    ///     type Output = u64;
    ///     fn create_accumulator(&self) -> u64 {
    ///         0
    ///     }
    ///     fn add(&self, word: &String, sum: &mut u64) -> FunctionResult {
    ///         *sum += word.parse::<u64>()?;
    ///         Ok(())
    ///     }
    ///     fn result(&self, sum: &u64) -> FunctionResult<u64> {
    ///         Ok(*sum)
    ///     }
    ///     fn merge(&self, sum: &mut u64, other: u64) -> FunctionResult {
    ///         *sum += other;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let add_up = |words: [&str; 2]| {
    ///     let env = Environment::new();
    ///     let words = env.from_collection(words.map(String::from));
    ///     let sums = words.key_by(|_| ()).window(GlobalWindows::at_end()).try_aggregate(Sum);
    ///     let sums = sums.map(|result| result.value).collect();
    ///     env.execute("add up").map(|_| sums.to_vec())
    /// };
    /// assert_eq!(add_up(["3", "4"])?, [7]);
    /// assert!(add_up(["3", "four"]).unwrap_err().to_string().contains("invalid digit"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_aggregate<A: TryAggregateFunction<Input = T>>(
        self,
        function: A,
    ) -> Stream<WindowResult<K, A::Output, W::Window>> {
        self.apply(Results(TryAggregate(Arc::new(function))))
    }
}
