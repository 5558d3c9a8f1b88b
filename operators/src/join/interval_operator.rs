//! The operator under interval joins.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Place, Record, Timestamp};

use super::kind::{JoinFunction, JoinKind};
use super::no_timestamp;
use super::operator::{JoinOperator, TimedJoin};
use super::waiting::{BothSides, Waiting, shifted};
use crate::late::late;
use crate::timed_keys::{Timed, TimedKeys};

/// How much later than a left record a right one may be, in milliseconds: both bounds are included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Interval {
    /// When a left record cannot be joined with one that is still to come.
    fn left_is_over(self, time: Timestamp) -> Timestamp {
        shifted(time, self.last)
    }

    /// When a right record cannot be joined with one that is still to come.
    fn right_is_over(self, time: Timestamp) -> Timestamp {
        shifted(time, self.first.saturating_neg())
    }
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
    /// Timers are set to points in time whose bits here are 0: see [`slack`].
    slack: i64,
    join: F,
    _output: PhantomData<fn() -> O>,
}

/// What runs an interval join.
pub(super) fn interval_operator<K: Key, A: Record, B: Record, O: 'static, F: JoinFunction<A, B, O>>(
    settings: IntervalSettings<A, B>,
    join: F,
    info: &OperatorInfo,
) -> JoinOperator<K, A, B, O, IntervalRule<A, B, O, F>> {
    let slack = slack(settings.interval, settings.kind);
    JoinOperator::new(IntervalRule { settings, slack, join, _output: PhantomData }, info)
}

/// How much later than it could a record without a partner may be forgotten where nobody notices, as a mask: up to a sixteenth of
/// the time for which it is kept. Then the timers of many keys are due at the same time, and are fewer.
const fn slack(interval: Interval, kind: JoinKind) -> i64 {
    let sixteenth = interval.last.saturating_sub(interval.first) / 16;
    if kind.left_outer || kind.right_outer || sixteenth < 2 {
        return 0;
    }
    (1 << sixteenth.ilog2()) - 1
}

impl<A: Record, B: Record, O, F: JoinFunction<A, B, O>> IntervalRule<A, B, O, F> {
    /// When a key is looked at of which a record is over at some time.
    fn looked_at(&self, over: Timestamp) -> Timestamp {
        match over.as_millis().checked_add(self.slack) {
            Some(late) => Timestamp::from_millis(late & !self.slack),
            None => over,
        }
    }

    /// Joins a record with those of the other stream, and keeps it if it may be joined with later ones.
    fn take<K: Key>(
        &mut self,
        (place, key): (Place, K),
        (record, time): (Either<A, B>, Timestamp),
        keys: &mut TimedKeys<K, BothSides<A, B>>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let hash = place.hash();
        let interval = self.settings.interval;
        let Interval { first, last } = interval;
        let over = match &record {
            Either::Left(_) => interval.left_is_over(time),
            Either::Right(_) => interval.right_is_over(time),
        };
        let kind = self.settings.kind;
        let join = &mut self.join;
        let table = keys.state.content_mut(hash)?;
        let mut known = table.get_mut_at(place, &key);
        let mut emit = |left: Option<&A>, right: Option<&B>, time: Timestamp| match join(left, right) {
            Some(joined) => output.emit(joined, time),
            None => Ok(()),
        };
        let mut has_partner = false;
        if let Some(of_key) = known.as_deref_mut() {
            match &record {
                Either::Left(left) => {
                    for right in of_key.kept.right.between(shifted(time, first), shifted(time, last)) {
                        (has_partner, right.has_partner) = (true, true);
                        emit(Some(left), Some(&right.record), time.max(right.time))?;
                    }
                }
                Either::Right(right) => {
                    let (from, to) =
                        (shifted(time, last.saturating_neg()), shifted(time, first.saturating_neg()));
                    for left in of_key.kept.left.between(from, to) {
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
        let of_key = match known {
            Some(of_key) => of_key,
            None => table.insert_new(hash, key.clone(), Timed::new(BothSides::default())),
        };
        match record {
            Either::Left(record) => of_key.kept.left.insert(Waiting { time, record, has_partner }),
            Either::Right(record) => of_key.kept.right.insert(Waiting { time, record, has_partner }),
        }
        let looked_at = self.looked_at(over);
        of_key.set_timer(&mut keys.timers, hash, &key, Some(looked_at))
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
        keys.drain_while(batch, |keys, (place, key), record, time| {
            if time > now {
                self.take((place, key), (Either::Left(record), time), keys, now, output)?;
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
        keys.drain_while(batch, |keys, (place, key), record, time| {
            if time > now {
                self.take((place, key), (Either::Right(record), time), keys, now, output)?;
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
        let interval = self.settings.interval;
        let over = kept.left.take_while(|left| interval.left_is_over(left.time) <= now);
        for left in over.filter(|left| kind.left_outer && !left.has_partner) {
            let time = left.time.max(interval.left_is_over(left.time));
            if let Some(joined) = (self.join)(Some(&left.record), None) {
                output.emit(joined, time)?;
            }
        }
        let over = kept.right.take_while(|right| interval.right_is_over(right.time) <= now);
        for right in over.filter(|right| kind.right_outer && !right.has_partner) {
            let time = right.time.max(interval.right_is_over(right.time));
            if let Some(joined) = (self.join)(None, Some(&right.record)) {
                output.emit(joined, time)?;
            }
        }
        Ok(())
    }

    fn next_due(&self, kept: &BothSides<A, B>) -> Option<Timestamp> {
        let interval = self.settings.interval;
        let left = kept.left.front().map(|left| interval.left_is_over(left.time));
        let right = kept.right.front().map(|right| interval.right_is_over(right.time));
        left.into_iter().chain(right).min().map(|over| self.looked_at(over))
    }

    fn is_empty(kept: &BothSides<A, B>) -> bool {
        kept.left.is_empty() && kept.right.is_empty()
    }
}
