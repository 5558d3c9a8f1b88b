//! The operator under session windows.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, TimerQueue, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};

use super::EventTimeSessionWindows;
use crate::current_watermark::CurrentWatermark;
use crate::function::{Closing, Emitter, TimeOfDay};
use crate::timed_keys::restore_timers;
use crate::window::assigner::no_timestamp;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::{TimeWindow, Window};

/// The name of the state that holds the open sessions.
const SESSIONS: &str = "sessions";

/// One open session of a key. Sessions of one key never touch.
#[derive(Clone, Serialize, Deserialize)]
struct Session<V> {
    window: TimeWindow,
    /// It has been emitted, and stays for records that come late.
    has_fired: bool,
    accumulator: V,
}

/// Merges records into sessions.
///
/// A session that goes on does not touch its timer: a timer that finds that a session of the key
/// has grown sets the next one. So a session costs a timer for each gap, not for each record.
pub(super) struct SessionOperator<K, T, F: WindowFunction<K, T, TimeWindow>> {
    windows: EventTimeSessionWindows,
    function: Closing<F>,
    clock: TimeOfDay,
    lateness: Lateness<T>,
    state: KeyedTable<K, Vec<Session<F::Accumulator>>>,
    /// Every session has a timer not after the point where it fires, or where it is over if it has
    /// fired.
    timers: TimerQueue<K>,
    watermark: CurrentWatermark,
    /// The watermark to be sent on when all that it makes due has been emitted.
    advancing_to: Option<Timestamp>,
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> SessionOperator<K, T, F> {
    pub(super) fn new(
        windows: EventTimeSessionWindows,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> Self {
        let meta = StateMeta {
            name: SESSIONS.to_owned(),
            kind: StateKind::Window,
            key: Shape::of::<K>(),
            value: Shape::of::<Session<F::Accumulator>>(),
        };
        let state = KeyedTable::new(meta, info.groups, info.range());
        let timers = TimerQueue::new(TimerQueue::<K>::EVENT_TIME, info.groups, info.range());
        let watermark = CurrentWatermark::default();
        let (function, clock) = (Closing::new(function, F::close), TimeOfDay::default());
        Self { windows, function, clock, lateness, state, timers, watermark, advancing_to: None }
    }

    /// Adds a record; true if a session has fired because of it.
    fn add(
        &mut self,
        key: K,
        record: T,
        timestamp: Timestamp,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let (hash, now, own) = (stable_hash(&key), self.watermark.get(), self.windows.of_one(timestamp));
        let closed = self.lateness.closed(self.watermark);
        let joins = |session: &Session<_>| session.window.touches(&own);
        // Looked up first: a record that is dropped must not mark the key group as changed.
        let open = self.state.get(hash, &key).map_or(&[][..], Vec::as_slice);
        if own.max_timestamp() <= closed && !open.iter().any(joins) {
            self.lateness.too_late(record, timestamp, output)?;
            return Ok(false);
        }
        let function = self.function.get();
        let sessions = self.state.content_mut(hash)?.entry(hash, key.clone(), |_| Vec::new());
        // The record belongs to the first session it joins; it may join others to that.
        let mut joined = sessions.extract_if(.., |session| joins(session));
        let mut needs_timer = false;
        let mut session = joined.next().unwrap_or_else(|| {
            needs_timer = true;
            Session { window: own, has_fired: false, accumulator: function.create() }
        });
        for other in joined {
            session.window = session.window.cover(&other.window);
            // Its timer may be that of its end, later than the joined session's next.
            session.has_fired |= other.has_fired;
            function.merge(&mut session.accumulator, other.accumulator)?;
        }
        session.window = session.window.cover(&own);
        function.add(&mut session.accumulator, record)?;
        needs_timer |= session.has_fired;
        session.has_fired = session.window.max_timestamp() <= now;
        if needs_timer || session.has_fired {
            self.timers.register(hash, &key, next_due(&session, &self.lateness))?;
        }
        let has_fired = session.has_fired;
        if has_fired {
            let time = Time::new(&self.clock, self.watermark);
            let mut out = Emitter::new(output, session.window.max_timestamp());
            function.fire((&key, &session.window), &session.accumulator, time, &mut out)?;
        }
        let place = sessions.partition_point(|other| other.window < session.window);
        sessions.insert(place, session);
        Ok(has_fired)
    }

    /// Lets all due timers fire, then sends the watermark after what they have emitted.
    fn fire(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        while let Some((_, key)) = self.timers.pop(self.watermark.get()) {
            self.on_timer(&key, output)?;
            if !output.goes_on() {
                return Ok(());
            }
        }
        self.advancing_to = None;
        let time = Time::new(&self.clock, self.watermark);
        self.function.get().watermark(time, output)?;
        output.emit_watermark(watermark)
    }

    /// A timer of `key` is due: lets the sessions fire that are, and forgets those that are over.
    fn on_timer(&mut self, key: &K, output: &mut Output<'_, F::Output>) -> Result<()> {
        let (hash, now) = (stable_hash(key), self.watermark.get());
        let tables = self.state.content_mut(hash)?;
        let Some(sessions) = tables.get_mut(hash, key) else { return Ok(()) };
        for session in sessions.iter_mut() {
            let window = &session.window;
            if !session.has_fired && window.max_timestamp() <= now {
                session.has_fired = true;
                let (function, time) = (self.function.get(), Time::new(&self.clock, self.watermark));
                let mut out = Emitter::new(output, window.max_timestamp());
                function.fire((key, window), &session.accumulator, time, &mut out)?;
            }
        }
        sessions.retain(|session| self.lateness.end_of(&session.window) > now);
        for session in sessions.iter() {
            self.timers.register(hash, key, next_due(session, &self.lateness))?;
        }
        if sessions.is_empty() {
            tables.remove(hash, key);
        }
        Ok(())
    }
}

/// The watermark at which something happens to a session.
fn next_due<V, T: Record>(session: &Session<V>, lateness: &Lateness<T>) -> Timestamp {
    if session.has_fired { lateness.end_of(&session.window) } else { session.window.max_timestamp() }
}

impl<K, T, F> OperatorHooks<F::Output> for SessionOperator<K, T, F>
where
    K: Key,
    T: Record,
    F: WindowFunction<K, T, TimeWindow>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, Session<F::Accumulator>>()?;
        if let Some(stored) = cx.take_keyed(SESSIONS) {
            self.state.restore_all(stored)?;
        }
        restore_timers(&mut self.timers, cx)?;
        self.watermark.restore(cx)?;
        self.clock = TimeOfDay::of(cx.task());
        Ok(self.function.opening().open(cx)?)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.watermark.advance(watermark);
        self.advancing_to = Some(watermark);
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.fire(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let (sessions, timers) =
            (self.state.snapshot(cx.checkpoint()), self.timers.snapshot(cx.checkpoint()));
        cx.keyed(sessions);
        cx.keyed(timers);
        self.watermark.snapshot(cx)?;
        Ok(self.function.get().snapshot(cx)?)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let time = Time::new(&self.clock, self.watermark);
        Ok(self.function.get().end_of_data(time, output)?)
    }
}

impl<K, T, F> Operator<(K, T), F::Output> for SessionOperator<K, T, F>
where
    K: Key,
    T: Record,
    F: WindowFunction<K, T, TimeWindow>,
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        batch.drain_while(|(key, record), timestamp| {
            if timestamp == Timestamp::MIN {
                return Err(no_timestamp());
            }
            // A session that has fired once more may have emitted any number of records.
            let should_yield = self.add(key, record, timestamp, output)? && output.should_yield();
            if should_yield {
                output.suspend();
            }
            Ok(!should_yield)
        })
    }
}
