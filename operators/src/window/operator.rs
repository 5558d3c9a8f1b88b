//! The operator under all windows that do not merge.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{
    ContentsByHash, Key, KeyTable, LookAhead, Place, Record, Shape, Timestamp, WindowTables, WindowedTable,
    stable_hash,
};

use super::firing::{Firing, emit};
use super::function::WindowFunction;
use super::lateness::Lateness;
use super::{Window, WindowAssigner, WindowResult};
use crate::current_watermark::CurrentWatermark;

/// The name of the state that holds the open windows.
const WINDOWS: &str = "windows";

/// Assigns records to windows, and hands them to the [`Panes`].
pub(super) struct WindowOperator<K, T, A: WindowAssigner, F: WindowFunction<K, T, A::Window>> {
    assigner: A,
    lateness: Lateness<T>,
    panes: Panes<K, T, A::Window, F>,
    look_ahead: LookAhead,
}

/// The open windows of all keys of a subtask. (What a window holds for one key is Flink's pane.)
struct Panes<K, T, W, F: WindowFunction<K, T, W>> {
    function: F,
    state: WindowedTable<W, K, F::Accumulator>,
    watermark: CurrentWatermark,
    /// No window fires or is forgotten before the watermark gets here. Derived from the state.
    next_due: Timestamp,
    /// What is being emitted.
    firing: Option<Firing<K, W, F::Accumulator>>,
}

impl<K: Key, T: Record, A, F> WindowOperator<K, T, A, F>
where
    A: WindowAssigner,
    F: WindowFunction<K, T, A::Window>,
{
    pub(super) fn new(assigner: A, function: F, lateness: Lateness<T>, info: &OperatorInfo) -> Self {
        let meta = StateMeta {
            name: WINDOWS.to_owned(),
            kind: StateKind::Window,
            key: Shape::of::<K>(),
            value: Shape::of::<(A::Window, F::Accumulator)>(),
        };
        let state = WindowedTable::new(meta, info.groups, info.range());
        let watermark = CurrentWatermark::default();
        let panes = Panes { function, state, watermark, next_due: Timestamp::MAX, firing: None };
        Self { assigner, lateness, panes, look_ahead: LookAhead::default() }
    }

    /// Adds records to their windows; `place` says where each key is, as far as that is known.
    #[inline(always)]
    fn take(
        &mut self,
        records: impl Iterator<Item = ((K, T), Timestamp)>,
        mut place: impl FnMut(&K) -> Place,
        output: &mut Output<'_, WindowResult<K, F::Output, A::Window>>,
    ) -> Result<()> {
        let Self { assigner, lateness, panes, .. } = self;
        let closed = lateness.closed(panes.watermark);
        let watermark = panes.watermark.get();
        let mut contents = panes.state.contents_by_hash();
        for ((key, record), timestamp) in records {
            if A::NEEDS_TIMESTAMPS && timestamp == Timestamp::MIN {
                return Err(no_timestamp());
            }
            let place = place(&key);
            let mut open = assigner.assign(timestamp).filter(|window| window.max_timestamp() > closed);
            let Some(mut window) = open.next() else {
                // Between windows that do not meet, a record may also belong to none.
                if timestamp <= closed {
                    lateness.too_late(record, timestamp, output)?;
                }
                continue;
            };
            // One window behind, so that the last one gets the record itself.
            for next in open {
                let known = find(&mut contents, place, &key, &window, watermark);
                if let Some(accumulator) = known {
                    panes.function.add(accumulator, record.clone());
                } else {
                    let first = (place.hash(), key.clone(), record.clone());
                    panes.add_first(first, &window, lateness, output)?;
                    contents = panes.state.contents_by_hash();
                }
                window = next;
            }
            if let Some(accumulator) = find(&mut contents, place, &key, &window, watermark) {
                panes.function.add(accumulator, record);
            } else {
                panes.add_first((place.hash(), key, record), &window, lateness, output)?;
                contents = panes.state.contents_by_hash();
            }
        }
        Ok(())
    }
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
    /// Adds the first record of a key to a window, or one to a window that has fired already.
    #[inline(never)]
    fn add_first(
        &mut self,
        (hash, key, record): (u64, K, T),
        window: &W,
        lateness: &Lateness<T>,
        output: &mut Output<'_, WindowResult<K, F::Output, W>>,
    ) -> Result<()> {
        let last = window.max_timestamp();
        let has_fired = last <= self.watermark.get();
        let next_due = &mut self.next_due;
        let table = self.state.content_mut(hash)?.open(window, || {
            *next_due = (*next_due).min(if has_fired { lateness.end_of(window) } else { last });
        });
        let emitted_key = has_fired.then(|| key.clone());
        let accumulator = table.entry(hash, key, |_| self.function.create());
        self.function.add(accumulator, record);
        match emitted_key {
            Some(key) => emit(self.function.result(&key, window, accumulator), key, window, output),
            None => Ok(()),
        }
    }

    /// Fires and forgets what is due at a watermark, then sends the watermark on.
    fn advance(
        &mut self,
        watermark: Timestamp,
        lateness: &Lateness<T>,
        output: &mut Output<'_, WindowResult<K, F::Output, W>>,
    ) -> Result<()> {
        let (before, now) = (self.watermark.get(), self.watermark.advance(watermark));
        if now < self.next_due {
            return output.emit_watermark(watermark);
        }
        let firing = if lateness.is_allowed() {
            // Later records may still change what fires now: it stays open.
            Firing::of_open(&self.state, |window| {
                before < window.max_timestamp() && window.max_timestamp() <= now
            })
        } else {
            Firing::of_closed(self.take_over(lateness))
        };
        self.firing = Some(firing);
        self.fire(lateness, output)
    }

    /// Goes on with what is being emitted, until that is done or the task should yield.
    fn fire(
        &mut self,
        lateness: &Lateness<T>,
        output: &mut Output<'_, WindowResult<K, F::Output, W>>,
    ) -> Result<()> {
        let Some(firing) = &mut self.firing else { return Ok(()) };
        if !firing.go_on(&self.state, &mut self.function, output)? {
            output.suspend();
            return Ok(());
        }
        self.firing = None;
        if lateness.is_allowed() {
            drop(self.take_over(lateness));
        }
        self.find_next_due(lateness);
        output.emit_watermark(self.watermark.get())
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

    fn find_next_due(&mut self, lateness: &Lateness<T>) {
        let now = self.watermark.get();
        let open = self.state.contents().flat_map(|tables| tables.iter().map(|(window, _)| window));
        let due = open.map(|window| match window.max_timestamp() {
            last if last <= now => lateness.end_of(window),
            last => last,
        });
        self.next_due = due.min().unwrap_or(Timestamp::MAX);
    }
}

/// What to say of a record that event-time windows cannot place.
#[cold]
pub(super) fn no_timestamp() -> Error {
    let problem = "a record without a timestamp came to event-time windows: \
                   assign timestamps and watermarks before the windows";
    Error::new(ErrorKind::InvalidJob, problem)
}

impl<K: Key, T: Record, A, F> OperatorHooks<WindowResult<K, F::Output, A::Window>>
    for WindowOperator<K, T, A, F>
where
    A: WindowAssigner,
    F: WindowFunction<K, T, A::Window>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.panes.state.meta().check::<K, (A::Window, F::Accumulator)>()?;
        if let Some(stored) = cx.take_keyed(WINDOWS) {
            self.panes.state.restore_all(&stored)?;
        }
        self.panes.watermark.restore(cx)?;
        self.panes.find_next_due(&self.lateness);
        Ok(())
    }

    fn watermark(
        &mut self,
        watermark: Timestamp,
        output: &mut Output<'_, WindowResult<K, F::Output, A::Window>>,
    ) -> Result<()> {
        self.panes.advance(watermark, &self.lateness, output)
    }

    fn resume(&mut self, output: &mut Output<'_, WindowResult<K, F::Output, A::Window>>) -> Result<()> {
        self.panes.fire(&self.lateness, output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let windows = self.panes.state.snapshot(cx.checkpoint());
        cx.keyed(windows);
        self.panes.watermark.snapshot(cx)
    }
}

impl<K: Key, T: Record, A, F> Operator<(K, T), WindowResult<K, F::Output, A::Window>>
    for WindowOperator<K, T, A, F>
where
    A: WindowAssigner,
    F: WindowFunction<K, T, A::Window>,
{
    fn process(
        &mut self,
        batch: &mut Batch<(K, T)>,
        output: &mut Output<'_, WindowResult<K, F::Output, A::Window>>,
    ) -> Result<()> {
        // A loop of its own for streams without timestamps, which should cost no more than a hash map.
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let places = look_ahead.places(&self.panes.state, batch.records().iter().map(|(key, _)| key));
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
        taken
    }
}
