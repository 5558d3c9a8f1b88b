//! The operator under sliding windows that overlap, of records that are aggregated.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, RestoredWatermark, SnapshotContext,
};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Key, LookAhead, Place, Record, Timestamp, stable_hash};

use super::SlidingEventTimeWindows;
use super::firing::Firing;
use super::grid::{Grid, Slice};
use super::late::Around;
use super::panes::{SlidingPanes, fired_to};
use super::restore::GRID;
use super::sum::add;
use crate::current_watermark::CurrentWatermark;
use crate::function::{Closing, Emitter, TimeOfDay};
use crate::window::assigner::no_timestamp;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::time_window::last_before;
use crate::window::{TimeWindow, Window, WindowAssigner};

/// Adds each record to one slice, and lets windows fire that are put together from their slices.
///
/// Records that are late for some of their windows, but not for all, are added to their slice as well: the
/// windows that they are late for have fired, and look at the slice no more.
pub(super) struct SliceOperator<K, T, F: WindowFunction<K, T, TimeWindow>> {
    windows: SlidingEventTimeWindows,
    pub(super) function: Closing<F>,
    clock: TimeOfDay,
    pub(super) lateness: Lateness<T>,
    pub(super) panes: SlidingPanes<K, F::Accumulator>,
    pub(super) watermark: CurrentWatermark,
    /// What has fired in which key groups before a restore.
    pub(super) restored: RestoredWatermark,
    /// No window fires and no slice is forgotten before the watermark gets here. Derived from the state.
    pub(super) next_due: Timestamp,
    /// What is being emitted.
    firing: Option<Firing>,
    /// The slice of the record before.
    last: Option<Slice>,
    look_ahead: LookAhead,
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> SliceOperator<K, T, F> {
    pub(super) fn new(
        windows: SlidingEventTimeWindows,
        grid: Grid,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> Self {
        Self {
            windows,
            function: Closing::new(function, F::close),
            clock: TimeOfDay::default(),
            lateness,
            panes: SlidingPanes::new(grid, info),
            watermark: CurrentWatermark::default(),
            restored: RestoredWatermark::default(),
            next_due: Timestamp::MAX,
            firing: None,
            last: None,
            look_ahead: LookAhead::default(),
        }
    }

    /// Adds records to their slices; `place` says where each key is, as far as that is known. Returns those
    /// that are left when the task should yield.
    #[inline(always)]
    fn take(
        &mut self,
        mut records: impl Iterator<Item = ((K, T), Timestamp)>,
        mut place: impl FnMut(&K) -> Place,
        output: &mut Output<'_, F::Output>,
    ) -> Result<Vec<((K, T), Timestamp)>> {
        let fired = fired_to(self.watermark.get());
        let mut contents = self.panes.slices.contents_by_hash();
        while let Some(((key, record), timestamp)) = records.next() {
            if timestamp == Timestamp::MIN {
                return Err(no_timestamp());
            }
            let place = place(&key);
            if self.last.is_none_or(|slice| !slice.span.contains(timestamp)) {
                self.last = self.panes.grid.slice_at(timestamp);
            }
            let has_fired = match self.last {
                Some(slice) if slice.first_end > fired => {
                    let table = contents.get(place.hash()).and_then(|tables| tables.get_mut(&slice.span));
                    if let Some(value) = table.and_then(|table| table.get_mut_at(place, &key)) {
                        self.function.get().add(value, record)?;
                        continue;
                    }
                    self.add_first((place.hash(), key, record), &slice)?;
                    false
                }
                Some(slice) => self.add_late((place.hash(), key, record), timestamp, &slice, output)?,
                None => self.add_whole((place.hash(), key, record), timestamp, output)?,
            };
            contents = self.panes.slices.contents_by_hash();
            // A window that has fired once more may have emitted any number of records.
            if has_fired && output.should_yield() {
                output.suspend();
                return Ok(records.collect());
            }
        }
        Ok(Vec::new())
    }

    /// Adds a record to a slice that may not hold its key yet.
    #[inline(never)]
    fn add_first(&mut self, (hash, key, record): (u64, K, T), slice: &Slice) -> Result<()> {
        let (grid, fired) = (self.panes.grid, fired_to(self.watermark.get()));
        let (next_due, lateness) = (&mut self.next_due, &self.lateness);
        let table = self.panes.slices.content_mut(hash)?.open(&slice.span, || {
            let due = grid.ends(slice, fired, Timestamp::MAX).next().map(last_before);
            *next_due = (*next_due).min(due.unwrap_or_else(|| over(lateness, slice.last_end)));
        });
        let function = self.function.get();
        let value = table.entry(hash, key, |_| function.create());
        function.add(value, record)
    }

    /// Adds a record to a slice of which windows have fired; those that are not over fire once more (true).
    #[cold]
    fn add_late(
        &mut self,
        (hash, key, record): (u64, K, T),
        timestamp: Timestamp,
        slice: &Slice,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let [fired, closed] = [self.watermark.get(), self.lateness.closed(self.watermark)].map(fired_to);
        if slice.last_end <= closed {
            self.lateness.too_late(record, timestamp, output)?;
            return Ok(false);
        }
        let mut again = self.panes.grid.ends(slice, closed, fired).peekable();
        let fired_key = again.peek().map(|_| key.clone());
        self.add_first((hash, key, record), slice)?;
        self.panes.changed(hash, slice);
        let Some(key) = fired_key else { return Ok(false) };
        let (function, time) = (self.function.get(), Time::new(&self.clock, self.watermark));
        let mut around =
            Around::of((hash, &key), &self.panes, slice, fired, |sum, more| function.merge(sum, more))?;
        for end in again {
            let window = self.panes.grid.window_to(end);
            let sliced = around.in_window(&window, |sum, more| function.merge(sum, more))?;
            let mut value = self.panes.whole_of(hash, &key, &window).cloned();
            add(&mut value, sliced, |sum, more| function.merge(sum, more))?;
            let Some(value) = value else { continue };
            let mut out = Emitter::new(output, window.max_timestamp());
            function.finish((key.clone(), &window), value, time, &mut out)?;
        }
        Ok(true)
    }

    /// Adds a record that lies in no slice to each of its windows; true if one fires once more.
    #[cold]
    fn add_whole(
        &mut self,
        (hash, key, record): (u64, K, T),
        timestamp: Timestamp,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let (watermark, closed) = (self.watermark.get(), self.lateness.closed(self.watermark));
        let (mut has_fired, mut is_late) = (false, timestamp <= closed);
        let windows: Vec<_> = self.windows.assign(&record, timestamp).collect();
        for window in windows.into_iter().filter(|window| window.max_timestamp() > closed) {
            let (function, last) = (self.function.get(), window.max_timestamp());
            let fires = last <= watermark;
            is_late = false;
            self.next_due = self.next_due.min(if fires { self.lateness.end_of(&window) } else { last });
            let table = self.panes.whole.content_mut(hash)?.open(&window, || {});
            let value = table.entry(hash, key.clone(), |_| function.create());
            function.add(value, record.clone())?;
            if fires {
                has_fired = true;
                let mut value = Some(value.clone());
                let sliced =
                    self.panes.sliced_of(hash, &key, &window, |sum, more| function.merge(sum, more))?;
                add(&mut value, sliced, |sum, more| function.merge(sum, more))?;
                let Some(value) = value else { continue };
                let time = Time::new(&self.clock, self.watermark);
                let mut out = Emitter::new(output, last);
                function.finish((key.clone(), &window), value, time, &mut out)?;
            }
        }
        if is_late {
            self.lateness.too_late(record, timestamp, output)?;
        }
        Ok(has_fired)
    }

    /// Goes on with what is being emitted, until that is done or the task should yield.
    fn fire(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let Some(firing) = &mut self.firing else { return Ok(()) };
        let time = Time::new(&self.clock, self.watermark);
        if !firing.go_on(&mut self.panes, self.function.get(), time, output)? {
            return Ok(());
        }
        self.firing = None;
        let (now, lateness) = (self.watermark.get(), &self.lateness);
        self.panes.forget(|end| over(lateness, end) <= now);
        self.next_due = self.panes.next_due(now, |end| over(lateness, end));
        self.pass_on(now, output)
    }

    /// Notifies the function how far event time has come, then the operators further down.
    fn pass_on(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        let time = Time::new(&self.clock, self.watermark);
        self.function.get().watermark(time, output)?;
        output.emit_watermark(watermark)
    }
}

/// The watermark at which a window that ends at `end` is over.
pub(super) fn over<T: Record>(lateness: &Lateness<T>, end: Timestamp) -> Timestamp {
    lateness.end_after(last_before(end))
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> OperatorHooks<F::Output>
    for SliceOperator<K, T, F>
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.panes.slices.meta().check::<K, (TimeWindow, F::Accumulator)>()?;
        self.restore(cx)?;
        self.clock = TimeOfDay::of(cx.task());
        Ok(self.function.opening().open(cx)?)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        let (before, now) = (self.watermark.get(), self.watermark.advance(watermark));
        if now < self.next_due {
            return self.pass_on(watermark, output);
        }
        let (panes, restored) = (&self.panes, &self.restored);
        let after = |slot| fired_to(restored.of_group(panes.first_group + slot).max(before));
        self.firing = Some(Firing::of(panes.due(after, fired_to(now))));
        self.restored.advance(now);
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.fire(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let slices = self.panes.slices.snapshot(cx.checkpoint());
        cx.keyed(slices);
        if self.panes.whole.entries() > 0 {
            let whole = self.panes.whole.snapshot(cx.checkpoint());
            cx.keyed(whole);
        }
        cx.list(GRID, Redistribution::Broadcast, [&self.panes.grid])?;
        self.watermark.snapshot(cx)?;
        Ok(self.function.get().snapshot(cx)?)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let time = Time::new(&self.clock, self.watermark);
        Ok(self.function.get().end_of_data(time, output)?)
    }
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> Operator<(K, T), F::Output>
    for SliceOperator<K, T, F>
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let hashed = |key: &K| Place::of_hash(stable_hash(key));
        let keys = batch.records().iter().map(|(key, _)| key);
        let taken = if let Some(mut places) = look_ahead.places(&self.panes.slices, keys, batch.key_hashes())
        {
            self.take(batch.drain_timed(), |key| places.next().unwrap_or_else(|| hashed(key)), output)
        } else {
            self.take(batch.drain_timed(), hashed, output)
        };
        self.look_ahead = look_ahead;
        for (pair, timestamp) in taken? {
            batch.push(pair, timestamp);
        }
        Ok(())
    }
}
