//! The operator that looks for a pattern.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_runtime::graph::OutputTag;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{GroupedState, Key, KeyTable, Place, Record, Timestamp, stable_hash};

use super::calls::Calls;
use super::function::PatternProcessFunction;
use super::lower::Compiled;
use super::nfa::Matches;
use super::pending::{PENDING, Pending, Waiting, pending_state};
use crate::current_watermark::CurrentWatermark;
use crate::due_keys::{Kept, Upcoming};
use crate::function::TimeOfDay;
use crate::late::late;
use crate::process::TimeDomain;
use crate::timed_keys::{Timed, TimedKeys};

/// The name of the state that holds partial matches.
const MATCHES: &str = "matches";
/// The name of the operator state that says which pattern they belong to.
const PATTERN: &str = "pattern";

/// How a pattern is looked for.
pub(super) struct Settings<T> {
    pub(super) domain: TimeDomain,
    pub(super) late: Option<OutputTag<T>>,
}

impl<T> Clone for Settings<T> {
    fn clone(&self) -> Self {
        Self { domain: self.domain, late: self.late.clone() }
    }
}

/// Looks for a pattern in the records of each key.
///
/// In event time records are kept until the watermark has come to them, and are then looked at in order. A key costs
/// memory only as long as it has a partial match, and has at most a few timers.
pub(super) struct PatternOperator<K, T, O, F> {
    /// `None` for an impossible pattern, which keeps the job from running.
    compiled: Option<Compiled<T>>,
    settings: Settings<T>,
    function: F,
    /// Partial matches, and when they time out.
    keys: TimedKeys<K, Matches<T>>,
    /// Those of keys that have none any more, kept for their room: partial matches come and go.
    spare: Vec<Matches<T>>,
    /// Empty in processing time.
    pending: GroupedState<Pending<K, T>>,
    /// What the watermark has made due, the last first.
    due: Vec<Waiting<K, T>>,
    upcoming: Upcoming,
    watermark: CurrentWatermark,
    /// How far time had come before it came to where it is now.
    before: Timestamp,
    /// The watermark to be sent on when all that it makes due has been looked at.
    advancing_to: Option<Timestamp>,
    clock: TimeOfDay,
    _output: PhantomData<fn() -> O>,
}

impl<T: Record> Kept for Matches<T> {
    #[inline]
    fn prefetch(&self) {
        self.prefetch_parts();
    }
}

/// Why a key is looked at again.
#[derive(Clone, Copy)]
enum Due {
    /// Time has come to this point.
    Time(Timestamp),
    /// There is no more time.
    End,
}

impl<K: Key, T: Record, O, F: PatternProcessFunction<K, T, O>> PatternOperator<K, T, O, F> {
    pub(super) fn new(
        compiled: Option<Compiled<T>>,
        settings: Settings<T>,
        function: F,
        info: &OperatorInfo,
    ) -> Self {
        Self {
            compiled,
            keys: TimedKeys::new(MATCHES, settings.domain, info),
            settings,
            function,
            spare: Vec::new(),
            pending: pending_state(info),
            due: Vec::new(),
            upcoming: Upcoming::default(),
            watermark: CurrentWatermark::default(),
            before: Timestamp::MIN,
            advancing_to: None,
            clock: TimeOfDay::default(),
            _output: PhantomData,
        }
    }

    /// Whether a record may change anything: most need not wait until time has come to them.
    #[inline]
    fn may_matter(&mut self, record: &T, time: Timestamp) -> Result<bool> {
        let Compiled { nfa, conditions } = self.compiled.as_mut().ok_or_else(not_compiled)?;
        nfa.may_matter(record, time, conditions)
    }

    /// Looks at the next record of a key.
    fn look_at(
        &mut self,
        place: Place,
        (time, key, record): Waiting<K, T>,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let Self { compiled, function, keys, spare, watermark, before, clock, settings, .. } = self;
        let Compiled { nfa, conditions } = compiled.as_mut().ok_or_else(not_compiled)?;
        let hash = place.hash();
        // What changes nothing must not mark the key group as changed.
        let changes = |table: &KeyTable<K, _>| {
            table.get(hash, &key).is_some() || nfa.may_begin(&record, time, conditions).unwrap_or(true)
        };
        let Some(table) = keys.state.content_mut_if(hash, changes)? else { return Ok(()) };
        let mut entry = match table.find_entry(place, &key) {
            Some(entry) => entry,
            None if !nfa.may_begin(&record, time, conditions)? => return Ok(()),
            None => table.insert_entry(hash, key.clone(), Timed::new(spare.pop().unwrap_or_default())),
        };
        let of_key = entry.value_mut();
        let mut calls = Calls {
            function,
            key: &key,
            watermark: watermark.get(),
            clock,
            earliest: earliest_after(*before),
            domain: settings.domain,
            output,
        };
        nfa.process(&mut of_key.kept, record, time, conditions, &mut calls)?;
        if of_key.kept.is_empty() {
            keep_spare(spare, entry.remove());
        } else {
            let due = of_key.kept.next_due();
            of_key.set_timer(&mut keys.timers, hash, &key, due)?;
        }
        Ok(())
    }

    /// A timer of a key is due.
    fn on_timer(
        &mut self,
        (time, place, key): (Timestamp, Place, &K),
        whys: &[Due],
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let Self { compiled, function, keys, spare, watermark, before, clock, settings, .. } = self;
        let Compiled { nfa, .. } = compiled.as_mut().ok_or_else(not_compiled)?;
        let hash = place.hash();
        let is_there = |table: &KeyTable<K, _>| table.get(hash, key).is_some();
        let table = keys.state.content_mut_if(hash, is_there)?;
        let Some(mut entry) = table.and_then(|table| table.find_entry(place, key)) else { return Ok(()) };
        let of_key = entry.value_mut();
        if !of_key.timer_has_fired(time) {
            return Ok(());
        }
        let mut calls = Calls {
            function,
            key,
            watermark: watermark.get(),
            clock,
            earliest: earliest_after(*before),
            domain: settings.domain,
            output,
        };
        for why in whys {
            match *why {
                Due::Time(now) => nfa.advance(&mut of_key.kept, now, &mut calls)?,
                Due::End => nfa.finish(&mut of_key.kept, &mut calls)?,
            }
        }
        if of_key.kept.is_empty() {
            keep_spare(spare, entry.remove());
        } else {
            let due = of_key.kept.next_due();
            of_key.set_timer(&mut keys.timers, hash, key, due)?;
        }
        Ok(())
    }

    /// Looks again at the keys with a timer up to `now`, until that is done (true) or the task should yield.
    fn fire(&mut self, now: Timestamp, whys: &[Due], output: &mut Output<'_, O>) -> Result<bool> {
        while let Some((time, place, key)) = self.keys.next_due(now) {
            self.on_timer((time, place, &key), whys, output)?;
            if !output.goes_on() {
                self.keys.put_back()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Event time has come to where it is: looks at all records up to there, and then at the keys whose time is over.
    fn catch_up(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        loop {
            if self.upcoming.is_empty() {
                self.upcoming.fill(&self.keys.state, self.due.iter().rev().map(|(_, key, _)| key));
            }
            let Some(next) = self.due.pop() else {
                self.upcoming.clear();
                break;
            };
            let place = self.upcoming.next(&next.1);
            self.look_at(place, next, output)?;
            if !output.goes_on() {
                return Ok(());
            }
        }
        let now = self.watermark.get();
        // At the end partial matches time out before those matches are given out that have waited for them.
        let whys: &[Due] =
            if now == Timestamp::MAX { &[Due::Time(now), Due::End] } else { &[Due::Time(now)] };
        if !self.fire(now, whys, output)? {
            return Ok(());
        }
        self.advancing_to = None;
        self.before = now;
        output.emit_watermark(watermark)
    }

    fn arm(&self, output: &mut Output<'_, O>) {
        if let Some(next) = self.keys.timers.next() {
            output.context().wake_at(next);
        }
    }
}

/// How many are kept at most.
const MOST_SPARE: usize = 64;

fn keep_spare<T>(spare: &mut Vec<Matches<T>>, mut removed: Timed<Matches<T>>) {
    if spare.len() < MOST_SPARE {
        removed.kept.reset();
        spare.push(removed.kept);
    }
}

fn earliest_after(time: Timestamp) -> Timestamp {
    match time {
        Timestamp::MIN => Timestamp::MIN,
        time => Timestamp::from_millis(time.as_millis().saturating_add(1)),
    }
}

#[cold]
fn not_compiled() -> Error {
    Error::new(ErrorKind::Internal, "a job runs whose pattern is impossible")
}

#[cold]
fn no_timestamp() -> Error {
    Error::new(
        ErrorKind::InvalidJob,
        "a record without a timestamp came to a pattern in event time: assign timestamps and watermarks before, or \
         call `processing_time`",
    )
}

impl<K, T, O, F> OperatorHooks<O> for PatternOperator<K, T, O, F>
where
    K: Key,
    T: Record,
    O: 'static,
    F: PatternProcessFunction<K, T, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.pending.meta().check::<K, (Timestamp, T)>()?;
        let compiled = self.compiled.as_ref().ok_or_else(not_compiled)?;
        let pattern = compiled.nfa.spec().to_string();
        let stored = cx.take_list::<String>(PATTERN)?.unwrap_or_default();
        if let Some(other) = stored.into_iter().find(|stored| *stored != pattern) {
            return Err(Error::new(
                ErrorKind::Restore,
                format!(
                    "the snapshot holds partial matches of another pattern, `{other}`, which cannot go on in `{pattern}`: \
                     give the operator another uid, and allow unclaimed state"
                ),
            ));
        }
        self.keys.restore(cx)?;
        if let Some(stored) = cx.take_keyed(PENDING) {
            self.pending.restore_all(stored)?;
        }
        self.watermark.restore(cx)?;
        self.before = self.watermark.get();
        self.clock = TimeOfDay::of(cx.task());
        if let (TimeDomain::ProcessingTime, Some(next)) = (self.settings.domain, self.keys.timers.next()) {
            cx.task().wake_at(next);
        }
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let now = self.watermark.advance(watermark);
        if self.settings.domain == TimeDomain::ProcessingTime {
            return output.emit_watermark(watermark);
        }
        for group in self.pending.contents_mut_if(|group| group.is_due(now)) {
            group.take_due(now, &mut self.due);
        }
        // The last is taken out first.
        self.due.reverse();
        self.advancing_to = Some(watermark);
        self.catch_up(output)
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        match self.settings.domain {
            TimeDomain::EventTime => self.catch_up(output),
            TimeDomain::ProcessingTime => self.poll(output),
        }
    }

    fn poll(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if self.settings.domain == TimeDomain::EventTime || self.keys.timers.is_empty() {
            return Ok(());
        }
        let now = output.context().now();
        if self.fire(now, &[Due::Time(now)], output)? {
            self.arm(output);
        }
        Ok(())
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if self.settings.domain == TimeDomain::ProcessingTime {
            self.fire(Timestamp::MAX, &[Due::End], output)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let checkpoint = cx.checkpoint();
        self.keys.snapshot(cx);
        cx.keyed(self.pending.snapshot(checkpoint));
        self.watermark.snapshot(cx)?;
        let pattern = self.compiled.as_ref().map(|compiled| compiled.nfa.spec().to_string());
        cx.list(PATTERN, Redistribution::Broadcast, &pattern)
    }
}

impl<K, T, O, F> Operator<(K, T), O> for PatternOperator<K, T, O, F>
where
    K: Key,
    T: Record,
    O: 'static,
    F: PatternProcessFunction<K, T, O>,
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, O>) -> Result<()> {
        if self.settings.domain == TimeDomain::ProcessingTime {
            let now = output.context().now();
            batch.drain_while(|(key, record), _| {
                if self.may_matter(&record, now)? {
                    self.look_at(Place::of_hash(stable_hash(&key)), (now, key, record), output)?;
                }
                Ok::<_, Error>(output.goes_on())
            })?;
            self.arm(output);
            return Ok(());
        }
        let watermark = self.watermark.get();
        for ((key, record), time) in batch.drain_timed() {
            if time == Timestamp::MIN {
                return Err(no_timestamp());
            }
            if time <= watermark {
                late(record, time, self.settings.late.as_ref(), output)?;
            } else if self.may_matter(&record, time)? {
                self.pending.content_mut(stable_hash(&key))?.push((time, key, record));
            }
        }
        Ok(())
    }
}
