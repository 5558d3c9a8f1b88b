//! The operator under temporal joins.

use std::collections::VecDeque;
use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, OperatorHooks, OperatorInfo, Output, SnapshotContext, TwoInputOperator,
};
use millstream_runtime::graph::OutputTag;
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, TimerQueue, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};

use super::interval_operator::{goes_on, late};
use super::kind::{JoinFunction, JoinKind};
use super::no_timestamp;
use crate::current_watermark::CurrentWatermark;

/// The name of the state that holds versions, and the records that wait for their time.
const VERSIONS: &str = "versions";

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
struct OfKey<A, B> {
    /// Sorted by time; of the same time, in the order in which they have come.
    waiting: VecDeque<(Timestamp, A)>,
    /// Sorted by time, one for each.
    versions: VecDeque<(Timestamp, B)>,
    /// The earliest of its timers.
    timer: Option<Timestamp>,
}

impl<A, B> OfKey<A, B> {
    /// When something happens: the first record is joined, or the first version is replaced by the second for good.
    fn next_due(&self) -> Option<Timestamp> {
        let joined = self.waiting.front().map(|(time, _)| *time);
        joined.into_iter().chain(self.versions.get(1).map(|(time, _)| *time)).min()
    }
}

/// Joins records with the version that was valid at their time.
pub(super) struct TemporalOperator<K, A, B, O, F> {
    kind: JoinKind,
    join: F,
    late: Option<OutputTag<A>>,
    state: KeyedTable<K, OfKey<A, B>>,
    timers: TimerQueue<K>,
    watermark: CurrentWatermark,
    /// The watermark to be sent on when all that it makes due has been emitted.
    advancing_to: Option<Timestamp>,
    _output: PhantomData<fn() -> O>,
}

impl<K: Key, A: Record, B: Record, O, F: JoinFunction<A, B, O>> TemporalOperator<K, A, B, O, F> {
    pub(super) fn new(kind: JoinKind, join: F, late: Option<OutputTag<A>>, info: &OperatorInfo) -> Self {
        let (groups, range) = (info.groups, info.range());
        let meta = StateMeta {
            name: VERSIONS.to_owned(),
            kind: StateKind::Value,
            key: Shape::of::<K>(),
            value: Shape::of::<OfKey<A, B>>(),
        };
        Self {
            kind,
            join,
            late,
            state: KeyedTable::new(meta, groups, range),
            timers: TimerQueue::new(TimerQueue::<K>::EVENT_TIME, groups, range),
            watermark: CurrentWatermark::default(),
            advancing_to: None,
            _output: PhantomData,
        }
    }

    /// Changes what is kept of a key, and has it looked at when something is due.
    fn change(&mut self, key: K, change: impl FnOnce(&mut OfKey<A, B>)) -> Result<()> {
        let hash = stable_hash(&key);
        let table = self.state.content_mut(hash)?;
        let nothing = |_: &K| OfKey { waiting: VecDeque::new(), versions: VecDeque::new(), timer: None };
        if table.get(hash, &key).is_none() {
            table.insert_new(hash, key.clone(), nothing(&key));
        }
        let Some(of_key) = table.get_mut(hash, &key) else { return Ok(()) };
        change(of_key);
        let due = of_key.next_due();
        if let Some(due) = due.filter(|due| of_key.timer.is_none_or(|timer| *due < timer)) {
            of_key.timer = Some(due);
            self.timers.register(hash, &key, due)?;
        }
        Ok(())
    }

    /// Joins the records of a key whose time has come, and forgets the versions that are over.
    fn on_timer(&mut self, key: &K, output: &mut Output<'_, O>) -> Result<()> {
        let (hash, now) = (stable_hash(key), self.watermark.get());
        if self.state.get(hash, key).is_none() {
            return Ok(());
        }
        let table = self.state.content_mut(hash)?;
        let Some(of_key) = table.get_mut(hash, key) else { return Ok(()) };
        let OfKey { waiting, versions, .. } = of_key;
        let due = waiting.partition_point(|(time, _)| *time <= now);
        for (time, record) in waiting.drain(..due) {
            let valid = versions.partition_point(|(since, _)| *since <= time);
            let version =
                valid.checked_sub(1).and_then(|last| versions.get(last)).map(|(_, version)| version);
            if version.is_none() && !self.kind.left_outer {
                continue;
            }
            if let Some(joined) = (self.join)(Some(&record), version) {
                output.emit(joined, time)?;
            }
        }
        let begun = versions.partition_point(|(since, _)| *since <= now);
        versions.drain(..begun.saturating_sub(1));
        of_key.timer = of_key.next_due();
        match of_key.timer {
            Some(next) => drop(self.timers.register(hash, key, next)?),
            None if of_key.versions.is_empty() => drop(table.remove(hash, key)),
            None => {}
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

impl<K, A, B, O, F> OperatorHooks<O> for TemporalOperator<K, A, B, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, OfKey<A, B>>()?;
        if let Some(stored) = cx.take_keyed(VERSIONS) {
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

impl<K, A, B, O, F> TwoInputOperator<(K, A), (K, B), O> for TemporalOperator<K, A, B, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, A)>, output: &mut Output<'_, O>) -> Result<()> {
        batch.drain_while(|(key, record), time| {
            if time == Timestamp::MIN {
                return Err(no_timestamp("a temporal join"));
            }
            if time <= self.watermark.get() {
                late(record, time, self.late.as_ref(), output)?;
                return Ok(goes_on(output));
            }
            self.change(key, |of_key| {
                let place = of_key.waiting.partition_point(|(other, _)| *other <= time);
                of_key.waiting.insert(place, (time, record));
            })?;
            Ok(true)
        })
    }

    fn process_second(&mut self, batch: &mut Batch<(K, B)>, _: &mut Output<'_, O>) -> Result<()> {
        for ((key, version), time) in batch.drain_timed() {
            if time == Timestamp::MIN {
                return Err(no_timestamp("a temporal join"));
            }
            self.change(key, |of_key| {
                let place = of_key.versions.partition_point(|(other, _)| *other < time);
                match of_key.versions.get_mut(place).filter(|(other, _)| *other == time) {
                    Some(same) => same.1 = version,
                    None => of_key.versions.insert(place, (time, version)),
                }
            })?;
        }
        Ok(())
    }
}
