//! The watermarks of the splits that one reader has, and the least of them.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::Timestamp;

use super::{WatermarkEmission, WatermarkStrategy};
use crate::chunk::Chunk;
use crate::operators::{EmittedWatermarks, RowWatermarks, forward_from, watermark_of};

/// Emits the rows of splits with the watermarks that come between them: the least of what the splits have come to, each
/// of which is the largest that its rows have said. As Flink's `WatermarkOutputMultiplexer`.
///
/// `K` says which split it is.
pub struct SplitWatermarks<K> {
    strategy: WatermarkStrategy,
    splits: BTreeMap<K, Split>,
    emitted: EmittedWatermarks,
}

/// What is known of a split.
#[derive(Clone, Copy)]
struct Split {
    maximum: Option<i64>,
    rows: u64,
    /// When there was a row last, by the monotonic clock; `None` before the reader has run.
    last_row: Option<Duration>,
    is_idle: bool,
}

impl<K: Ord + Clone> SplitWatermarks<K> {
    /// For a reader without splits.
    pub const fn new(strategy: WatermarkStrategy) -> Self {
        Self { strategy, splits: BTreeMap::new(), emitted: EmittedWatermarks::new() }
    }

    /// A split that is read from now on: as long as it has had no rows, it holds watermarks back.
    pub fn add(&mut self, split: K) {
        self.splits.entry(split).or_insert(Split { maximum: None, rows: 0, last_row: None, is_idle: false });
    }

    /// A split has been read to its end: it holds watermarks back no longer.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn end(&mut self, split: &K, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.splits.remove(split);
        self.emitted.emit(self.least(None), output)
    }

    /// Emits rows of a split, with the watermarks that come between or behind them.
    ///
    /// # Errors
    /// If the watermark of a row cannot be computed, or an operator further down fails.
    pub fn forward(&mut self, split: &K, chunk: Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.add(split.clone());
        let (now, clock) = (output.context().now().as_millis(), output.context().monotonic());
        let watermarks = self.strategy.expression.evaluate(&chunk, now)?;
        if let Some(state) = self.splits.get_mut(split) {
            (state.last_row, state.is_idle) = (Some(clock), false);
        }
        self.emitted.set_idle(false, output)?;
        match self.strategy.emission {
            WatermarkEmission::OnPeriodic => {
                if let Some(state) = self.splits.get_mut(split) {
                    state.maximum = state.maximum.max(largest(&watermarks));
                }
                output.forward(&mut chunk.into_batch())?;
                self.emitted.emit(self.least(None), output)
            }
            WatermarkEmission::OnEvent { gap } => {
                self.row_by_row(split, &chunk, &watermarks, gap.max(1), output)
            }
        }
    }

    /// Emits rows, with a watermark behind each `gap`-th that raises it.
    fn row_by_row(
        &mut self,
        split: &K,
        chunk: &Chunk,
        watermarks: &RowWatermarks,
        gap: u64,
        output: &mut Output<'_, Chunk>,
    ) -> Result<()> {
        let others = self.least(Some(split));
        let is_alone = self.splits.iter().all(|(key, state)| key == split || state.is_idle);
        let Some(mut state) = self.splits.get(split).copied() else { return Ok(()) };
        let mut start = 0;
        for row in 0..chunk.rows() {
            state.maximum = state.maximum.max(watermark_of(watermarks, row));
            state.rows += 1;
            let least = if is_alone { state.maximum } else { state.maximum.min(others) };
            if least > self.emitted.last() && (gap == 1 || state.rows.is_multiple_of(gap)) {
                output.forward(&mut chunk.slice(start, row + 1 - start).into_batch())?;
                start = row + 1;
                self.emitted.emit(least, output)?;
            }
        }
        self.splits.insert(split.clone(), state);
        forward_from(chunk, start, output)
    }

    /// There is nothing to read for now: sees to splits that have been without rows for too long. The task is woken when
    /// the next may have been.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn wait(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(timeout) = self.strategy.idle_timeout else { return Ok(()) };
        let now = output.context().monotonic();
        let mut next: Option<Duration> = None;
        for split in self.splits.values_mut().filter(|split| !split.is_idle) {
            let idle_at = split.last_row.get_or_insert(now).saturating_add(timeout);
            if now >= idle_at {
                split.is_idle = true;
            } else {
                next = Some(next.map_or(idle_at, |next| next.min(idle_at)));
            }
        }
        if let Some(next) = next {
            output.context().wake_after(next.saturating_sub(now));
        }
        self.emitted.emit(self.least(None), output)?;
        let all_idle = !self.splits.is_empty() && self.splits.values().all(|split| split.is_idle);
        self.emitted.set_idle(all_idle, output)
    }

    /// Emits a watermark that the source knows from elsewhere.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn raise(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.emitted.emit(Some(watermark.as_millis()), output)
    }

    /// The least of what the splits have come to that are not idle, without one of them; `None` if one has come to
    /// nothing, or all are idle.
    fn least(&self, without: Option<&K>) -> Option<i64> {
        let counted = self.splits.iter().filter(|(key, split)| !split.is_idle && Some(*key) != without);
        // None is less than all.
        counted.map(|(_, split)| split.maximum).min().flatten()
    }
}

/// The largest watermark of a chunk.
fn largest(watermarks: &RowWatermarks) -> Option<i64> {
    watermarks.iter().flatten().max()
}
