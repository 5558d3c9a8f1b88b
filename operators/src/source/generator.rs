//! A source that computes its records from their numbers.

use std::marker::PhantomData;

use millstream_runtime::chain::{Output, SourceStatus};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

use super::strided::{Numbers, StridedSplit};
use super::{RateLimiter, Source, SourceReader};

/// Yields `function(0)`, `function(1)`, and so on. As Flink's `DataGeneratorSource`.
///
/// Each of the subtasks computes every `parallelism`-th record. The function must depend on the
/// number alone, so that a record is the same when it is made again after a failure.
pub struct GeneratorSource<T, F> {
    end: u64,
    function: F,
    per_second: Option<f64>,
    _record: PhantomData<fn() -> T>,
}

impl<T: Record, F: Fn(u64) -> T + Clone + Send + Sync + 'static> GeneratorSource<T, F> {
    /// A source of `count` records, or one that never ends.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let squares = env.from_source(GeneratorSource::new(Some(3), |number| number * number)).collect();
    /// env.execute("squares")?;
    /// assert_eq!(squares.sorted(), [0, 1, 4]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub const fn new(count: Option<u64>, function: F) -> Self {
        let end = match count {
            Some(count) => count,
            None => u64::MAX,
        };
        Self { end, function, per_second: None, _record: PhantomData }
    }

    /// Limits the whole source, all subtasks together, to `per_second` records a second; it must be
    /// above 0. `None` for no limit.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let numbers = env.from_source(GeneratorSource::new(Some(3), |number| number).rate(1_000.0));
    /// let numbers = numbers.collect();
    /// env.execute("slow numbers")?;
    /// assert_eq!(numbers.sorted(), [0, 1, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[must_use]
    pub fn rate(mut self, per_second: impl Into<Option<f64>>) -> Self {
        self.per_second = per_second.into();
        self
    }
}

impl<T: Record, F: Fn(u64) -> T + Clone + Send + Sync + 'static> Source for GeneratorSource<T, F> {
    type Record = T;
    type Split = StridedSplit;
    type Reader = GeneratorReader<T, F>;

    fn kind(&self) -> &'static str {
        "Generator"
    }

    async fn discover(&self) -> Result<Vec<StridedSplit>> {
        match self.per_second.filter(|rate| *rate <= 0.0 || rate.is_nan()) {
            None => Ok(Vec::new()),
            Some(rate) => Err(Error::new(
                ErrorKind::InvalidJob,
                format!("a rate of {rate} records a second: it must be above 0"),
            )),
        }
    }

    fn assign(&self, _: &[StridedSplit], subtask: u32, parallelism: u32) -> Vec<StridedSplit> {
        StridedSplit::share(subtask, parallelism)
    }

    fn reader(&self) -> GeneratorReader<T, F> {
        GeneratorReader {
            end: self.end,
            function: self.function.clone(),
            per_second: self.per_second,
            limiter: None,
            numbers: Numbers::default(),
            _record: PhantomData,
        }
    }
}

/// Reads a [`GeneratorSource`].
pub struct GeneratorReader<T, F> {
    end: u64,
    function: F,
    per_second: Option<f64>,
    limiter: Option<RateLimiter>,
    numbers: Numbers,
    _record: PhantomData<fn() -> T>,
}

impl<T: Record, F: Fn(u64) -> T + Clone + Send + Sync + 'static> SourceReader for GeneratorReader<T, F> {
    type Record = T;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        self.numbers.add(splits);
        // The splits say which part of the source this reader is, at whatever parallelism.
        let part = self.numbers.part_of_all();
        self.limiter = self.per_second.map(|rate| RateLimiter::new(rate * part));
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        let mut limit = output.batch_records();
        if let Some(limiter) = &mut self.limiter {
            let now = output.context().monotonic();
            limit = usize::try_from(limiter.allowance(now)).unwrap_or(limit).min(limit);
            if limit == 0 {
                output.context().wake_after(limiter.wait(now));
                return Ok(SourceStatus::Waiting);
            }
            limiter.pass(limit as u64);
        }
        let (function, target) = (&self.function, output.batch());
        let more =
            self.numbers.advance(self.end, limit, |run| target.extend_untimed(run.numbers().map(function)));
        Ok(if more { SourceStatus::More } else { SourceStatus::Ended })
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }
}
