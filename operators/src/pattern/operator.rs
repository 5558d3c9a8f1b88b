//! The operator that looks for a pattern.

use std::marker::PhantomData;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_runtime::graph::OutputTag;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{GroupedState, Key, Record, Timestamp, stable_hash};

use super::calls::Calls;
use super::function::PatternProcessFunction;
use super::lower::Compiled;
use super::nfa::Matches;
use super::pending::{PENDING, Pending, Waiting, pending_state};
use crate::current_watermark::CurrentWatermark;
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
    /// Empty in processing time.
    pending: GroupedState<Pending<K, T>>,
    /// What the watermark has made due, the last first.
    due: Vec<Waiting<K, T>>,
    watermark: CurrentWatermark,
    /// How far time had come before it came to where it is now.
    before: Timestamp,
    /// The watermark to be sent on when all that it makes due has been looked at.
    advancing_to: Option<Timestamp>,
    clock: TimeOfDay,
    _output: PhantomData<fn() -> O>,
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
            pending: pending_state(info),
            due: Vec::new(),
            watermark: CurrentWatermark::default(),
            before: Timestamp::MIN,
            advancing_to: None,
            clock: TimeOfDay::default(),
            _output: PhantomData,
        }
    }

    /// Looks at the next record of a key.
    fn look_at(&mut self, (time, key, record): Waiting<K, T>, output: &mut Output<'_, O>) -> Result<()> {
        let Self { compiled, function, keys, watermark, before, clock, settings, .. } = self;
        let Compiled { nfa, conditions } = compiled.as_mut().ok_or_else(not_compiled)?;
        let hash = stable_hash(&key);
        // Looked up first: what changes nothing must not mark the key group as changed.
        let is_known = keys.state.get(hash, &key).is_some();
        if !is_known && !nfa.may_begin(&record, time, conditions)? {
            return Ok(());
        }
        let table = keys.state.content_mut(hash)?;
        if !is_known {
            table.insert_new(hash, key.clone(), Timed::new(Matches::default()));
        }
        let Some(of_key) = table.get_mut(hash, &key) else { return Ok(()) };
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
            table.remove(hash, &key);
        } else {
            let due = of_key.kept.next_due();
            of_key.set_timer(&mut keys.timers, hash, &key, due)?;
        }
        Ok(())
    }

    /// A timer of a key is due.
    fn on_timer(&mut self, key: &K, due: Due, output: &mut Output<'_, O>) -> Result<()> {
        let Self { compiled, function, keys, watermark, before, clock, settings, .. } = self;
        let Compiled { nfa, .. } = compiled.as_mut().ok_or_else(not_compiled)?;
        let hash = stable_hash(key);
        if keys.state.get(hash, key).is_none() {
            return Ok(());
        }
        let table = keys.state.content_mut(hash)?;
        let Some(of_key) = table.get_mut(hash, key) else { return Ok(()) };
        of_key.timer_has_fired();
        let mut calls = Calls {
            function,
            key,
            watermark: watermark.get(),
            clock,
            earliest: earliest_after(*before),
            domain: settings.domain,
            output,
        };
        match due {
            Due::Time(now) => nfa.advance(&mut of_key.kept, now, &mut calls)?,
            Due::End => nfa.finish(&mut of_key.kept, &mut calls)?,
        }
        if of_key.kept.is_empty() {
            table.remove(hash, key);
        } else {
            let due = of_key.kept.next_due();
            of_key.set_timer(&mut keys.timers, hash, key, due)?;
        }
        Ok(())
    }

    /// Looks again at the keys with a timer up to `now`, until that is done (true) or the task should yield.
    fn fire(&mut self, now: Timestamp, whys: &[Due], output: &mut Output<'_, O>) -> Result<bool> {
        while let Some((_, key)) = self.keys.timers.pop(now) {
            for why in whys {
                self.on_timer(&key, *why, output)?;
            }
            if !output.goes_on() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Event time has come to where it is: looks at all records up to there, and then at the keys whose time is over.
    fn catch_up(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        while let Some(next) = self.due.pop() {
            self.look_at(next, output)?;
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
                self.look_at((now, key, record), output)?;
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
            if time > watermark {
                self.pending.content_mut(stable_hash(&key))?.push((time, key, record));
                continue;
            }
            late(record, time, self.settings.late.as_ref(), output)?;
        }
        Ok(())
    }
}
