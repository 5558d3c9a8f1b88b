//! The operator under interval joins.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Record, Timestamp, stable_hash};

use super::kind::{JoinFunction, JoinKind};
use super::no_timestamp;
use super::operator::{JoinOperator, TimedJoin};
use super::waiting::{BothSides, Waiting, between, insert, shifted};
use crate::late::late;
use crate::timed_keys::{Timed, TimedKeys};

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
pub(super) struct IntervalRule<A, B, O, F> {
    settings: IntervalSettings<A, B>,
    join: F,
    _output: PhantomData<fn() -> O>,
}

/// What runs an interval join.
pub(super) fn interval_operator<K: Key, A: Record, B: Record, O: 'static, F: JoinFunction<A, B, O>>(
    settings: IntervalSettings<A, B>,
    join: F,
    info: &OperatorInfo,
) -> JoinOperator<K, A, B, O, IntervalRule<A, B, O, F>> {
    JoinOperator::new(IntervalRule { settings, join, _output: PhantomData }, info)
}

impl<A: Record, B: Record, O, F: JoinFunction<A, B, O>> IntervalRule<A, B, O, F> {
    /// When a left record cannot be joined with one that is still to come.
    fn left_is_over(&self, time: Timestamp) -> Timestamp {
        shifted(time, self.settings.interval.last)
    }

    /// When a right record cannot be joined with one that is still to come.
    fn right_is_over(&self, time: Timestamp) -> Timestamp {
        shifted(time, self.settings.interval.first.saturating_neg())
    }

    /// Joins a record with those of the other stream, and keeps it if it may be joined with later ones.
    fn take<K: Key>(
        &mut self,
        (key, record, time): (K, Either<A, B>, Timestamp),
        keys: &mut TimedKeys<K, BothSides<A, B>>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let hash = stable_hash(&key);
        let Interval { first, last } = self.settings.interval;
        let over = match &record {
            Either::Left(_) => self.left_is_over(time),
            Either::Right(_) => self.right_is_over(time),
        };
        let kind = self.settings.kind;
        let join = &mut self.join;
        let table = keys.state.content_mut(hash)?;
        let mut known = table.get_mut(hash, &key);
        let mut emit = |left: Option<&A>, right: Option<&B>, time: Timestamp| match join(left, right) {
            Some(joined) => output.emit(joined, time),
            None => Ok(()),
        };
        let mut has_partner = false;
        if let Some(of_key) = known.as_deref_mut() {
            match &record {
                Either::Left(left) => {
                    for right in between(&mut of_key.kept.right, shifted(time, first), shifted(time, last)) {
                        (has_partner, right.has_partner) = (true, true);
                        emit(Some(left), Some(&right.record), time.max(right.time))?;
                    }
                }
                Either::Right(right) => {
                    let (from, to) =
                        (shifted(time, last.saturating_neg()), shifted(time, first.saturating_neg()));
                    for left in between(&mut of_key.kept.left, from, to) {
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
            table.insert_new(hash, key.clone(), Timed::new(BothSides::default()));
            known = table.get_mut(hash, &key);
        }
        let Some(of_key) = known else { return Ok(()) };
        match record {
            Either::Left(record) => insert(&mut of_key.kept.left, Waiting { time, record, has_partner }),
            Either::Right(record) => insert(&mut of_key.kept.right, Waiting { time, record, has_partner }),
        }
        of_key.set_timer(&mut keys.timers, hash, &key, Some(over))
    }
}

/// A record of either stream.
enum Either<A, B> {
    Left(A),
    Right(B),
}

impl<K, A, B, O, F> TimedJoin<K, A, B, O> for IntervalRule<A, B, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    type Kept = BothSides<A, B>;
    const STATE: &'static str = "waiting";

    fn take_left(
        &mut self,
        batch: &mut Batch<(K, A)>,
        keys: &mut TimedKeys<K, BothSides<A, B>>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        batch.drain_while(|(key, record), time| {
            if time > now {
                self.take((key, Either::Left(record), time), keys, now, output)?;
            } else if time == Timestamp::MIN {
                return Err(no_timestamp("an interval join"));
            } else {
                late(record, time, self.settings.late_left.as_ref(), output)?;
            }
            Ok(output.goes_on())
        })
    }

    fn take_right(
        &mut self,
        batch: &mut Batch<(K, B)>,
        keys: &mut TimedKeys<K, BothSides<A, B>>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        batch.drain_while(|(key, record), time| {
            if time > now {
                self.take((key, Either::Right(record), time), keys, now, output)?;
            } else if time == Timestamp::MIN {
                return Err(no_timestamp("an interval join"));
            } else {
                late(record, time, self.settings.late_right.as_ref(), output)?;
            }
            Ok(output.goes_on())
        })
    }

    /// Forgets the records that are over; emits those of an outer join that have no partner.
    fn settle(
        &mut self,
        kept: &mut BothSides<A, B>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let kind = self.settings.kind;
        let over = kept.left.partition_point(|left| self.left_is_over(left.time) <= now);
        for left in kept.left.drain(..over).filter(|left| kind.left_outer && !left.has_partner) {
            let time = left.time.max(self.left_is_over(left.time));
            if let Some(joined) = (self.join)(Some(&left.record), None) {
                output.emit(joined, time)?;
            }
        }
        let over = kept.right.partition_point(|right| self.right_is_over(right.time) <= now);
        for right in kept.right.drain(..over).filter(|right| kind.right_outer && !right.has_partner) {
            let time = right.time.max(self.right_is_over(right.time));
            if let Some(joined) = (self.join)(None, Some(&right.record)) {
                output.emit(joined, time)?;
            }
        }
        Ok(())
    }

    fn next_due(&self, kept: &BothSides<A, B>) -> Option<Timestamp> {
        let left = kept.left.front().map(|left| self.left_is_over(left.time));
        let right = kept.right.front().map(|right| self.right_is_over(right.time));
        left.into_iter().chain(right).min()
    }

    fn is_empty(kept: &BothSides<A, B>) -> bool {
        kept.left.is_empty() && kept.right.is_empty()
    }
}
