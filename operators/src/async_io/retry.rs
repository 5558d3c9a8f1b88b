//! Whether, when and how often something is asked again.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::{Error, ErrorKind};

/// Whether an answer is not good enough.
type AnswerPredicate<O> = Arc<dyn Fn(&[O]) -> bool + Send + Sync>;
/// Whether an error may be gone the next time.
type ErrorPredicate = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// Whether, when and how often a request is made again that has failed, or whose answer is not good enough. As Flink's
/// `AsyncRetryStrategies`.
///
/// Unless it is said [which errors](Self::if_error) or [answers](Self::if_answer), any error is retried and no answer is.
/// A panic is never retried. When the attempts are used up, the last error fails the job, or the last answer is emitted.
/// All attempts share the [timeout](super::AsyncIo::timeout) of the record.
#[doc(alias(
    "AsyncRetryStrategies",
    "FixedDelayRetryStrategyBuilder",
    "ExponentialBackoffDelayRetryStrategyBuilder"
))]
#[must_use = "a strategy does nothing before it is given to `AsyncIo::retry`"]
pub struct AsyncRetryStrategy<O> {
    /// How often a request is made again.
    retries: u32,
    delay: Delay,
    answers: Option<AnswerPredicate<O>>,
    errors: Option<ErrorPredicate>,
}

#[derive(Clone, Copy, Debug)]
enum Delay {
    Fixed(Duration),
    Exponential { first: Duration, longest: Duration, multiplier: f64 },
}

impl<O> Clone for AsyncRetryStrategy<O> {
    fn clone(&self) -> Self {
        let Self { retries, delay, answers, errors } = self;
        Self { retries: *retries, delay: *delay, answers: answers.clone(), errors: errors.clone() }
    }
}

impl<O> AsyncRetryStrategy<O> {
    /// Up to `retries` further attempts, each `delay` after the one before has failed. As Flink's
    /// `FixedDelayRetryStrategyBuilder`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use millstream::async_io::AsyncRetryStrategy;
    ///
    /// # let env = Environment::new().parallelism(1);
    /// static REQUESTS: AtomicU32 = AtomicU32::new(0);
    /// let answers = env
    ///     .from_collection(["tea".to_owned()])
    ///     .map_async(|word| async move {
    ///         match REQUESTS.fetch_add(1, Ordering::Relaxed) {
    ///             0 => Err("the service is busy")?,
    ///             request => Ok(format!("{word}, in attempt {}", request + 1)),
    ///         }
    ///     })
    ///     .retry(AsyncRetryStrategy::fixed_delay(3, Duration::from_millis(1)))
    ///     .ordered()
    ///     .collect();
    /// env.execute("ask again")?;
    /// assert_eq!(answers.to_vec(), ["tea, in attempt 2"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn fixed_delay(retries: u32, delay: Duration) -> Self {
        Self { retries, delay: Delay::Fixed(delay), answers: None, errors: None }
    }

    /// Up to `retries` further attempts, the first one `first` after the first failure, and each later one after
    /// `multiplier` times the delay before it, which is `longest` at most. As Flink's
    /// `ExponentialBackoffDelayRetryStrategyBuilder`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::async_io::AsyncRetryStrategy;
    /// use millstream::testing::async_operator;
    ///
    /// #[derive(Clone)]
    /// struct Never;
    ///
    /// impl AsyncFunction<u32, u32> for Never {
    ///     async fn invoke(&self, _: u32) -> FunctionResult<Vec<u32>> {
    ///         Err("no answer")?
    ///     }
    /// }
    ///
    /// let second = Duration::from_secs(1);
    /// let backoff = AsyncRetryStrategy::exponential_backoff(3, second, second * 3, 2.0);
    /// let mut harness = async_operator(Never).retry(backoff).ordered().open()?;
    /// harness.push(7)?;
    /// // The second attempt is after one second, the third after two more, and the last after three.
    /// harness.advance(second * 5)?;
    /// assert!(harness.advance(second).unwrap_err().to_string().contains("no answer"));
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn exponential_backoff(
        retries: u32,
        first: Duration,
        longest: Duration,
        multiplier: f64,
    ) -> Self {
        Self {
            retries,
            delay: Delay::Exponential { first, longest, multiplier },
            answers: None,
            errors: None,
        }
    }

    /// Asks again if the answers to a record satisfy this: if there are none, for instance. As Flink's `ifResult`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use millstream::async_io::AsyncRetryStrategy;
    ///
    /// # let env = Environment::new().parallelism(1);
    /// static REQUESTS: AtomicU32 = AtomicU32::new(0);
    /// // The row turns up a moment after the record.
    /// let rows = env
    ///     .from_collection([7])
    ///     .flat_map_async(|id| async move { Ok((REQUESTS.fetch_add(1, Ordering::Relaxed) > 1).then_some(id)) })
    ///     .retry(AsyncRetryStrategy::fixed_delay(5, Duration::from_millis(1)).if_answer(|rows| rows.is_empty()))
    ///     .ordered()
    ///     .collect();
    /// env.execute("late rows")?;
    /// assert_eq!(rows.to_vec(), [7]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("ifResult", "RetryPredicates", "EMPTY_RESULT_PREDICATE"))]
    pub fn if_answer(mut self, predicate: impl Fn(&[O]) -> bool + Send + Sync + 'static) -> Self {
        self.answers = Some(Arc::new(predicate));
        self
    }

    /// Asks again only after errors that satisfy this. As Flink's `ifException`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::async_io::AsyncRetryStrategy;
    ///
    /// # let env = Environment::new();
    /// let strategy = AsyncRetryStrategy::fixed_delay(u32::MAX, Duration::ZERO);
    /// let refused = env
    ///     .from_collection([7])
    ///     .map_async(|_: u32| async { Err("no such customer")? })
    ///     .retry(strategy.if_error(|error| error.to_string().contains("busy")))
    ///     .ordered();
    /// refused.map(|answer: u32| answer).discard();
    /// assert!(env.execute("ask").unwrap_err().to_string().contains("no such customer"));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("ifException", "HAS_EXCEPTION_PREDICATE"))]
    pub fn if_error(mut self, predicate: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.errors = Some(Arc::new(predicate));
        self
    }

    /// What is wrong with it, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let Delay::Exponential { first, longest, multiplier } = self.delay else { return None };
        if !multiplier.is_finite() || multiplier < 1.0 {
            return Some(format!(
                "the delays between attempts grow by a factor of {multiplier}, which must be 1 or more"
            ));
        }
        (first > longest).then(|| {
            format!("the first delay between attempts is {first:?}, above the longest one, {longest:?}")
        })
    }

    /// When to ask again, after the attempt with this number (from 1) has been answered; `None` if the answer stands.
    pub(super) fn after_answer(&self, attempt: u32, answers: &[O]) -> Option<Duration> {
        let predicate = self.answers.as_ref()?;
        (attempt <= self.retries && predicate(answers)).then(|| self.delay.after(attempt))
    }

    /// When to ask again, after the attempt with this number (from 1) has failed; `None` if the job fails.
    pub(super) fn after_error(&self, attempt: u32, error: &Error) -> Option<Duration> {
        if attempt > self.retries || error.kind() == ErrorKind::Panic {
            return None;
        }
        let wanted = self.errors.as_ref().is_none_or(|predicate| predicate(error));
        wanted.then(|| self.delay.after(attempt))
    }
}

impl Delay {
    /// The delay after the attempt with this number, from 1.
    fn after(self, attempt: u32) -> Duration {
        match self {
            Self::Fixed(delay) => delay,
            Self::Exponential { first, longest, multiplier } => {
                let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
                let seconds = first.as_secs_f64() * multiplier.powi(exponent);
                // Too much for a duration, if not for the strategy.
                Duration::try_from_secs_f64(seconds).map_or(longest, |delay| delay.min(longest))
            }
        }
    }
}
