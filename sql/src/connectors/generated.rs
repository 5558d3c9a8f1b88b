//! Sources whose rows are known by number: the same number is the same row, at any time and in any process.

use std::sync::Arc;

use millstream_operators::source::{Numbers, RateLimiter, Source, SourceReader, StridedSplit};
use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus};

use crate::chunk::Chunk;

/// Makes rows from their numbers.
pub trait RowGenerator: Send + Sync + 'static {
    /// The rows of these numbers, in their order; it may leave some out. `now` is the wall clock in milliseconds since
    /// 1970-01-01 UTC.
    ///
    /// # Errors
    /// What fails the job.
    fn generate(&self, numbers: &[u64], now: i64) -> Result<Chunk>;
}

/// A source of rows `0`, `1`, and so on; each of the subtasks makes every `parallelism`-th.
///
/// Its position is a row's number, so it goes on exactly at any parallelism.
pub struct GeneratedRows {
    kind: &'static str,
    generator: Arc<dyn RowGenerator>,
    end: u64,
    per_second: Option<f64>,
    stays_open: bool,
}

impl GeneratedRows {
    /// A source of `count` rows, or one that never ends; `per_second` limits all subtasks together, and is above 0.
    pub fn new(
        kind: &'static str,
        generator: Arc<dyn RowGenerator>,
        count: Option<u64>,
        per_second: Option<f64>,
    ) -> Self {
        Self { kind, generator, end: count.unwrap_or(u64::MAX), per_second, stays_open: false }
    }

    /// The same source, which does not end behind its last row: it waits.
    #[must_use]
    pub fn stays_open(self, stays_open: bool) -> Self {
        Self { stays_open, ..self }
    }
}

impl Source for GeneratedRows {
    type Record = Chunk;
    type Split = StridedSplit;
    type Reader = GeneratedRowsReader;

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn assign(&self, _: &[StridedSplit], subtask: u32, parallelism: u32) -> Vec<StridedSplit> {
        StridedSplit::share(subtask, parallelism)
    }

    fn reader(&self) -> GeneratedRowsReader {
        GeneratedRowsReader {
            generator: self.generator.clone(),
            end: self.end,
            per_second: self.per_second,
            stays_open: self.stays_open,
            limiter: None,
            numbers: Numbers::default(),
            buffer: Vec::new(),
        }
    }
}

/// Reads [`GeneratedRows`].
pub struct GeneratedRowsReader {
    generator: Arc<dyn RowGenerator>,
    end: u64,
    per_second: Option<f64>,
    stays_open: bool,
    limiter: Option<RateLimiter>,
    numbers: Numbers,
    buffer: Vec<u64>,
}

impl SourceReader for GeneratedRowsReader {
    type Record = Chunk;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        self.numbers.add(splits);
        let part = self.numbers.part_of_all();
        self.limiter = self.per_second.map(|rate| RateLimiter::new(rate * part));
    }

    fn next(&mut self, output: &mut Output<'_, Chunk>) -> Result<SourceStatus> {
        let mut limit = Chunk::ROWS;
        if let Some(limiter) = &mut self.limiter {
            let now = output.context().monotonic();
            limit = usize::try_from(limiter.allowance(now)).unwrap_or(limit).min(limit);
            if limit == 0 {
                output.context().wake_after(limiter.wait(now));
                return Ok(SourceStatus::Waiting);
            }
            limiter.pass(limit as u64);
        }
        self.buffer.clear();
        let buffer = &mut self.buffer;
        let more = self.numbers.advance(self.end, limit, |run| buffer.extend(run.numbers()));
        if !self.buffer.is_empty() {
            let now = output.context().now().as_millis();
            let chunk = self.generator.generate(&self.buffer, now)?;
            if !chunk.is_empty() {
                output.forward(&mut chunk.into_batch())?;
            }
        }
        Ok(match more {
            true => SourceStatus::More,
            false if self.stays_open => SourceStatus::Waiting,
            false => SourceStatus::Ended,
        })
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }
}
