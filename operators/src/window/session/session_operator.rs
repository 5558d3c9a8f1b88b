//! The operator under session windows.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{
    DueQueue, Key, KeyTable, KeyedTable, LookAhead, Place, Record, Shape, Timestamp, stable_hash,
};

use super::EventTimeSessionWindows;
use super::open::{Session, Sessions};
use crate::current_watermark::CurrentWatermark;
use crate::due_keys::DueKeys;
use crate::function::{Closing, Emitter, TimeOfDay};
use crate::timed_keys::restore_timers;
use crate::window::assigner::no_timestamp;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::{TimeWindow, Window};

/// The name of the state that holds the open sessions.
const SESSIONS: &str = "sessions";

/// Merges records into sessions.
///
/// A session that goes on does not touch its timer: a timer that finds that a session of the key
/// has grown sets the next one. So a session costs a timer for each gap, not for each record.
pub(super) struct SessionOperator<K, T, F: WindowFunction<K, T, TimeWindow>> {
    windows: EventTimeSessionWindows,
    function: Closing<F>,
    clock: TimeOfDay,
    lateness: Lateness<T>,
    state: KeyedTable<K, Sessions<F::Accumulator>>,
    /// Every session has a timer not after the point where it fires, or where it is over if it has
    /// fired.
    timers: DueQueue<K>,
    due: DueKeys<K>,
    watermark: CurrentWatermark,
    /// The watermark to be sent on when all that it makes due has been emitted.
    advancing_to: Option<Timestamp>,
    look_ahead: LookAhead,
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
        let timers = DueQueue::new(DueQueue::<K>::EVENT_TIME, info.groups, info.range());
        let watermark = CurrentWatermark::default();
        let (function, clock) = (Closing::new(function, F::close), TimeOfDay::default());
        let look_ahead = LookAhead::default();
        let due = DueKeys::default();
        Self {
            windows,
            function,
            clock,
            lateness,
            state,
            timers,
            due,
            watermark,
            advancing_to: None,
            look_ahead,
        }
    }

    /// Adds a record of the key at `place`; true if a session has fired because of it.
    #[inline]
    fn add(
        &mut self,
        (place, key): (Place, K),
        record: T,
        timestamp: Timestamp,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let own = self.windows.of_one(timestamp);
        if own.max_timestamp() <= self.lateness.closed(self.watermark) {
            // Looked up first: a record that is dropped must not mark the key group as changed.
            let mut open = self.state.get(place.hash(), &key).into_iter().flat_map(Sessions::iter);
            if !open.any(|session| session.window.touches(&own)) {
                self.lateness.too_late(record, timestamp, output)?;
                return Ok(false);
            }
        }
        let known = self.state.content_mut(place.hash())?.get_mut_at(place, &key);
        let is_known = known.is_some();
        // Mostly it is the only session of the key that goes on, which then needs no other timer.
        if let Some(session) = known.and_then(Sessions::only_mut)
            && !session.has_fired
            && session.window.touches(&own)
        {
            session.window = session.window.cover(&own);
            self.function.get().add(&mut session.accumulator, record)?;
            return Ok(false);
        }
        if !is_known && self.watermark.get() < own.max_timestamp() {
            self.begin(place.hash(), key, (record, own))?;
            return Ok(false);
        }
        self.begin_or_join(place.hash(), key, (record, own), output)
    }

    /// Begins the only session of a key, whose end is still to come.
    fn begin(&mut self, hash: u64, key: K, (record, window): (T, TimeWindow)) -> Result<()> {
        let function = self.function.get();
        let mut session = Session::new(window, function.create());
        function.add(&mut session.accumulator, record)?;
        session.set_timer(&mut self.timers, hash, &key, next_due(&session, &self.lateness))?;
        self.state.content_mut(hash)?.insert_new(hash, key, Sessions::of_one(session));
        Ok(())
    }

    /// Adds a record that begins a session, or joins any of those that are open; true if a session has fired because of it.
    #[inline(never)]
    fn begin_or_join(
        &mut self,
        hash: u64,
        key: K,
        (record, own): (T, TimeWindow),
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let (now, function) = (self.watermark.get(), self.function.get());
        let table = self.state.content_mut(hash)?;
        let mut others = table.remove(hash, &key).map(Sessions::into_list).unwrap_or_default();
        // The record belongs to the first session it joins; it may join others to that.
        let mut joined = others.extract_if(.., |session| session.window.touches(&own));
        let mut session = joined.next().unwrap_or_else(|| Session::new(own, function.create()));
        for other in joined {
            session.window = session.window.cover(&other.window);
            session.share_timers(&other);
            function.merge(&mut session.accumulator, other.accumulator)?;
        }
        session.window = session.window.cover(&own);
        function.add(&mut session.accumulator, record)?;
        session.has_fired = session.window.max_timestamp() <= now;
        session.set_timer(&mut self.timers, hash, &key, next_due(&session, &self.lateness))?;
        let has_fired = session.has_fired;
        if has_fired {
            let time = Time::new(&self.clock, self.watermark);
            let mut out = Emitter::new(output, session.window.max_timestamp());
            function.fire((&key, &session.window), &session.accumulator, time, &mut out)?;
        }
        table.insert_new(hash, key, Sessions::and(others, session));
        Ok(has_fired)
    }

    /// Lets all due timers fire, then sends the watermark after what they have emitted.
    fn fire(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        while let Some((time, place, key)) =
            self.due.next(&mut self.timers, self.watermark.get(), &self.state)
        {
            self.on_timer((time, place, &key), output)?;
            if !output.goes_on() {
                return self.due.put_back(&mut self.timers);
            }
        }
        self.advancing_to = None;
        let time = Time::new(&self.clock, self.watermark);
        self.function.get().watermark(time, output)?;
        output.emit_watermark(watermark)
    }

    /// A timer of `key` is due: lets the sessions fire that are, and forgets those that are over.
    fn on_timer(
        &mut self,
        (time, place, key): (Timestamp, Place, &K),
        output: &mut Output<'_, F::Output>,
    ) -> Result<()> {
        let (hash, now) = (place.hash(), self.watermark.get());
        // What changes nothing must not mark the key group as changed.
        let is_there = |table: &KeyTable<K, _>| table.get(hash, key).is_some();
        let table = self.state.content_mut_if(hash, is_there)?;
        let Some(mut entry) = table.and_then(|table| table.find_entry(place, key)) else { return Ok(()) };
        let sessions = entry.value_mut();
        for session in sessions.iter_mut() {
            let window = &session.window;
            if !session.has_fired && window.max_timestamp() <= now {
                session.has_fired = true;
                let (function, time) = (self.function.get(), Time::new(&self.clock, self.watermark));
                let mut out = Emitter::new(output, window.max_timestamp());
                function.fire((key, window), &session.accumulator, time, &mut out)?;
            }
        }
        if !sessions.retain(|session| self.lateness.end_of(&session.window) > now) {
            entry.remove();
            return Ok(());
        }
        for session in
            sessions.iter_mut().filter_map(|session| session.timer_has_fired(time).then_some(session))
        {
            session.set_timer(&mut self.timers, hash, key, next_due(session, &self.lateness))?;
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
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let keys = batch.records().iter().map(|(key, _)| key);
        let mut places = look_ahead.places(&self.state, keys, batch.key_hashes());
        let taken = batch.drain_while(|(key, record), timestamp| {
            if timestamp == Timestamp::MIN {
                return Err(no_timestamp());
            }
            let known = places.as_mut().and_then(Iterator::next);
            let place = known.unwrap_or_else(|| Place::of_hash(stable_hash(&key)));
            // A session that has fired once more may have emitted any number of records.
            let should_yield = self.add((place, key), record, timestamp, output)? && output.should_yield();
            if should_yield {
                output.suspend();
            }
            Ok(!should_yield)
        });
        drop(places);
        self.look_ahead = look_ahead;
        taken
    }
}
