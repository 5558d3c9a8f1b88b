//! What the operators of interval joins and of temporal joins have in common: what is kept of each key, and when that is
//! looked at again.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, OperatorHooks, OperatorInfo, Output, SnapshotContext, TwoInputOperator,
};
use millstream_state::{Key, KeyTable, Place, Record, Timestamp};

use crate::current_watermark::CurrentWatermark;
use crate::due_keys::Kept;
use crate::process::TimeDomain;
use crate::timed_keys::TimedKeys;

/// How records of two streams are joined in event time.
pub(super) trait TimedJoin<K: Key, A, B, O>: Send + 'static {
    /// What is kept for a key.
    type Kept: Kept;
    /// The name of the state that holds it.
    const STATE: &'static str;

    /// Takes records of the left stream; event time has come to `now`.
    fn take_left(
        &mut self,
        batch: &mut Batch<(K, A)>,
        keys: &mut TimedKeys<K, Self::Kept>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()>;

    /// The same of the right stream.
    fn take_right(
        &mut self,
        batch: &mut Batch<(K, B)>,
        keys: &mut TimedKeys<K, Self::Kept>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()>;

    /// Does what is due for a key: emits, and forgets.
    fn settle(&mut self, kept: &mut Self::Kept, now: Timestamp, output: &mut Output<'_, O>) -> Result<()>;

    /// When something is due the next time.
    fn next_due(&self, kept: &Self::Kept) -> Option<Timestamp>;

    /// Whether the key can be forgotten when nothing is due any more.
    fn is_empty(kept: &Self::Kept) -> bool;
}

/// Runs a [`TimedJoin`].
pub(super) struct JoinOperator<K, A, B, O, J: TimedJoin<K, A, B, O>>
where
    K: Key,
{
    join: J,
    keys: TimedKeys<K, J::Kept>,
    watermark: CurrentWatermark,
    /// The watermark to be sent on when all that it makes due has been emitted.
    advancing_to: Option<Timestamp>,
    _types: PhantomData<fn(A, B) -> O>,
}

impl<K: Key, A, B, O, J: TimedJoin<K, A, B, O>> JoinOperator<K, A, B, O, J> {
    pub(super) fn new(join: J, info: &OperatorInfo) -> Self {
        Self {
            join,
            keys: TimedKeys::new(J::STATE, TimeDomain::EventTime, info),
            watermark: CurrentWatermark::default(),
            advancing_to: None,
            _types: PhantomData,
        }
    }

    fn on_timer(
        &mut self,
        (time, place, key): (Timestamp, Place, &K),
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let (hash, TimedKeys { state, timers, .. }) = (place.hash(), &mut self.keys);
        // What changes nothing must not mark the key group as changed.
        let is_there = |table: &KeyTable<K, _>| table.get(hash, key).is_some();
        let Some(mut entry) =
            state.content_mut_if(hash, is_there)?.and_then(|table| table.find_entry(place, key))
        else {
            return Ok(());
        };
        let of_key = entry.value_mut();
        if !of_key.timer_has_fired(time) {
            return Ok(());
        }
        self.join.settle(&mut of_key.kept, self.watermark.get(), output)?;
        let due = self.join.next_due(&of_key.kept);
        if due.is_none() && J::is_empty(&of_key.kept) {
            entry.remove();
            return Ok(());
        }
        of_key.set_timer(timers, hash, key, due)
    }

    /// Lets all due timers fire, then sends the watermark after what they have emitted.
    fn fire(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let Some(watermark) = self.advancing_to else { return Ok(()) };
        while let Some((time, place, key)) = self.keys.next_due(self.watermark.get()) {
            self.on_timer((time, place, &key), output)?;
            if !output.goes_on() {
                return self.keys.put_back();
            }
        }
        self.advancing_to = None;
        output.emit_watermark(watermark)
    }
}

impl<K, A, B, O, J> OperatorHooks<O> for JoinOperator<K, A, B, O, J>
where
    K: Key,
    A: 'static,
    B: 'static,
    O: 'static,
    J: TimedJoin<K, A, B, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.keys.restore(cx)?;
        self.watermark.restore(cx).map(drop)
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
        self.keys.snapshot(cx);
        self.watermark.snapshot(cx)
    }
}

impl<K, A, B, O, J> TwoInputOperator<(K, A), (K, B), O> for JoinOperator<K, A, B, O, J>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    J: TimedJoin<K, A, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<(K, A)>, output: &mut Output<'_, O>) -> Result<()> {
        self.join.take_left(batch, &mut self.keys, self.watermark.get(), output)
    }

    fn process_second(&mut self, batch: &mut Batch<(K, B)>, output: &mut Output<'_, O>) -> Result<()> {
        self.join.take_right(batch, &mut self.keys, self.watermark.get(), output)
    }
}
