//! The watermarks of a source's splits, and the least of them.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_runtime::event::StreamStatus;
use millstream_state::{Record, Timestamp};

use super::generator::{BatchGenerator, WatermarkTracker};
use super::strategy::{Assign, WatermarkStrategy};

/// Emits the records of the splits of one reader with a [`WatermarkStrategy`] for each split: the stream's watermark is the
/// least of what the splits have come to. As Flink's `WatermarkOutputMultiplexer` with
/// [per-split watermarks](https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/datastream/sources/#event-time-and-watermarks).
///
/// A split that is behind holds the watermark back, however far the others are, until it is idle. `K` says which split it
/// is. For readers of [sources](crate::source::Source).
pub struct SplitWatermarks<K, T> {
    strategy: WatermarkStrategy<T>,
    assign: Option<Assign<T>>,
    splits: BTreeMap<K, Split<T>>,
    tracker: WatermarkTracker,
    /// The next watermark is due then, on the monotonic clock.
    next_due: Duration,
    is_idle: bool,
    /// Splits have been added that had come further than nothing.
    resumes: bool,
    /// How far the group has come that the strategy aligns with.
    group: Timestamp,
    next_alignment: Duration,
}

/// What is known of a split.
struct Split<T> {
    /// None where there are to be no watermarks at all.
    generator: Option<Box<dyn BatchGenerator<T>>>,
    watermark: Timestamp,
    /// When there was a record last, on the monotonic clock; `None` before the reader has run.
    last_record: Option<Duration>,
    is_idle: bool,
}

impl<K: Ord + Clone, T: Record> SplitWatermarks<K, T> {
    /// For a reader without splits.
    pub fn new(strategy: WatermarkStrategy<T>) -> Self {
        Self {
            assign: strategy.assign(),
            strategy,
            splits: BTreeMap::new(),
            tracker: WatermarkTracker::new(),
            next_due: Duration::ZERO,
            is_idle: false,
            resumes: false,
            group: Timestamp::MAX,
            next_alignment: Duration::ZERO,
        }
    }

    /// A split is read from now on, which had come to `watermark` in event time; [`Timestamp::MIN`] where it is new, so
    /// that it holds watermarks back as long as it has had no records.
    pub fn add(&mut self, split: K, watermark: Timestamp) {
        let generator = self.strategy.generator();
        self.resumes |= watermark != Timestamp::MIN;
        self.splits.insert(split, Split { generator, watermark, last_record: None, is_idle: false });
    }

    /// How far a split has come, for snapshots.
    pub fn watermark(&self, split: &K) -> Timestamp {
        self.splits.get(split).map_or(Timestamp::MIN, |split| split.watermark)
    }

    /// A split has been read to its end: it holds watermarks back no longer.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn end(&mut self, split: &K, output: &mut Output<'_, T>) -> Result<()> {
        let ended = self.splits.remove(split);
        match (ended, self.splits.is_empty()) {
            // What it has come to is the stream's, with nobody else to look at.
            (Some(ended), true) => self.rise_to(ended.watermark, output),
            _ => self.emit(output),
        }
    }

    /// Emits records of a split, with the watermarks that come between or behind them.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn forward(&mut self, split: &K, batch: &mut Batch<T>, output: &mut Output<'_, T>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.resumes) {
            // Before the first record, so that it is judged by the time that had been reached.
            self.emit(output)?;
        }
        if let Some(assign) = &mut self.assign {
            assign(batch);
        }
        self.set_idle(false, output)?;
        let now = output.context().monotonic();
        let others = self.least(Some(split)).unwrap_or(Timestamp::MAX);
        let Some(state) = self.splits.get_mut(split) else { return output.forward(batch) };
        (state.last_record, state.is_idle) = (Some(now), false);
        let Some(generator) = &mut state.generator else { return output.forward(batch) };
        self.tracker.begin(state.watermark, others);
        generator.process(batch, &mut self.tracker, output)?;
        state.watermark = self.tracker.seen();
        if now >= self.next_due { self.emit_periodic(now, output) } else { Ok(()) }
    }

    /// There is nothing to read for now: sees to splits that have been without records for too long. The task is woken
    /// when the next may have been.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn wait(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        let now = output.context().monotonic();
        let mut next: Option<Duration> = None;
        let mut wake = |at: Duration| next = Some(next.map_or(at, |next| next.min(at)));
        let mut follows_the_clock = false;
        for split in self.splits.values_mut() {
            follows_the_clock |=
                split.generator.as_ref().is_some_and(|generator| generator.follows_the_clock());
            if let Some(idleness) = self.strategy.idleness.filter(|_| !split.is_idle) {
                let idle_at = split.last_record.get_or_insert(now).saturating_add(idleness);
                split.is_idle = now >= idle_at;
                if !split.is_idle {
                    wake(idle_at);
                }
            }
        }
        if follows_the_clock {
            wake(now.saturating_add(self.strategy.interval.max(Duration::from_millis(1))));
        }
        if let Some(next) = next {
            output.context().wake_after(next.saturating_sub(now));
        }
        self.emit_periodic(now, output)?;
        let all_idle = !self.splits.is_empty() && self.splits.values().all(|split| split.is_idle);
        self.set_idle(all_idle, output)
    }

    /// Whether a split is so far ahead of the group that its strategy [aligns](WatermarkStrategy::alignment) it with that
    /// it should not be read for now. The task is woken when that may have changed.
    pub fn is_ahead(&mut self, split: &K, output: &mut Output<'_, T>) -> bool {
        let Some(alignment) = &self.strategy.alignment else { return false };
        let now = output.context().monotonic();
        if now >= self.next_alignment {
            self.next_alignment = now.saturating_add(alignment.interval);
            let own = self.least(None).unwrap_or(Timestamp::MAX);
            let (cx, alignment) = (output.context(), &self.strategy.alignment);
            let group = alignment.as_ref().map(|alignment| cx.watermark_group(&alignment.group));
            self.group = group.map_or(Timestamp::MAX, |group| group.report(cx.subtask(), own));
        }
        let drift = self.strategy.alignment.as_ref().map_or(Duration::MAX, |alignment| alignment.drift);
        let is_ahead = self.watermark(split) > self.group.saturating_add(drift);
        if is_ahead {
            output
                .context()
                .wake_after(self.next_alignment.saturating_sub(now).max(Duration::from_millis(1)));
        }
        is_ahead
    }

    fn emit_periodic(&mut self, now: Duration, output: &mut Output<'_, T>) -> Result<()> {
        self.next_due = now.saturating_add(self.strategy.interval);
        let time = output.context().now();
        for split in self.splits.values_mut() {
            if let Some(risen) = split.generator.as_mut().and_then(|generator| generator.on_periodic(time)) {
                split.watermark = split.watermark.max(risen);
            }
        }
        self.emit(output)
    }

    fn emit(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        self.least(None).map_or(Ok(()), |least| self.rise_to(least, output))
    }

    fn rise_to(&mut self, watermark: Timestamp, output: &mut Output<'_, T>) -> Result<()> {
        self.tracker.begin(Timestamp::MIN, Timestamp::MAX);
        self.tracker.rise(watermark, output)
    }

    fn set_idle(&mut self, idle: bool, output: &mut Output<'_, T>) -> Result<()> {
        if std::mem::replace(&mut self.is_idle, idle) == idle {
            return Ok(());
        }
        output.emit_status(if idle { StreamStatus::Idle } else { StreamStatus::Active })
    }

    /// The least of what the splits have come to that are not idle, without one of them; `None` if there is none.
    fn least(&self, without: Option<&K>) -> Option<Timestamp> {
        let counted = self.splits.iter().filter(|(key, split)| !split.is_idle && Some(*key) != without);
        counted.map(|(_, split)| split.watermark).min()
    }
}

#[cfg(test)]
mod tests;
