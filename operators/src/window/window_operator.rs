//! The operator under windows of event time that do not merge.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, RestoredWatermark, SnapshotContext,
};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{
    ContentsByHash, Key, KeyTable, LookAhead, Place, Record, Shape, Timestamp, WindowTables, WindowedTable,
    stable_hash,
};

use super::Window;
use super::assigner::{WindowAssigner, no_timestamp};
use super::context::Time;
use super::firing::Firing;
use super::function::WindowFunction;
use super::lateness::Lateness;
use crate::current_watermark::CurrentWatermark;
use crate::function::{Closing, Emitter, TimeOfDay};

/// The name of the state that holds the open windows.
pub(super) const WINDOWS: &str = "windows";

/// Assigns records to windows, and hands them to the [`Panes`].
pub(super) struct WindowOperator<K, T, A: WindowAssigner<T>, F: WindowFunction<K, T, A::Window>> {
    assigner: A,
    lateness: Lateness<T>,
    pub(super) panes: Panes<K, T, A::Window, F>,
    look_ahead: LookAhead,
}

/// The open windows of all keys of a subtask. (What a window holds for one key is Flink's pane.)
pub(super) struct Panes<K, T, W, F: WindowFunction<K, T, W>> {
    pub(super) function: Closing<F>,
    clock: TimeOfDay,
    pub(super) state: WindowedTable<W, K, F::Accumulator>,
    pub(super) watermark: CurrentWatermark,
    /// What has fired in which key groups before a restore.
    restored: RestoredWatermark,
    first_group: usize,
    /// No window fires or is forgotten before the watermark gets here. Derived from the state.
    next_due: Timestamp,
    /// What is being emitted.
    firing: Option<Firing<K, W, F::Accumulator>>,
}

impl<K: Key, T: Record, A, F> WindowOperator<K, T, A, F>
where
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
{
    pub(super) fn new(assigner: A, function: F, lateness: Lateness<T>, info: &OperatorInfo) -> Self {
        let state = window_table(WINDOWS, info);
        let watermark = CurrentWatermark::default();
        let (function, clock) = (Closing::new(function, F::close), TimeOfDay::default());
        let panes = Panes {
            function,
            clock,
            state,
            watermark,
            restored: RestoredWatermark::default(),
            first_group: info.range().start(),
            next_due: Timestamp::MAX,
            firing: None,
        };
        Self { assigner, lateness, panes, look_ahead: LookAhead::default() }
    }

    /// Adds records to their windows; `place` says where each key is, as far as that is known. Returns those
    /// that are left when the task should yield.
    #[inline(always)]
    fn take(
        &mut self,
        mut records: impl Iterator<Item = ((K, T), Timestamp)>,
        mut place: impl FnMut(&K) -> Place,
        output: &mut Output<'_, F::Output>,
    ) -> Result<Vec<((K, T), Timestamp)>> {
        let Self { assigner, lateness, panes, .. } = self;
        let closed = lateness.closed(panes.watermark);
        let watermark = panes.watermark.get();
        let mut contents = panes.state.contents_by_hash();
        while let Some(((key, record), timestamp)) = records.next() {
            if A::TIME.is_some() && timestamp == Timestamp::MIN {
                return Err(no_timestamp());
            }
            let place = place(&key);
            let mut open =
                assigner.assign(&record, timestamp).filter(|window| window.max_timestamp() > closed);
            let Some(mut window) = open.next() else {
                drop(open);
                // Between windows that do not meet, a record may also belong to none.
                if timestamp <= closed {
                    lateness.too_late(record, timestamp, output)?;
                }
                continue;
            };
            let mut has_fired = false;
            // One window behind, so that the last one gets the record itself.
            for next in open {
                let known = find(&mut contents, place, &key, &window, watermark);
                if let Some(accumulator) = known {
                    panes.function.get().add(accumulator, record.clone())?;
                } else {
                    let first = (place.hash(), key.clone(), record.clone());
                    has_fired |= panes.add_first(first, &window, lateness, output)?;
                    contents = panes.state.contents_by_hash();
                }
                window = next;
            }
            if let Some(accumulator) = find(&mut contents, place, &key, &window, watermark) {
                panes.function.get().add(accumulator, record)?;
            } else {
                has_fired |= panes.add_first((place.hash(), key, record), &window, lateness, output)?;
                contents = panes.state.contents_by_hash();
            }
            // A window that has fired once more may have emitted any number of records.
            if has_fired && output.should_yield() {
                output.suspend();
                return Ok(records.collect());
            }
        }
        Ok(Vec::new())
    }
}

/// A state with one value for each window and key.
pub(super) fn window_table<W: Window, K: Key, V: Record>(
    name: &str,
    info: &OperatorInfo,
) -> WindowedTable<W, K, V> {
    let meta = StateMeta {
        name: name.to_owned(),
        kind: StateKind::Window,
        key: Shape::of::<K>(),
        value: Shape::of::<(W, V)>(),
    };
    WindowedTable::new(meta, info.groups, info.range())
}

/// What a key has come to in a window, if it has been seen there before and the window has not fired.
#[inline(always)]
fn find<'a, K: Key, W: Window, V: Record>(
    contents: &'a mut ContentsByHash<'_, WindowTables<W, K, V>>,
    place: Place,
    key: &K,
    window: &W,
    watermark: Timestamp,
) -> Option<&'a mut V> {
    let has_fired = window.max_timestamp() <= watermark;
    let table = contents.get(place.hash())?.get_mut(window).filter(|_| !has_fired)?;
    table.get_mut_at(place, key)
}

impl<K: Key, T: Record, W: Window, F: WindowFunction<K, T, W>> Panes<K, T, W, F> {
    /// Adds the first record of a key to a window, or one to a window that has fired already, which then fires
    /// once more (true).
    #[inline(never)]
    fn add_first(
        &mut self,
        (hash, key, record): (u64, K, T),
        window: &W,
        lateness: &Lateness<T>,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let last = window.max_timestamp();
        let has_fired = last <= self.watermark.get();
        let next_due = &mut self.next_due;
        let table = self.state.content_mut(hash)?.open(window, || {
            *next_due = (*next_due).min(if has_fired { lateness.end_of(window) } else { last });
        });
        let (function, fired_key) = (self.function.get(), has_fired.then(|| key.clone()));
        let accumulator = table.entry(hash, key, |_| function.create());
        function.add(accumulator, record)?;
        if let Some(key) = fired_key {
            let time = Time::new(&self.clock, self.watermark);
            function.fire((&key, window), accumulator, time, &mut Emitter::new(output, last))?;
        }
        Ok(has_fired)
    }

    /// Fires and forgets what is due at a watermark, then sends the watermark on.
    fn advance(
        &mut self,
        watermark: Timestamp,
        lateness: &Lateness<T>,
        output: &mut Output<'_, F::Output>,
    ) -> Result<()> {
        let (before, now) = (self.watermark.get(), self.watermark.advance(watermark));
        if now < self.next_due {
            return self.pass_on(watermark, output);
        }
        let firing = if lateness.is_allowed() {
            // Later records may still change what fires now: it stays open.
            let (restored, first) = (&self.restored, self.first_group);
            Firing::of_open(&self.state, |slot, window| {
                let fired = restored.of_group(first + slot).max(before);
                fired < window.max_timestamp() && window.max_timestamp() <= now
            })
        } else {
            Firing::of_closed(self.take_over(lateness))
        };
        self.restored.advance(now);
        self.firing = Some(firing);
        self.fire(lateness, output)
    }

    /// Goes on with what is being emitted, until that is done or the task should yield.
    fn fire(&mut self, lateness: &Lateness<T>, output: &mut Output<'_, F::Output>) -> Result<()> {
        let Some(firing) = &mut self.firing else { return Ok(()) };
        let time = Time::new(&self.clock, self.watermark);
        if !firing.go_on(&self.state, self.function.get(), time, output)? {
            return Ok(());
        }
        self.firing = None;
        if lateness.is_allowed() {
            drop(self.take_over(lateness));
        }
        self.find_next_due(lateness);
        self.pass_on(self.watermark.get(), output)
    }

    /// Notifies the function how far event time has come, then the operators further down.
    fn pass_on(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        let time = Time::new(&self.clock, self.watermark);
        self.function.get().watermark(time, output)?;
        output.emit_watermark(watermark)
    }

    /// Takes out the windows that no record may come to any more, in order. Key groups without such
    /// windows stay untouched, and are not part of the next incremental checkpoint.
    fn take_over(&mut self, lateness: &Lateness<T>) -> Vec<(W, KeyTable<K, F::Accumulator>)> {
        let now = self.watermark.get();
        let is_over = |window: &W| lateness.end_of(window) <= now;
        let touched = self.state.contents_mut_if(|tables| tables.first().is_some_and(is_over));
        let mut over: Vec<_> = touched.flat_map(|tables| tables.take_while(is_over)).collect();
        over.sort_by(|(window, _), (other, _)| window.cmp(other));
        over
    }

    pub(super) fn find_next_due(&mut self, lateness: &Lateness<T>) {
        let now = self.watermark.get();
        let open = self.state.contents().flat_map(|tables| tables.iter().map(|(window, _)| window));
        let due = open.map(|window| match window.max_timestamp() {
            last if last <= now => lateness.end_of(window),
            last => last,
        });
        self.next_due = due.min().unwrap_or(Timestamp::MAX);
    }
}

impl<K: Key, T: Record, A, F> OperatorHooks<F::Output> for WindowOperator<K, T, A, F>
where
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.panes.state.meta().check::<K, (A::Window, F::Accumulator)>()?;
        if let Some(stored) = cx.take_keyed(WINDOWS) {
            self.panes.state.restore_all(stored)?;
        }
        self.panes.restored = self.panes.watermark.restore(cx)?;
        self.panes.find_next_due(&self.lateness);
        self.panes.clock = TimeOfDay::of(cx.task());
        self.assigner.open(cx)?;
        Ok(self.panes.function.opening().open(cx)?)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.panes.advance(watermark, &self.lateness, output)
    }

    fn resume(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.panes.fire(&self.lateness, output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let windows = self.panes.state.snapshot(cx.checkpoint());
        cx.keyed(windows);
        self.panes.watermark.snapshot(cx)?;
        Ok(self.panes.function.get().snapshot(cx)?)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let time = Time::new(&self.panes.clock, self.panes.watermark);
        Ok(self.panes.function.get().end_of_data(time, output)?)
    }
}

impl<K: Key, T: Record, A, F> Operator<(K, T), F::Output> for WindowOperator<K, T, A, F>
where
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        // A loop of its own for streams without timestamps, which should cost no more than a hash map.
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let places = look_ahead.places(
            &self.panes.state,
            batch.records().iter().map(|(key, _)| key),
            batch.key_hashes(),
        );
        let hashed = |key: &K| Place::of_hash(stable_hash(key));
        let untimed = |pair| (pair, Timestamp::MIN);
        let taken = match (places, batch.has_timestamps()) {
            (Some(mut places), true) => {
                self.take(batch.drain_timed(), |key| places.next().unwrap_or_else(|| hashed(key)), output)
            }
            (Some(mut places), false) => self.take(
                batch.drain().map(untimed),
                |key| places.next().unwrap_or_else(|| hashed(key)),
                output,
            ),
            (None, true) => self.take(batch.drain_timed(), hashed, output),
            (None, false) => self.take(batch.drain().map(untimed), hashed, output),
        };
        self.look_ahead = look_ahead;
        for (pair, timestamp) in taken? {
            batch.push(pair, timestamp);
        }
        Ok(())
    }
}
