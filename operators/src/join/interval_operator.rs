//! The operator under interval joins.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, OperatorHooks, OperatorInfo, Output, SnapshotContext, TwoInputOperator,
};
use millstream_runtime::graph::OutputTag;
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, TimerQueue, Timestamp, stable_hash};

use super::kind::{JoinFunction, JoinKind};
use super::no_timestamp;
use super::waiting::{OfKey, Side, Waiting, between, insert, shifted};
use crate::current_watermark::CurrentWatermark;

/// The name of the state that holds the records that may still be joined.
const WAITING: &str = "waiting";

/// How much later than a left record a right one may be, in milliseconds: both bounds are included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// How two streams are joined.
pub(super) struct IntervalSettings<A, B> {
    pub(super) interval: Interval,
    pub(super) kind: JoinKind,
    pub(super) late_left: Option<OutputTag<A>>,
    pub(super) late_right: Option<OutputTag<B>>,
}

impl<A, B> Clone for IntervalSettings<A, B> {
    fn clone(&self) -> Self {
        let (late_left, late_right) = (self.late_left.clone(), self.late_right.clone());
        Self { interval: self.interval, kind: self.kind, late_left, late_right }
    }
}

/// Joins records whose times lie within bounds of each other.
///
/// A record is looked up among those of the other stream when it comes, and is then kept until the watermark has passed
/// all that it could be joined with. One timer a key is enough: that of the record that is over first.
pub(super) struct IntervalOperator<K, A, B, O, F> {
    settings: IntervalSettings<A, B>,
    join: F,
    state: KeyedTable<K, OfKey<A, B>>,
    timers: TimerQueue<K>,
    watermark: CurrentWatermark,
    /// The watermark to be sent on when all that it makes due has been emitted.
    advancing_to: Option<Timestamp>,
    _output: PhantomData<fn() -> O>,
}

impl<K: Key, A: Record, B: Record, O, F: JoinFunction<A, B, O>> IntervalOperator<K, A, B, O, F> {
    pub(super) fn new(settings: IntervalSettings<A, B>, join: F, info: &OperatorInfo) -> Self {
        let (groups, range) = (info.groups, info.range());
        let meta = StateMeta {
            name: WAITING.to_owned(),
            kind: StateKind::Value,
            key: Shape::of::<K>(),
            value: Shape::of::<OfKey<A, B>>(),
        };
        Self {
            settings,
            join,
            state: KeyedTable::new(meta, groups, range),
            timers: TimerQueue::new(TimerQueue::<K>::EVENT_TIME, groups, range),
            watermark: CurrentWatermark::default(),
            advancing_to: None,
            _output: PhantomData,
        }
    }

    /// When a left record cannot be joined with one that is still to come.
    fn left_is_over(&self, time: Timestamp) -> Timestamp {
        shifted(time, self.settings.interval.last)
    }

    /// When a right record cannot be joined with one that is still to come.
    fn right_is_over(&self, time: Timestamp) -> Timestamp {
        shifted(time, self.settings.interval.first.saturating_neg())
    }

    /// Joins a record with those of the other stream, and keeps it if it may be joined with later ones.
    fn take(
        &mut self,
        key: K,
        record: Either<A, B>,
        time: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let hash = stable_hash(&key);
        let now = self.watermark.get();
        let Interval { first, last } = self.settings.interval;
        let over = match &record {
            Either::Left(_) => self.left_is_over(time),
            Either::Right(_) => self.right_is_over(time),
        };
        let kind = self.settings.kind;
        let join = &mut self.join;
        let table = self.state.content_mut(hash)?;
        let mut known = table.get_mut(hash, &key);
        let mut emit = |left: Option<&A>, right: Option<&B>, time: Timestamp| match join(left, right) {
            Some(joined) => output.emit(joined, time),
            None => Ok(()),
        };
        let mut has_partner = false;
        if let Some(of_key) = known.as_deref_mut() {
            match &record {
                Either::Left(left) => {
                    for right in between(&mut of_key.right, shifted(time, first), shifted(time, last)) {
                        (has_partner, right.has_partner) = (true, true);
                        emit(Some(left), Some(&right.record), time.max(right.time))?;
                    }
                }
                Either::Right(right) => {
                    let (from, to) =
                        (shifted(time, last.saturating_neg()), shifted(time, first.saturating_neg()));
                    for left in between(&mut of_key.left, from, to) {
                        (has_partner, left.has_partner) = (true, true);
                        emit(Some(&left.record), Some(right), time.max(left.time))?;
                    }
                }
            }
        }
        if over <= now {
            return match record {
                Either::Left(left) if kind.left_outer && !has_partner => emit(Some(&left), None, time),
                Either::Right(right) if kind.right_outer && !has_partner => emit(None, Some(&right), time),
                _ => Ok(()),
            };
        }
        if known.is_none() {
            table.insert_new(hash, key.clone(), OfKey { left: Side::new(), right: Side::new(), timer: None });
            known = table.get_mut(hash, &key);
        }
        let Some(of_key) = known else { return Ok(()) };
        match record {
            Either::Left(record) => insert(&mut of_key.left, Waiting { time, record, has_partner }),
            Either::Right(record) => insert(&mut of_key.right, Waiting { time, record, has_partner }),
        }
        if of_key.timer.is_none_or(|timer| over < timer) {
            of_key.timer = Some(over);
            self.timers.register(hash, &key, over)?;
        }
        Ok(())
    }

    /// Forgets the records of a key that are over; emits those of an outer join that have no partner.
    fn on_timer(&mut self, key: &K, output: &mut Output<'_, O>) -> Result<()> {
        let (hash, now) = (stable_hash(key), self.watermark.get());
        if self.state.get(hash, key).is_none() {
            return Ok(());
        }
        let Interval { first, last } = self.settings.interval;
        let kind = self.settings.kind;
        let table = self.state.content_mut(hash)?;
        let Some(of_key) = table.get_mut(hash, key) else { return Ok(()) };
        let over = of_key.left.partition_point(|left| shifted(left.time, last) <= now);
        for left in of_key.left.drain(..over).filter(|left| kind.left_outer && !left.has_partner) {
            let time = left.time.max(shifted(left.time, last));
            if let Some(joined) = (self.join)(Some(&left.record), None) {
                output.emit(joined, time)?;
            }
        }
        let over = of_key.right.partition_point(|right| shifted(right.time, first.saturating_neg()) <= now);
        for right in of_key.right.drain(..over).filter(|right| kind.right_outer && !right.has_partner) {
            let time = right.time.max(shifted(right.time, first.saturating_neg()));
            if let Some(joined) = (self.join)(None, Some(&right.record)) {
                output.emit(joined, time)?;
            }
        }
        let next_left = of_key.left.front().map(|left| shifted(left.time, last));
        let next_right = of_key.right.front().map(|right| shifted(right.time, first.saturating_neg()));
        of_key.timer = next_left.into_iter().chain(next_right).min();
        match of_key.timer {
            Some(next) => drop(self.timers.register(hash, key, next)?),
            None => drop(table.remove(hash, key)),
        }
        Ok(())
    }

    /// Lets all due timers fire, then sends the watermark after what they have emitted.
    fn fire(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        while let Some((_, key)) = self.timers.pop(self.watermark.get()) {
            self.on_timer(&key, output)?;
            if output.should_yield() {
                output.suspend();
                return Ok(());
            }
        }
        self.advancing_to = None;
        output.emit_watermark(watermark)
    }
}

/// A record of either stream.
enum Either<A, B> {
    Left(A),
    Right(B),
}

impl<K, A, B, O, F> OperatorHooks<O> for IntervalOperator<K, A, B, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, OfKey<A, B>>()?;
        if let Some(stored) = cx.take_keyed(WAITING) {
            self.state.restore_all(stored)?;
        }
        self.timers.check()?;
        let timers = cx.take_keyed(TimerQueue::<K>::EVENT_TIME.0);
        if let Some(stored) = timers.filter(|_| !cx.drops_timers()) {
            self.timers.restore_all(stored)?;
        }
        self.watermark.restore(cx)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.watermark.advance(watermark);
        self.advancing_to = Some(watermark);
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.fire(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let checkpoint = cx.checkpoint();
        cx.keyed(self.state.snapshot(checkpoint));
        cx.keyed(self.timers.snapshot(checkpoint));
        self.watermark.snapshot(cx)
    }
}

impl<K, A, B, O, F> TwoInputOperator<(K, A), (K, B), O> for IntervalOperator<K, A, B, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, A)>, output: &mut Output<'_, O>) -> Result<()> {
        batch.drain_while(|(key, record), time| {
            if time > self.watermark.get() {
                self.take(key, Either::Left(record), time, output)?;
            } else if time == Timestamp::MIN {
                return Err(no_timestamp("an interval join"));
            } else {
                late(record, time, self.settings.late_left.as_ref(), output)?;
            }
            Ok(goes_on(output))
        })
    }

    fn process_second(&mut self, batch: &mut Batch<(K, B)>, output: &mut Output<'_, O>) -> Result<()> {
        batch.drain_while(|(key, record), time| {
            if time > self.watermark.get() {
                self.take(key, Either::Right(record), time, output)?;
            } else if time == Timestamp::MIN {
                return Err(no_timestamp("an interval join"));
            } else {
                late(record, time, self.settings.late_right.as_ref(), output)?;
            }
            Ok(goes_on(output))
        })
    }
}

/// Whether there is room for more; if not, the work is suspended.
pub(super) const fn goes_on<O>(output: &mut Output<'_, O>) -> bool {
    let should_yield = output.should_yield();
    if should_yield {
        output.suspend();
    }
    !should_yield
}

/// What becomes of a record that the watermark has passed.
#[cold]
pub(super) fn late<T: Record, O>(
    record: T,
    time: Timestamp,
    tag: Option<&OutputTag<T>>,
    output: &mut Output<'_, O>,
) -> Result<()> {
    match tag {
        Some(tag) => output.emit_side(tag, record, time),
        None => {
            output.counters().late_records.add(1);
            Ok(())
        }
    }
}
