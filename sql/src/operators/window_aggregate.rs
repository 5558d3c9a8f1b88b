//! GROUP BY of windows: a row for each group of a window, once the window is over.

mod accumulators;
mod firing;
mod local;
mod running;
mod session;
mod sessions;
mod slices;
mod specification;
mod updating;

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, TimestampMillisecondArray};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use self::accumulators::WindowAccumulators;
use self::firing::{Firing, Place, WindowTimes};
pub use self::local::LocalWindowAggregate;
use self::running::Running;
pub use self::session::SessionAggregate;
pub(super) use self::sessions::one_key;
use self::slices::Slices;
use self::specification::RowTime;
pub use self::specification::WindowAggregateSpecification;
pub use self::updating::UpdatingWindowAggregate;
use super::windows::{LocalTimes, Slicing, WindowClock};
use crate::chunk::Chunk;

/// The state of the groups of slices.
const SLICES: &str = "slices";
/// The state of what the fired slices of cumulating windows have come to.
const CUMULATED: &str = "cumulated";
/// The state of the watermark in earlier snapshots.
const OLD_WATERMARK: &str = "watermark";

/// Aggregates the groups of windows that are cut of slices, as Flink's `WindowAggOperator` with its slicing processors.
///
/// A row counts in those of its windows that are not over when it comes; if all are, it is late and is dropped. Windows fire
/// in order. In which order the groups of one window come is not said, in Flink neither.
pub struct WindowAggregate {
    specification: WindowAggregateSpecification,
    accumulators: WindowAccumulators,
    slices: Option<Slices>,
    /// For cumulating windows: by the end of the largest window, what their fired slices have come to.
    cumulated: Option<Slices>,
    /// For windows that hop: what the last one's slices have come to.
    running: Option<Running>,
    /// Windows up to here are over: the watermark, or a processing time.
    progress: i64,
    /// The end of the last window that has fired.
    fired: i64,
    advancing: Option<Advancing>,
    firing: Option<Firing>,
}

/// Time that goes on, while what is over because of it is emitted.
#[derive(Clone, Copy)]
struct Advancing {
    to: i64,
    /// To be sent on afterwards.
    watermark: Option<Timestamp>,
}

impl WindowAggregate {
    /// The operator of a subtask.
    pub fn new(specification: &WindowAggregateSpecification) -> Self {
        Self {
            accumulators: specification.accumulators(0),
            specification: specification.clone(),
            slices: None,
            cumulated: None,
            running: None,
            progress: i64::MIN,
            fired: i64::MIN,
            advancing: None,
            firing: None,
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let mut ends = self.slices_of(chunk, output)?;
        let specification = &self.specification;
        let late = if specification.is_rowtime { self.late(&mut ends) } else { None };
        let mut chunk = chunk.clone();
        if let Some(in_time) = late {
            let dropped = chunk.rows() - in_time.true_count();
            output.counters().late_records.add(dropped as u64);
            let mask = in_time.values();
            let mut row = 0;
            ends.retain(|_| {
                row += 1;
                mask.value(row - 1)
            });
            chunk = chunk.filter(&in_time)?;
            if chunk.is_empty() {
                return Ok(());
            }
        }
        let earliest = ends.iter().copied().min();
        let ends: ArrayRef = Arc::new(TimestampMillisecondArray::from(ends));
        let group = specification.group.iter().map(|column| chunk.column(*column).cloned());
        let columns = std::iter::once(Ok(ends)).chain(group).collect::<Result<Vec<_>>>()?;
        let slices = self.slices.as_mut().ok_or_else(not_open)?;
        let groups = slices.upsert(&columns, chunk.rows())?;
        // Late rows of a slice that has been added up; they are rare.
        if earliest.is_some_and(|slice| self.running.as_ref().is_some_and(|running| running.may_have(slice)))
        {
            self.running = None;
        }
        self.accumulators.update(&mut slices.store, &groups, &chunk)?;
        if let Some(earliest) = earliest.filter(|_| !specification.is_rowtime) {
            // Behind the last moment of the window, as Flink's timers.
            let due = specification.clock.trigger(earliest).saturating_add(1);
            output.context().wake_at(Timestamp::from_millis(due));
        }
        Ok(())
    }

    /// The slice of each row.
    fn slices_of(&self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<Vec<i64>> {
        if !matches!(self.specification.time, RowTime::Clock) {
            return slice_ends(&self.specification, chunk);
        }
        // A clock that is put back must not open windows that have fired.
        let now = output.context().now().as_millis().max(self.progress.saturating_add(1));
        let slice = self.specification.slicing.slice_of(self.specification.clock.local(now));
        Ok(vec![slice; chunk.rows()])
    }

    /// Which rows are not late; `None` if none is. Where windows cumulate, rows of a slice that has fired go to the next.
    fn late(&self, ends: &mut [i64]) -> Option<BooleanArray> {
        let (clock, slicing) = (&self.specification.clock, self.specification.slicing);
        let mut in_time: Option<Vec<bool>> = None;
        // Most rows are in the slice of the row before.
        let mut known: Option<(i64, Option<i64>)> = None;
        let rows = ends.len();
        for (row, end) in ends.iter_mut().enumerate() {
            let target = match known {
                Some((slice, target)) if slice == *end => target,
                _ => {
                    let target = if !clock.is_over(*end, self.progress) {
                        Some(*end)
                    } else if clock.is_over(slicing.last_window_of(*end), self.progress) {
                        None
                    } else if matches!(slicing, Slicing::Cumulate { .. }) {
                        Some(self.unfired(*end))
                    } else {
                        Some(*end)
                    };
                    known = Some((*end, target));
                    target
                }
            };
            match target {
                Some(target) => *end = target,
                None => {
                    if let Some(in_time) = in_time.get_or_insert_with(|| vec![true; rows]).get_mut(row) {
                        *in_time = false;
                    }
                }
            }
        }
        in_time.map(BooleanArray::from)
    }

    /// The first window from one on that has not fired and is not over.
    fn unfired(&self, first: i64) -> i64 {
        let Some(interval) = self.specification.slicing.interval() else { return first };
        let clock = &self.specification.clock;
        /// By how much clocks are put back.
        const JUMP: i64 = 3 * 3_600_000;
        let passed = match self.progress {
            i64::MIN | i64::MAX => self.progress,
            progress => clock.local(progress).saturating_sub(if clock.is_fixed() { 0 } else { JUMP }),
        };
        let passed = passed.max(self.fired);
        let steps = passed.saturating_sub(first).max(0) / interval;
        let mut window = first.saturating_add(steps.saturating_mul(interval));
        while window <= self.fired || clock.is_over(window, self.progress) {
            window = window.saturating_add(interval);
            if window == i64::MAX {
                break;
            }
        }
        window
    }

    /// The first window that has rows and has not fired.
    fn next_window(&self) -> Option<i64> {
        let slicing = self.specification.slicing;
        let slice = self.slices.as_ref().and_then(Slices::first);
        match slicing {
            Slicing::Hop { .. } => slice.map(|slice| self.unfired(slice)),
            Slicing::Cumulate { step, .. } => {
                let largest = self.cumulated.as_ref().and_then(Slices::first);
                let cumulated =
                    largest.map(|end| self.unfired(slicing.window_start(end).saturating_add(step)));
                slice.into_iter().chain(cumulated).min()
            }
            Slicing::Tumble { .. } | Slicing::Attached => slice,
        }
    }

    /// The groups of a window.
    fn fire(&mut self, end: i64) -> Result<Firing> {
        let slicing = self.specification.slicing;
        let slices = self.slices.as_mut().ok_or_else(not_open)?;
        match (slicing, &mut self.cumulated) {
            (Slicing::Hop { size, .. }, _) if self.accumulators.subtract_merged() => {
                let running = self.running.get_or_insert_with(|| Running::new(slices, &self.accumulators));
                running.advance(slices, end.saturating_sub(size), end, &mut self.accumulators)?;
                Ok(Firing { end, rows: running.store.rows().collect(), place: Place::Running, at: 0 })
            }
            (Slicing::Hop { size, .. }, _) => {
                Firing::merge(slices, end.saturating_sub(size), end, &mut self.accumulators)
            }
            (Slicing::Cumulate { .. }, Some(cumulated)) => {
                let largest = slicing.last_window_of(end);
                let rows = slices.rows(end);
                if !rows.is_empty() {
                    let mut columns = slices.columns(rows)?;
                    if let Some(slice) = columns.first_mut() {
                        *slice = Arc::new(TimestampMillisecondArray::from_value(largest, rows.len()));
                    }
                    let into = cumulated.upsert(&columns, rows.len())?;
                    self.accumulators.merge(&mut cumulated.store, &into, &slices.store, rows)?;
                    slices.remove(end, &mut self.accumulators)?;
                }
                let rows = cumulated.rows(largest).to_vec();
                Ok(Firing { end, rows, place: Place::Slices, at: 0 })
            }
            _ => Ok(Firing { end, rows: slices.rows(end).to_vec(), place: Place::Slices, at: 0 }),
        }
    }

    /// Forgets what no window needs any more that comes after one.
    fn forget(&mut self, end: i64) -> Result<()> {
        let slices = self.slices.as_mut().ok_or_else(not_open)?;
        match (self.specification.slicing, &mut self.cumulated) {
            (Slicing::Hop { slide, size, .. }, _) => {
                let last = end.saturating_sub(size - slide);
                if let Some(running) = &mut self.running {
                    running.advance(slices, last, end, &mut self.accumulators)?;
                }
                slices.remove_up_to(last, &mut self.accumulators)
            }
            (slicing @ Slicing::Cumulate { .. }, Some(cumulated)) => match slicing.last_window_of(end) == end
            {
                true => cumulated.remove(end, &mut self.accumulators),
                false => Ok(()),
            },
            _ => slices.remove(end, &mut self.accumulators),
        }
    }

    /// Emits all windows that are over, then sends the watermark on.
    fn go_on(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(advancing) = self.advancing else { return Ok(()) };
        loop {
            if self.firing.is_none() {
                match self.next_window() {
                    Some(end) if self.specification.clock.is_over(end, advancing.to) => {
                        self.firing = Some(self.fire(end)?);
                    }
                    _ => break,
                }
            }
            if !self.emit(output)? {
                output.suspend();
                return Ok(());
            }
        }
        self.advancing = None;
        self.progress = self.progress.max(advancing.to);
        match advancing.watermark {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }

    /// Emits the window that fires; false if the task should yield before all of it is.
    fn emit(&mut self, output: &mut Output<'_, Chunk>) -> Result<bool> {
        let Some(firing) = &mut self.firing else { return Ok(true) };
        let end = firing.end;
        let specification = &self.specification;
        let times = WindowTimes {
            start: (specification.slicing != Slicing::Attached)
                .then(|| specification.slicing.window_start(end)),
            end,
            time: if specification.is_rowtime {
                specification.clock.instant(end.saturating_sub(1))
            } else {
                output.context().now().as_millis()
            },
        };
        let store = match (&self.cumulated, specification.slicing) {
            (Some(cumulated), Slicing::Cumulate { .. }) => Some(cumulated),
            _ => self.slices.as_ref(),
        };
        let store = store.ok_or_else(not_open)?;
        while let Some(chunk) =
            firing.next(store, self.running.as_ref(), &self.accumulators, &times, &specification.columns)?
        {
            if !chunk.is_empty() {
                output.forward(&mut chunk.into_batch())?;
            }
            if output.should_yield() {
                return Ok(false);
            }
        }
        if let Some(firing) = self.firing.take() {
            firing.close(&mut self.accumulators)?;
        }
        self.fired = self.fired.max(end);
        self.forget(end)?;
        Ok(true)
    }

    /// Asks to be woken when the next window of processing time is over.
    fn wake(&self, cx: &mut millstream_runtime::chain::TaskContext) {
        if self.specification.is_rowtime {
            return;
        }
        if let Some(end) = self.next_window() {
            cx.wake_at(Timestamp::from_millis(self.specification.clock.trigger(end).saturating_add(1)));
        }
    }
}

/// The slice of each row, where rows say it.
fn slice_ends(specification: &WindowAggregateSpecification, chunk: &Chunk) -> Result<Vec<i64>> {
    let (clock, none) = (&specification.clock, WindowClock::default());
    let column = match specification.time {
        RowTime::Clock => return Err(Error::new(ErrorKind::Internal, "rows without a time")),
        RowTime::Column(column) => LocalTimes::of(chunk.column(column)?, clock)?,
        // They are the clock's already.
        RowTime::Attached(column) | RowTime::Slice(column) => LocalTimes::of(chunk.column(column)?, &none)?,
    };
    if !column.are_all_valid() {
        return Err(null_time());
    }
    let mut ends = column.times;
    if matches!(specification.time, RowTime::Column(_)) {
        specification.slicing.slices_of(&mut ends);
    }
    Ok(ends)
}

/// The watermark of a snapshot: whether a row is late must not depend on a failure in between. Where what windows
/// have come to is kept after they have fired, all key groups must have come equally far.
///
/// # Errors
/// If they have not: some windows would fire twice.
pub(super) fn restored_watermark(cx: &mut OpenContext<'_>, is_kept: bool) -> Result<i64> {
    let restored = cx.take_watermark(OLD_WATERMARK)?;
    if is_kept && restored.is_uneven() {
        let problem = "an unaligned checkpoint cannot be restored at another parallelism where windows of SQL overlap \
                       and event time has not come equally far in all of them: restore it at the parallelism that it \
                       was taken with, and change that with a savepoint";
        return Err(Error::new(ErrorKind::Restore, problem));
    }
    Ok(restored.reached().known().map_or(i64::MIN, Timestamp::as_millis))
}

#[cold]
pub(super) fn null_time() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "RowTime field should not be null, please convert it to a non-null long value.",
    )
}

#[cold]
fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a window aggregate that is not open")
}

impl OperatorHooks<Chunk> for WindowAggregate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let specification = &self.specification;
        let mut slices = specification.slices(SLICES, cx.info(), self.accumulators.initial());
        slices.restore(SLICES, cx)?;
        self.slices = Some(slices);
        if matches!(specification.slicing, Slicing::Cumulate { .. }) {
            let mut cumulated = specification.slices(CUMULATED, cx.info(), self.accumulators.initial());
            cumulated.restore(CUMULATED, cx)?;
            self.cumulated = Some(cumulated);
        }
        self.accumulators.open(cx, &|name, value| specification.meta(name, value))?;
        self.progress = restored_watermark(cx, specification.is_rowtime && specification.slicing.overlaps())?;
        self.wake(cx.task());
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if !self.specification.is_rowtime {
            // Windows of processing time that are open at the end are not emitted, as in Flink.
            return output.emit_watermark(watermark);
        }
        self.advancing = Some(Advancing { to: watermark.as_millis(), watermark: Some(watermark) });
        self.go_on(output)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.go_on(output)?;
        self.wake(output.context());
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.specification.is_rowtime || self.advancing.is_some() {
            return Ok(());
        }
        // A window is over behind its last moment.
        let to = output.context().now().as_millis().saturating_sub(1);
        if self.next_window().is_some_and(|end| self.specification.clock.is_over(end, to)) {
            self.advancing = Some(Advancing { to, watermark: None });
            self.go_on(output)?;
        }
        self.wake(output.context());
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        for slices in self.slices.iter_mut().chain(&mut self.cumulated) {
            let rows = slices.store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        self.accumulators.snapshot(cx);
        cx.watermark(Timestamp::from_millis(self.progress))
    }
}

impl Operator<Chunk, Chunk> for WindowAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
