//! GROUP BY of windows whose results come before the window is over, and again with late rows.

mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, TimestampMillisecondArray};
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::Timestamp;
use millstream_state::rows::RowRef;

use super::accumulators::WindowAccumulators;
use super::slices::Slices;
use super::specification::{RowTime, WindowAggregateSpecification};
use super::{SLICES, not_open, null_time, restored_watermark};
use crate::chunk::{Chunk, KeyLayout, RowCodec, RowKind};
use crate::operators::changes::{ChangedRow, Changes};
use crate::operators::last_rows::LastRows;
use crate::operators::windows::{LocalTimes, WindowClock};
use crate::plan::{EmitStrategy, WindowColumn};
use crate::types::Schema;
use schedule::Schedule;

/// The state of what has been emitted.
const EMITTED: &str = "emitted";
/// What [`LastRows`] notes of a result: whether the window was over when it came first.
const ON_TIME: i64 = 1;

/// Aggregates the groups of windows that rows say themselves, and emits results as an [`EmitStrategy`] says: as Flink's
/// `AggregateWindowOperator` with its triggers for early and late firing.
///
/// A result that is emitted again is an update of the one before, and no change if it is the same. A row is late when its
/// window has been over for the allowed lateness.
pub struct UpdatingWindowAggregate {
    specification: WindowAggregateSpecification,
    strategy: EmitStrategy,
    schema: Schema,
    accumulators: WindowAccumulators,
    slices: Option<Slices>,
    emitted: LastRows,
    codec: RowCodec,
    changes: Changes,
    /// Groups that wait for the clock.
    schedule: Schedule,
    /// Windows up to here are over: the watermark, or a processing time.
    progress: i64,
}

impl UpdatingWindowAggregate {
    /// The operator of a subtask. The result has the columns of `schema`, those of the window at its end; `update_before`
    /// says whether it has rows as they were before an update.
    pub fn new(
        specification: &WindowAggregateSpecification,
        strategy: EmitStrategy,
        schema: &Schema,
        update_before: bool,
    ) -> Self {
        let columns = &specification.columns;
        let first = schema.len() - columns.len();
        let place = |wanted| columns.iter().position(|column| *column == wanted).unwrap_or_default() + first;
        let window = [place(WindowColumn::Start), place(WindowColumn::End)];
        // The start of the window comes first in a group. Keys have the types by which rows are routed.
        let keys: Vec<_> = specification.key_fields().into_iter().skip(1).collect();
        let owner = KeyLayout::new((0..keys.len()).collect(), keys.clone());
        let columns = (0..keys.len()).chain(window).collect();
        let fields = keys.into_iter().chain(window.map(|column| schema.field(column))).collect();
        let emitted = LastRows::new(KeyLayout::new(columns, fields), None).owned_by(owner);
        let codec = RowCodec::new(schema);
        Self {
            accumulators: specification.accumulators(0),
            specification: specification.clone(),
            strategy,
            schema: schema.clone(),
            slices: None,
            emitted,
            changes: Changes::new(codec.clone(), false, update_before),
            codec,
            schedule: Schedule::default(),
            progress: i64::MIN,
        }
    }

    const fn clock(&self) -> &WindowClock {
        &self.specification.clock
    }

    /// Whether a window has been over for so long, in milliseconds.
    fn is_over(&self, end: i64, for_millis: i64, progress: i64) -> bool {
        progress >= self.clock().trigger(end).saturating_add(for_millis)
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let RowTime::Attached(column) = self.specification.time else { return Err(not_open()) };
        let ends = LocalTimes::of(chunk.column(column)?, &WindowClock::default())?;
        if !ends.are_all_valid() {
            return Err(null_time());
        }
        let mut ends = ends.times;
        let in_time: Vec<bool> = ends
            .iter()
            .map(|end| {
                !self.specification.is_rowtime || !self.is_over(*end, self.strategy.lateness, self.progress)
            })
            .collect();
        let late = in_time.iter().filter(|in_time| !**in_time).count();
        let mut chunk = chunk.clone();
        if late > 0 {
            output.counters().late_records.add(late as u64);
            let mut row = 0;
            ends.retain(|_| {
                row += 1;
                in_time.get(row - 1).copied().unwrap_or(true)
            });
            chunk = chunk.filter(&BooleanArray::from(in_time))?;
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let columns: ArrayRef = Arc::new(TimestampMillisecondArray::from(ends.clone()));
        let group = self.specification.group.iter().map(|column| chunk.column(*column).cloned());
        let columns = std::iter::once(Ok(columns)).chain(group).collect::<Result<Vec<_>>>()?;
        let slices = self.slices.as_mut().ok_or_else(not_open)?;
        let groups = slices.upsert(&columns, chunk.rows())?;
        // Where each row is emitted, each must have been added before the next.
        let is_late = |end: &i64| self.specification.is_rowtime && self.is_over(*end, 0, self.progress);
        let one_by_one = self.strategy.early == Some(0) || ends.iter().any(is_late);
        let step = if one_by_one { 1 } else { chunk.rows() };
        for start in (0..chunk.rows()).step_by(step) {
            let rows = start..(start + step).min(chunk.rows());
            let part = groups.get(rows.clone()).unwrap_or_default();
            let slices = self.slices.as_mut().ok_or_else(not_open)?;
            self.accumulators.update(&mut slices.store, part, &chunk.slice(start, part.len()))?;
            for (group, end) in part.iter().zip(ends.get(rows).unwrap_or_default()) {
                self.added(*group, *end, output)?;
            }
        }
        self.wake(output);
        Ok(())
    }

    /// A row has been added to a group.
    fn added(&mut self, group: RowRef, end: i64, output: &mut Output<'_, Chunk>) -> Result<()> {
        let is_late = self.specification.is_rowtime && self.is_over(end, 0, self.progress);
        let delay = if is_late { self.strategy.late } else { self.strategy.early };
        // A group that was not there when its window was over has no result to wait with.
        if is_late && !self.was_on_time(group)? {
            return self.fire(&[group], 0, output);
        }
        match delay {
            Some(0) => self.fire(&[group], if is_late { ON_TIME } else { 0 }, output),
            Some(delay) => {
                let now = output.context().now().as_millis();
                self.schedule.begin(group, now.saturating_add(delay));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn was_on_time(&mut self, group: RowRef) -> Result<bool> {
        let (chunk, _) = self.results(&[group])?;
        self.emitted.find(&chunk, never)?;
        let was = self.emitted.get(0).is_some_and(|(number, _)| number == ON_TIME);
        self.emitted.remove_empty()?;
        Ok(was)
    }

    /// The results of groups, and which of them have rows.
    fn results(&self, groups: &[RowRef]) -> Result<(Chunk, Option<BooleanArray>)> {
        let slices = self.slices.as_ref().ok_or_else(not_open)?;
        let mut columns = slices.columns(groups)?.into_iter();
        let (Some(end), Some(start)) = (columns.next(), columns.next()) else { return Err(not_open()) };
        let ends = LocalTimes::of(&end, &WindowClock::default())?.times;
        let clock = self.clock();
        let window = self.specification.columns.iter().map(|column| -> ArrayRef {
            match column {
                WindowColumn::Start => start.clone(),
                WindowColumn::End => end.clone(),
                WindowColumn::Time => {
                    let times = ends.iter().map(|end| clock.instant(end.saturating_sub(1)));
                    Arc::new(TimestampMillisecondArray::from_iter_values(times))
                }
            }
        });
        let results = self.accumulators.results(&slices.store, groups)?;
        let all: Vec<ArrayRef> = columns.chain(results).chain(window).collect();
        Ok((Chunk::new(all, groups.len()), self.accumulators.present(&slices.store, groups)?))
    }

    /// Emits how the results of groups have changed.
    fn fire(&mut self, groups: &[RowRef], note: i64, output: &mut Output<'_, Chunk>) -> Result<()> {
        for groups in groups.chunks(Chunk::ROWS) {
            let (chunk, present) = self.results(groups)?;
            self.emitted.find(&chunk, never)?;
            let encoded = self.codec.encode(chunk.columns(), chunk.rows())?;
            for row in 0..chunk.rows() {
                let is_present =
                    present.as_ref().is_none_or(|present| present.is_valid(row) && present.value(row));
                let now = encoded.get(row);
                let before = self.emitted.get(row).map(|(_, bytes)| bytes);
                match (before, is_present) {
                    (None, true) => self.changes.push(RowKind::Insert, ChangedRow::Input(row)),
                    (Some(before), true) if before != now => {
                        self.changes.push(RowKind::UpdateBefore, ChangedRow::State(before));
                        self.changes.push(RowKind::UpdateAfter, ChangedRow::Input(row));
                    }
                    (Some(before), false) => self.changes.push(RowKind::Delete, ChangedRow::State(before)),
                    _ => {}
                }
                if is_present {
                    self.emitted.set(row, note, now)?;
                } else {
                    self.emitted.clear(row)?;
                }
            }
            self.emitted.remove_empty()?;
            self.changes.emit(&chunk, output)?;
        }
        Ok(())
    }

    /// Time has come so far: emits the windows that are over, and forgets those that have been for the allowed lateness.
    fn advance(&mut self, to: i64, output: &mut Output<'_, Chunk>) -> Result<()> {
        let slices = self.slices.as_ref().ok_or_else(not_open)?;
        let all: Vec<(i64, Vec<RowRef>)> =
            slices.between(i64::MIN, i64::MAX).map(|(end, groups)| (end, groups.to_vec())).collect();
        for (end, groups) in all {
            if !self.is_over(end, 0, to) {
                break;
            }
            if !self.is_over(end, 0, self.progress) {
                groups.iter().for_each(|group| self.schedule.remove(*group));
                self.fire(&groups, ON_TIME, output)?;
            }
            if self.is_over(end, self.strategy.lateness, to) {
                self.forget(end, &groups)?;
            }
        }
        self.progress = self.progress.max(to);
        Ok(())
    }

    fn forget(&mut self, end: i64, groups: &[RowRef]) -> Result<()> {
        for groups in groups.chunks(Chunk::ROWS) {
            let (chunk, _) = self.results(groups)?;
            self.emitted.find(&chunk, never)?;
            (0..chunk.rows()).try_for_each(|row| self.emitted.clear(row))?;
            self.emitted.remove_empty()?;
        }
        groups.iter().for_each(|group| self.schedule.remove(*group));
        let slices = self.slices.as_mut().ok_or_else(not_open)?;
        slices.remove(end, &mut self.accumulators)
    }

    /// Emits the groups whose delay has passed; they wait for the next.
    fn fire_due(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let now = output.context().now().as_millis();
        while let Some((due, group)) = self.schedule.take_due(now) {
            let slices = self.slices.as_ref().ok_or_else(not_open)?;
            let end = slices.columns(&[group])?;
            let end = end.first().map(|end| LocalTimes::of(end, &WindowClock::default())).transpose()?;
            let end = end.and_then(|end| end.times.first().copied()).unwrap_or_default();
            let is_late = self.is_over(end, 0, self.progress);
            self.fire(&[group], if is_late { ON_TIME } else { 0 }, output)?;
            let delay = if is_late { self.strategy.late } else { self.strategy.early };
            if let Some(delay) = delay.filter(|delay| *delay > 0) {
                self.schedule.begin(group, due.saturating_add(delay).max(now.saturating_add(1)));
            }
        }
        Ok(())
    }

    /// Asks to be woken when something is due.
    fn wake(&self, output: &mut Output<'_, Chunk>) {
        if let Some(due) = self.schedule.next() {
            output.context().wake_at(Timestamp::from_millis(due));
        }
        if !self.specification.is_rowtime
            && let Some(end) = self.slices.as_ref().and_then(Slices::first)
        {
            let over = self.clock().trigger(end).saturating_add(1);
            output.context().wake_at(Timestamp::from_millis(over));
        }
    }
}

/// Results are forgotten with their windows; none expires.
const fn never() -> Timestamp {
    Timestamp::MIN
}

impl OperatorHooks<Chunk> for UpdatingWindowAggregate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let specification = &self.specification;
        let mut slices = specification.slices(SLICES, cx.info(), self.accumulators.initial());
        slices.restore(SLICES, cx)?;
        // What waited begins to wait anew.
        let now = cx.task().now().as_millis();
        let delays = [self.strategy.early, self.strategy.late].into_iter().flatten();
        if let Some(delay) = delays.filter(|delay| *delay > 0).min() {
            let groups = slices.between(i64::MIN, i64::MAX).flat_map(|(_, groups)| groups.iter().copied());
            groups.for_each(|group| self.schedule.begin(group, now.saturating_add(delay)));
            if let Some(due) = self.schedule.next() {
                cx.task().wake_at(Timestamp::from_millis(due));
            }
        }
        self.slices = Some(slices);
        self.emitted.open(cx, EMITTED, &self.schema)?;
        self.accumulators.open(cx, &|name, value| specification.meta(name, value))?;
        self.progress = restored_watermark(cx, specification.is_rowtime)?;
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.specification.is_rowtime {
            self.advance(watermark.as_millis(), output)?;
        }
        output.emit_watermark(watermark)
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.fire_due(output)?;
        if !self.specification.is_rowtime {
            // A window is over behind its last moment.
            self.advance(output.context().now().as_millis().saturating_sub(1), output)?;
        }
        self.wake(output);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if let Some(slices) = &mut self.slices {
            let rows = slices.store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        self.emitted.snapshot(cx);
        self.accumulators.snapshot(cx);
        cx.watermark(Timestamp::from_millis(self.progress))
    }
}

impl Operator<Chunk, Chunk> for UpdatingWindowAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}
