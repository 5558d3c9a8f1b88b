//! A source that computes its records from their numbers.

use std::marker::PhantomData;

use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

use super::strided::{Numbers, StridedSplit};
use super::{Boundedness, GatedRateLimiter, RateLimiter, Source, SourceReader};

/// Yields `function(0)`, `function(1)`, and so on. As Flink's `DataGeneratorSource`.
///
/// Each of the subtasks computes every `parallelism`-th record. The function must depend on the
/// number alone, so that a record is the same when it is made again after a failure.
pub struct GeneratorSource<T, F> {
    end: u64,
    function: F,
    per_second: Option<f64>,
    per_checkpoint: Option<u64>,
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
        Self { end, function, per_second: None, per_checkpoint: None, _record: PhantomData }
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

    /// Limits the whole source, all subtasks together, to so many records from one checkpoint to the next, at least one for each
    /// subtask. `None` for no limit. As Flink's `RateLimiterStrategy.perCheckpoint`.
    ///
    /// The source emits so many, and then waits until a checkpoint is complete: for tests that want to know what is in each
    /// checkpoint. What a failed attempt has emitted since the last one is emitted again, and does not count.
    ///
    /// # Errors
    /// The job is refused if it takes no checkpoints: the source would never go on. With fewer records than subtasks
    /// it fails when it starts.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let env = env.parallelism(1).checkpoint_every(Duration::from_millis(1));
    /// let numbers = env.from_source(GeneratorSource::new(Some(20), |number| number).per_checkpoint(5)).collect();
    /// let report = env.execute("five by five")?;
    /// assert_eq!(numbers.len(), 20);
    /// // One after each five but the last, and one at the end.
    /// assert!(report.metrics.checkpoints.completed() >= 4);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias("perCheckpoint", "RateLimiterStrategy"))]
    #[must_use]
    pub fn per_checkpoint(mut self, records: impl Into<Option<u64>>) -> Self {
        self.per_checkpoint = records.into();
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

    fn boundedness(&self) -> Boundedness {
        if self.end == u64::MAX { Boundedness::Unbounded } else { Boundedness::Bounded }
    }

    fn needs_checkpoints(&self) -> bool {
        self.per_checkpoint.is_some()
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
            per_checkpoint: self.per_checkpoint,
            gate: None,
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
    per_checkpoint: Option<u64>,
    gate: Option<GatedRateLimiter>,
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
        let splits = self.numbers.splits();
        // A reader without splits, at a higher parallelism than before, has ended.
        let limit = self.per_checkpoint.filter(|_| !splits.is_empty());
        self.gate = limit.map(|records| GatedRateLimiter::share(records, &splits));
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        let mut limit = output.batch_records();
        if let Some(gate) = &self.gate {
            limit = usize::try_from(gate.allowance()).unwrap_or(limit).min(limit);
            if limit == 0 {
                return gate.check().map(|()| SourceStatus::Waiting);
            }
        }
        if let Some(limiter) = &mut self.limiter {
            let now = output.context().monotonic();
            limit = usize::try_from(limiter.allowance(now)).unwrap_or(limit).min(limit);
            if limit == 0 {
                output.context().wake_after(limiter.wait(now));
                return Ok(SourceStatus::Waiting);
            }
            limiter.pass(limit as u64);
        }
        if let Some(gate) = &mut self.gate {
            gate.pass(limit as u64);
        }
        let (function, target) = (&self.function, output.batch());
        let more =
            self.numbers.advance(self.end, limit, |run| target.extend_untimed(run.numbers().map(function)));
        Ok(if more { SourceStatus::More } else { SourceStatus::Ended })
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }

    fn checkpoint_completed(&mut self, _: Vec<StridedSplit>, cx: &mut TaskContext) -> Result<()> {
        if let Some(gate) = &mut self.gate {
            gate.checkpoint_completed();
            cx.waker().wake_by_ref();
        }
        Ok(())
    }
}
